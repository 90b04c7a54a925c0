// A run as a list of tests for CI: one for each claim and family.
#pragma once

#include <string>
#include <vector>

#include "report/run.h"

namespace twlab::report {

struct Test {
  enum class Outcome : uint8_t { passed, skipped, failed, broken };
  // passed: the claim was decided, either way. skipped: it could not be (absent, inconclusive).
  // broken: the lab ended in an error. failed: the verdict is another than the expected one,
  // whatever the two are.
  Outcome outcome = Outcome::passed;
  std::string name;    // "close.four-segments.inet"
  std::string lab;     // that judged it first
  std::string words;   // "refuted: three segments were enough"
  std::string detail;  // of what failed or is unclear: wanted and got, several lines; may be empty
  Duration took{};
};

// In the order of claim_rows(). `expected` may be null.
std::vector<Test> tests(const Run& run, const Run* expected);

}  // namespace twlab::report
