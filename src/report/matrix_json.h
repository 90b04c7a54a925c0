// A matrix as JSON: schema.md describes it.
#pragma once

#include <string>
#include <string_view>

#include "report/matrix.h"

namespace twlab::report {

// The results.json of a folder that has one for each kernel. It follows from theirs.
std::string results_json(const Matrix& matrix);

// Whether it is such a file; of any other text, no.
bool is_matrix_json(std::string_view text);

}  // namespace twlab::report
