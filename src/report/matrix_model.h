// What the templates of a matrix's report are filled with, the same for every format.
#pragma once

#include <functional>

#include "report/matrix.h"
#include "report/template.h"

namespace twlab::report {

// `ladder` draws a result's diagram in the format's way. Links lead to the reports of the columns.
// Anchors: the claims that change.
Value::Object model(const Matrix& matrix,
                    const std::function<std::string(const LabResult&)>& ladder);

}  // namespace twlab::report
