#include "report/expect.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

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
  constexpr const char* file = "results.json";
  single_ = !std::filesystem::is_directory(path);
  if (single_) {
    runs_.push_back(read_results(path));
    return;
  }
  if (std::filesystem::exists(path / file)) {
    single_ = true;
    runs_.push_back(read_results(path / file));
    return;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& folder : std::filesystem::directory_iterator(path))
    if (auto results = folder.path() / file; std::filesystem::exists(results))
      files.push_back(results);
  std::ranges::sort(files);
  for (const auto& results : files) runs_.push_back(read_results(results));
  if (runs_.empty()) throw std::runtime_error(path.string() + ": no results.json in it");
}

const Run* Expected::find(const std::string& release) const {
  if (single_) return &runs_.front();
  auto version = [](const std::string& text) {
    return text.substr(0, text.find_first_not_of("0123456789", text.find('.') + 1));
  };
  const Run* found = nullptr;
  for (const Run& run : runs_) {
    if (run.kernel == release) return &run;
    if (version(run.kernel) == version(release)) found = &run;
  }
  return found;
}

}  // namespace twlab::report
