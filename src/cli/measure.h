// Runs labs under one or several kernels.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cli/guests.h"
#include "cli/options.h"
#include "lab/runner.h"
#include "report/run.h"

namespace twlab::cli {

// What --kernel calls the kernel that this program runs on.
inline constexpr const char* this_kernel = "this";

// One kernel's results, and the folder that they go into.
struct Column {
  std::optional<size_t> guest;  // of Guests; none: the running kernel
  report::Run run;
  std::filesystem::path out;
};

// The kernels that options.kernels names besides the running one; null when there is none. Throws
// as find_kernels and Guests do.
std::unique_ptr<Guests> make_guests(const Options& options);

// The guests in their order, then the running kernel if it is wanted: it alone, when no kernel was
// named, and then its folder is options.out; otherwise each has a folder of its own in that.
std::vector<Column> make_columns(const Options& options, const Guests* guests);

// The runs of labs that the options want of this machine, under all columns; columns that nothing
// is left to do for are taken away.
std::vector<Task> make_tasks(const Options& options, std::vector<Column>& columns);

// Runs the tasks, those under the running kernel first. Their results are then in the columns, and
// their evidence in the folders.
void measure(const Options& options, std::span<const Task> tasks, std::vector<Column>& columns,
             Guests* guests);

}  // namespace twlab::cli
