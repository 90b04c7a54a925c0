// What is said of a run when it has ended.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/run.h"

namespace twlab::cli {

// The terminal's escape sequence that begins it.
std::string_view colour_of(Verdict verdict);

// Claims by families, each verdict with its sign and its word, at most 80 columns; then the reasons
// of those that are not decided, and how many there are of each.
std::string show_table(const report::Run& run, bool colour);

// One line for each claim and family whose verdict was not the same in every repetition.
std::vector<std::string> changes_between_repetitions(const report::Run& run);

// What the run ends with (Exit); `unexpected`: some verdict is another than it should be.
int exit_code(const report::Run& run, bool unexpected);

}  // namespace twlab::cli
