// The report as Markdown (GitHub's dialect): a table of results, then each lab with its ladder.
#pragma once

#include <string>

#include "report/run.h"

namespace twlab::report {

std::string markdown(const Run& run);

}  // namespace twlab::report
