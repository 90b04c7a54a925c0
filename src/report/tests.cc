#include "report/tests.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/expect.h"

namespace twlab::report {
namespace {

// The checks that did not hold, of the sections that the claim rests on.
std::string detail(const LabResult& result, const std::string& claim) {
  auto verdict = std::find_if(result.verdicts.begin(), result.verdicts.end(),
                              [&](const ClaimVerdict& v) { return v.claim == claim; });
  std::string text;
  if (!result.error.empty()) text += result.error + "\n";
  if (verdict == result.verdicts.end()) return text;
  for (const auto& section : result.sections) {
    bool named = section.title == verdict->control ||
                 std::find(verdict->sections.begin(), verdict->sections.end(), section.title) !=
                     verdict->sections.end();
    if (!named) continue;
    for (const auto& check : section.checks) {
      if (check.outcome == Outcome::holds) continue;
      text += fmt::format("{}: {} {}\n  wanted: {}\n  got: {}\n", section.title, check.what,
                          name(check.outcome), check.wanted, check.got);
      if (!check.details.empty()) text += check.details + "\n";
    }
  }
  return text;
}

Test::Outcome outcome(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
    case Verdict::refuted:
      return Test::Outcome::passed;
    case Verdict::absent:
    case Verdict::inconclusive:
      return Test::Outcome::skipped;
    case Verdict::error:
      break;
  }
  return Test::Outcome::broken;
}

}  // namespace

std::vector<Test> tests(const Run& run, const Run* expected) {
  auto differences = expected ? compare(run, *expected) : std::vector<ClaimVerdictDifference>();
  std::vector<Test> all;
  for (const auto& row : claim_rows(run)) {
    for (const auto& cell : row.families) {
      const LabResult& first = run.results[cell.results.front()];
      Test& test = all.emplace_back();
      test.outcome = outcome(cell.verdict);
      test.name = fmt::format("{}.{}", row.claim, twlab::name(cell.family));
      test.lab = first.lab;
      test.words = fmt::format("{}: {}", twlab::name(cell.verdict), cell.reason);
      for (size_t i : cell.results) test.took += run.results[i].took;
      for (const auto& difference : differences) {
        if (difference.claim != row.claim || difference.family != cell.family) continue;
        // A broken harness stays one.
        if (test.outcome != Test::Outcome::broken) test.outcome = Test::Outcome::failed;
        test.words =
            fmt::format("expected {}, got {}", twlab::name(difference.expected), test.words);
      }
      for (size_t i : cell.results) test.detail += detail(run.results[i], row.claim);
    }
  }
  return all;
}

}  // namespace twlab::report
