// Output folders of shards, or of different kernels, joined into one: `twlab merge`.
#pragma once

#include <filesystem>
#include <vector>

namespace twlab::report {

// Each part is an output folder, of one kernel or of several. What is of one kernel becomes one
// run; `out` then has a folder for each kernel, or is itself that of the run when no part has
// anything but the same kernel's results directly in it. Evidence is copied as it is; the reports
// are written anew.
//
// `out` must not exist, or be empty; it appears whole or not at all. Throws std::runtime_error, one
// line that says what and where, when parts of one kernel do not fit together (another program,
// seed or emulator), when two have a lab in common with different evidence, or when of the shards
// of a run one is missing, unless that is allowed (`partial`); otherwise as read.h and write.h say.
void merge(const std::vector<std::filesystem::path>& parts, const std::filesystem::path& out,
           bool partial = false);

}  // namespace twlab::report
