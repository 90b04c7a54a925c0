#include "cli/verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "cli/cli.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

constexpr size_t columns = 80;
constexpr size_t verdict_width = 15;  // "? inconclusive" and a space

std::string cell(const report::FamilyVerdict* verdict, bool colour) {
  if (!verdict) return std::string(verdict_width, ' ');
  auto text = fmt::format("{} {}", report::symbol(verdict->verdict), name(verdict->verdict));
  std::string padding(verdict_width - std::min(verdict_width, report::width(text)), ' ');
  if (colour) text = fmt::format("{}{}\x1b[0m", colour_of(verdict->verdict), text);
  return text + padding;
}

void strip_end(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
}

// The same reason for both families is said once.
std::string undecided(const std::vector<report::ClaimRow>& rows) {
  std::string text;
  for (const report::ClaimRow& row : rows) {
    std::string said;
    for (const report::FamilyVerdict& family : row.families) {
      if (family.verdict == Verdict::confirmed || family.verdict == Verdict::refuted) continue;
      if (std::exchange(said, family.reason) == family.reason) continue;
      auto line = fmt::format("{} {} {}: {}", row.claim, name(family.family), name(family.verdict),
                              report::one_line(family.reason));
      text += report::wrap(line, columns, "\n  ") + "\n";
    }
  }
  return text.empty() ? text : "\n" + text;
}

}  // namespace

std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
      return "\x1b[32m";
    case Verdict::refuted:
      return "\x1b[35m";  // not red: a refuted document is no failure
    case Verdict::error:
      return "\x1b[1;31m";
    default:
      return "\x1b[33m";
  }
}

std::string show_table(const report::Run& run, bool colour) {
  auto rows = report::claim_rows(run);
  std::set<Family> families;
  size_t width = 5;
  for (const report::ClaimRow& row : rows) {
    width = std::max(width, row.claim.size());
    for (const auto& verdict : row.families) families.insert(verdict.family);
  }
  width = std::min(width, columns - 2 - families.size() * verdict_width);

  std::string text;
  auto add_line = [&](std::string_view first, auto&& cell_for) {
    std::string line = fmt::format("{:<{}}  ", report::shorten(first, width), width);
    for (Family family : families) line += cell_for(family);
    strip_end(line);
    text += line + "\n";
  };
  add_line("claim",
           [](Family family) { return fmt::format("{:<{}}", name(family), verdict_width); });
  for (const report::ClaimRow& row : rows)
    add_line(row.claim, [&](Family family) { return cell(row.find(family), colour); });

  text += undecided(rows) + "\n";
  std::string counts;
  for (auto [verdict, count] : report::count(rows))
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, name(verdict));
  return text + (counts.empty() ? "nothing was judged" : counts) + "\n";
}

std::vector<std::string> changes_between_repetitions(const report::Run& run) {
  std::map<std::pair<std::string, Family>, std::map<Verdict, std::vector<size_t>>> seen;
  std::vector<int> repetition = report::repetitions(run);
  for (size_t i = 0; i < run.results.size(); ++i)
    for (const ClaimVerdict& verdict : run.results[i].verdicts)
      seen[{verdict.claim, run.results[i].family}][verdict.verdict].push_back(
          static_cast<size_t>(repetition[i]));

  std::vector<std::string> changes;
  for (auto& [test, verdicts] : seen) {
    if (verdicts.size() < 2) continue;
    std::string said;
    for (auto& [verdict, when] : verdicts)
      said += fmt::format("{}{} {} times (first in run {})", said.empty() ? "" : ", ",
                          name(verdict), when.size(), when.front());
    changes.push_back(fmt::format("{} ({}): {}", test.first, name(test.second), said));
  }
  return changes;
}

int exit_code(const report::Run& run, bool unexpected) {
  bool measured = false;
  for (const LabResult& result : run.results) {
    if (!result.error.empty()) return lab_error;
    for (const ClaimVerdict& verdict : result.verdicts) {
      if (verdict.verdict == Verdict::error) return lab_error;
      measured |= verdict.verdict != Verdict::inconclusive;
    }
  }
  if (unexpected) return differs;
  return measured ? success : unmeasurable;
}

}  // namespace twlab::cli
