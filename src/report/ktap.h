// A run as KTAP version 1 (Documentation/dev-tools/ktap.rst), which readers of TAP understand too.
#pragma once

#include <string>

#include "report/run.h"

namespace twlab::report {

// One test for each claim and family; a refuted claim is ok, one that could not be decided is
// skipped with its reason, an error is not ok, and neither is a verdict other than the expected
// one. `expected` may be null.
std::string ktap(const Run& run, const Run* expected = nullptr);

}  // namespace twlab::report
