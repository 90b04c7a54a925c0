// A run as JUnit XML, as CI servers read it: one suite, a case for each claim and family.
#pragma once

#include <string>

#include "report/run.h"

namespace twlab::report {

// What is ok, skipped and not ok is as in ktap(): an error is an <error>, a verdict other than the
// expected one a <failure>. `expected` may be null.
std::string junit(const Run& run, const Run* expected = nullptr);

}  // namespace twlab::report
