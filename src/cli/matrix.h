// What is said of several kernels beside each other.
#pragma once

#include <filesystem>
#include <string>

#include "report/matrix.h"

namespace twlab::cli {

// Claims by kernels, at most 80 columns, those first that change between versions; one sign for
// both families where they agree; then how many there are of each verdict. Kernels that do not fit
// beside the others get a table of their own below.
std::string show_table(const report::Matrix& matrix, bool colour);

// Prints the table of an output folder, of one kernel or of several, and where the report is.
void print_results(const std::filesystem::path& out);

}  // namespace twlab::cli
