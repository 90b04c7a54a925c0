// The report as Markdown (GitHub's dialect): a table of results, then each lab with its ladder.
#pragma once

#include <string>

#include "report/matrix.h"
#include "report/run.h"

namespace twlab::report {

std::string markdown(const Run& run);
std::string markdown(const Matrix& matrix);

}  // namespace twlab::report
