// Verdicts of one run against those of another, for `--expect results.json`.
#pragma once

#include <string>
#include <vector>

#include "report/run.h"

namespace twlab::report {

struct ClaimVerdictDifference {
  std::string claim;
  Family family = Family::inet;
  Verdict expected = Verdict::inconclusive;
  Verdict got = Verdict::inconclusive;
};

// Only tests (claim and family) that both runs have are compared: a run may be a selection, and an
// older file does not know newer claims. A lab that ran and broke is no gap in this sense: its
// claims count as `error` and differ from whatever else was expected. Reasons are not compared.
std::vector<ClaimVerdictDifference> compare(const Run& got, const Run& expected);

std::string show(const ClaimVerdictDifference& difference);

}  // namespace twlab::report
