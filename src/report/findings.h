// The two parts of the model that set the documents against each other and against the kernel:
// "disagreements", and what is wrong in them ("wrong", "boxes", "questions").
#pragma once

#include <vector>

#include "report/run.h"
#include "report/template.h"

namespace twlab::report {

// `rows` are claim_rows(run). Topics are left out of which the run judged no claim; of the others a
// claim that was not judged stands there without a verdict.
Value::Object findings(const Run& run, const std::vector<ClaimRow>& rows);

// Values that other parts of the model have too.
Value::Object verdict_fields(Verdict verdict);
Value::List source_fields(const std::vector<SourceText>& sources);

}  // namespace twlab::report
