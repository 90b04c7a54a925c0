#include "report/expect.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/read.h"

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

Expected::Expected(const std::filesystem::path& path) {
  auto folders = kernel_folders(path);
  single_ = folders.empty();
  if (single_) runs_.push_back(read_results(results_file(path)));
  for (const auto& folder : folders) runs_.push_back(read_results(results_file(folder)));
}

const Run* Expected::find(const std::string& release) const {
  if (single_) return &runs_.front();
  const Run* found = nullptr;
  for (const Run& run : runs_) {
    if (run.kernel == release) return &run;
    if (version_of(run.kernel) == version_of(release)) found = &run;
  }
  return found;
}

}  // namespace twlab::report
