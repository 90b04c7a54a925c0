#include "report/expect.h"

#include <fmt/format.h>

#include <algorithm>

namespace twlab::report {

std::vector<ClaimVerdictDifference> compare(const Run& got, const Run& expected) {
  auto wanted = claim_rows(expected);
  std::vector<ClaimVerdictDifference> differences;
  for (const auto& row : claim_rows(got)) {
    auto other = std::find_if(wanted.begin(), wanted.end(),
                              [&](const ClaimRow& w) { return w.claim == row.claim; });
    if (other == wanted.end()) continue;
    for (const auto& cell : row.families) {
      const FamilyVerdict* want = other->find(cell.family);
      if (want && want->verdict != cell.verdict)
        differences.push_back({row.claim, cell.family, want->verdict, cell.verdict});
    }
  }
  return differences;
}

std::string show(const ClaimVerdictDifference& d) {
  return fmt::format("{} ({}): expected {}, got {}", d.claim, twlab::name(d.family),
                     twlab::name(d.expected), twlab::name(d.got));
}

}  // namespace twlab::report
