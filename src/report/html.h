// The report as one HTML file that needs nothing else: no network, no other file.
#pragma once

#include <string>

#include "report/matrix.h"
#include "report/run.h"

namespace twlab::report {

// Links to captures and recordings are relative to the output folder, where the report has to be.
std::string html(const Run& run);
// Links to the columns' own reports are relative, too.
std::string html(const Matrix& matrix);

}  // namespace twlab::report
