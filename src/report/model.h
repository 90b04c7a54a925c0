// What the report's templates are filled with, the same for every format.
#pragma once

#include <functional>
#include <string>

#include "report/run.h"
#include "report/template.h"

namespace twlab::report {

// `ladder` draws a result's diagram in the format's way. The templates show which fields there are.
// Anchors: a lab's name, a claim's id (where no lab has that name), and "lab/family" of a result.
Value::Object model(const Run& run, const std::function<std::string(const LabResult&)>& ladder);

// One result, without its diagram; `repetition` is that of repetitions().
Value::Object result_model(const Run& run, size_t result, int repetition);

}  // namespace twlab::report
