// Verdicts of one run against those of another, for `--expect results.json`.
#pragma once

#include <filesystem>
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

// What `--expect` names: a results.json, a folder with one, or a folder with a folder for each
// kernel. Throws as read.h says.
class Expected {
 public:
  explicit Expected(const std::filesystem::path& path);
  // The run of this kernel, or else of the last one of its version ("6.1" of "6.1.0-37-amd64").
  // A results.json is for whatever kernel. Null when there is none.
  const Run* find(const std::string& release) const;

 private:
  bool single_ = false;
  std::vector<Run> runs_;
};

}  // namespace twlab::report
