#include "report/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "os/file.h"
#include "report/capture.h"
#include "report/read.h"
#include "report/text.h"

namespace twlab::report {
namespace {

constexpr size_t columns = 80;

std::string show_test(std::string_view claim, Family family) {
  return fmt::format("{} ({})", claim, twlab::name(family));
}

const ClaimVerdict* verdict_in(const LabResult& result, const std::string& claim) {
  for (const auto& verdict : result.verdicts)
    if (verdict.claim == claim) return &verdict;
  return nullptr;
}

bool differ(const LabResult& a, const LabResult& b, const std::string& claim) {
  const ClaimVerdict *x = verdict_in(a, claim), *y = verdict_in(b, claim);
  return (x ? x->verdict : Verdict::error) != (y ? y->verdict : Verdict::error);
}

std::string show(const Check& check) {
  return fmt::format("{}: {}", name(check.outcome), one_line(check.got));
}

const Check* find_check(const LabResult& result, const std::string& section,
                        const std::string& what) {
  for (const auto& candidate : result.sections) {
    if (candidate.title != section) continue;
    for (const auto& check : candidate.checks)
      if (check.what == what) return &check;
  }
  return nullptr;
}

// The recording or, where only that is there, its capture. Throws std::runtime_error when neither
// is of use.
Recording read(const RunSource& source, size_t index) {
  const LabResult& result = source.run.results[index];
  int repetition = repetitions(source.run)[index];
  if (!source.folder.empty()) {
    if (std::filesystem::exists(source.folder / recording_file(result, repetition)))
      return read_recording(source.folder, result, repetition);
    auto file = source.folder / capture_file(result, repetition, false);
    if (std::filesystem::exists(file))
      return read_capture(os::read_file(file), file.string(), result);
  }
  throw std::runtime_error("there is no recording in " + source.name);
}

RecordingsDiff compare_recordings(const RunSource& a, const RunSource& b, ResultPair pair) {
  const LabResult& result = a.run.results[pair.a];
  RecordingsDiff difference{result.lab, result.family, "", {}};
  try {
    difference.first = first_difference(read(a, pair.a), read(b, pair.b));
  } catch (const std::runtime_error& error) {
    difference.missing = error.what();
  }
  return difference;
}

void compare_others(const RunSource& a, const RunSource& b, Diff& diff) {
  std::set<std::pair<std::string, Family>> seen;
  for (const auto& verdict : diff.verdicts)
    for (const auto& recording : verdict.recordings) seen.insert({recording.lab, recording.family});
  for (size_t i = 0; i < a.run.results.size(); ++i) {
    const LabResult& result = a.run.results[i];
    auto other = std::find_if(b.run.results.begin(), b.run.results.end(), [&](const LabResult& r) {
      return r.lab == result.lab && r.family == result.family;
    });
    if (other == b.run.results.end() || !seen.insert({result.lab, result.family}).second) continue;
    ++diff.recordings;
    auto at = static_cast<size_t>(other - b.run.results.begin());
    auto difference = compare_recordings(a, b, {i, at});
    if (difference.first || !difference.missing.empty()) diff.others.push_back(difference);
  }
}

void add_wrapped(std::string& text, std::string_view first, std::string_view indent,
                 std::string_view words) {
  text += first;
  text += wrap(one_line(words), columns - indent.size(), fmt::format("\n{}", indent));
  text += '\n';
}

void add(std::string& text, const RecordingsDiff& difference) {
  auto lab = fmt::format("{} {}", difference.lab, twlab::name(difference.family));
  if (!difference.first) {
    auto why = difference.missing.empty() ? "no segment differs" : difference.missing;
    add_wrapped(text, "    ", "    ", lab + ": " + why);
    return;
  }
  const SegmentDifference& first = *difference.first;
  auto what = first.fields.empty() ? "only one has it" : "differs in " + first.fields;
  add_wrapped(text, "    ", "    ", fmt::format("{}: segment {} of", lab, first.number));
  text += "      " + first.sender + "\n";
  add_wrapped(text, "      ", "      ", what);
  add_wrapped(text, "      A  ", "         ", first.a.empty() ? "none" : first.a);
  add_wrapped(text, "      B  ", "         ", first.b.empty() ? "none" : first.b);
}

void add(std::string& text, const VerdictDifference& difference) {
  text += show_test(difference.claim, difference.family) + "\n";
  auto say = [&](std::string_view which, const FamilyVerdict& verdict) {
    add_wrapped(text, fmt::format("  {}  ", which), "     ",
                fmt::format("{}: {}", name(verdict.verdict), verdict.reason));
  };
  say("A", difference.a);
  say("B", difference.b);
  if (difference.check) {
    text += "  The first check that differs:\n";
    add_wrapped(text, "    ", "    ", difference.check->what);
    add_wrapped(text, "      A  ", "         ", difference.check->a);
    add_wrapped(text, "      B  ", "         ", difference.check->b);
  }
  if (!difference.recordings.empty()) text += "  The first segment that differs:\n";
  for (const auto& recording : difference.recordings) add(text, recording);
  text += '\n';
}

void add_only(std::string& text, std::string_view which, const std::vector<std::string>& tests) {
  if (tests.empty()) return;
  std::string all;
  for (const auto& test : tests) all += (all.empty() ? "" : ", ") + test;
  add_wrapped(text, "", "  ", fmt::format("Only {} has: {}", which, all));
  text += '\n';
}

}  // namespace

std::vector<ResultPair> pair_up(const Run& a, const std::vector<size_t>& of_a, const Run& b,
                                const std::vector<size_t>& of_b, const std::string& claim) {
  std::vector<ResultPair> pairs;
  std::set<std::string> seen;
  for (size_t i : of_a) {
    const std::string& lab = a.results[i].lab;
    if (!seen.insert(lab).second) continue;
    std::optional<ResultPair> first, different;
    for (size_t x : of_a) {
      for (size_t y : of_b) {
        if (a.results[x].lab != lab || b.results[y].lab != lab) continue;
        if (!first) first = ResultPair{x, y};
        if (!different && differ(a.results[x], b.results[y], claim)) different = ResultPair{x, y};
      }
    }
    if (first) pairs.push_back(different.value_or(*first));
  }
  return pairs;
}

// Checks of one section that have one text are compared in their first one alone.
std::optional<CheckDifference> first_check(const LabResult& a, const LabResult& b) {
  for (const auto& section : a.sections) {
    for (const auto& check : section.checks) {
      const Check* first = find_check(a, section.title, check.what);
      const Check* other = find_check(b, section.title, check.what);
      if (first != &check || (other && other->outcome == check.outcome)) continue;
      return CheckDifference{section.title + ": " + check.what, show(check),
                             other ? show(*other) : "was not made"};
    }
  }
  for (const auto& section : b.sections)
    for (const auto& check : section.checks)
      if (!find_check(a, section.title, check.what))
        return CheckDifference{section.title + ": " + check.what, "was not made", show(check)};
  return {};
}

RunSource open_run(const std::filesystem::path& path) {
  bool folder = !std::filesystem::is_regular_file(path);
  return {read_results(results_file(path)), folder ? path : std::filesystem::path(), path.string()};
}

Diff diff(const RunSource& a, const RunSource& b, bool segments) {
  Diff result;
  auto left = claim_rows(a.run), right = claim_rows(b.run);
  auto find = [](const std::vector<ClaimRow>& rows, const std::string& claim, Family family) {
    auto row = std::find_if(rows.begin(), rows.end(), [&](auto& r) { return r.claim == claim; });
    return row == rows.end() ? nullptr : row->find(family);
  };
  for (const auto& row : left) {
    for (const auto& x : row.families) {
      const FamilyVerdict* y = find(right, row.claim, x.family);
      if (!y) result.only_a.push_back(show_test(row.claim, x.family));
      if (!y) continue;
      ++result.compared;
      if (x.verdict == y->verdict) continue;
      VerdictDifference difference{row.claim, x.family, x, *y, {}, {}};
      for (ResultPair pair : pair_up(a.run, x.results, b.run, y->results, row.claim)) {
        if (!difference.check)
          difference.check = first_check(a.run.results[pair.a], b.run.results[pair.b]);
        difference.recordings.push_back(compare_recordings(a, b, pair));
      }
      result.verdicts.push_back(std::move(difference));
    }
  }
  for (const auto& row : right)
    for (const auto& y : row.families)
      if (!find(left, row.claim, y.family)) result.only_b.push_back(show_test(row.claim, y.family));
  if (result.compared == 0)
    throw std::runtime_error(
        fmt::format("{} and {} have judged no claim in common", a.name, b.name));
  if (segments) compare_others(a, b, result);
  return result;
}

std::string show(const Diff& diff, const RunSource& a, const RunSource& b, bool segments) {
  std::string text;
  auto introduce = [&](std::string_view which, const RunSource& source) {
    add_wrapped(text, fmt::format("{}  ", which), "   ",
                fmt::format("{}: Linux {}, {}", source.name, source.run.kernel,
                            show_utc(source.run.begin)));
  };
  introduce("A", a);
  introduce("B", b);
  text += '\n';
  for (const auto& difference : diff.verdicts) add(text, difference);
  if (segments && !diff.others.empty()) {
    text += "Where verdicts agree, the first segment that differs:\n";
    for (const auto& difference : diff.others) add(text, difference);
    text += '\n';
  }
  add_only(text, "A", diff.only_a);
  add_only(text, "B", diff.only_b);
  auto said = [](size_t n) { return n == 0 ? std::string("none") : std::to_string(n); };
  text += fmt::format("{} verdicts compared, {} of them differ{}.\n", diff.compared,
                      said(diff.verdicts.size()), diff.verdicts.size() == 1 ? "s" : "");
  if (segments)
    text += fmt::format("{} more recordings compared, {} of them differ.\n", diff.recordings,
                        said(diff.others.size()));
  if (segments || !diff.verdicts.empty())
    add_wrapped(
        text, "", "",
        fmt::format(
            "Numbers are relative: seq and ack to the SYN, TS to the sender's "
            "first, + to the segment before in the connection; p1 is the first "
            "ephemeral port used towards the other end. Times are equal within {} ms or 1/{}.",
            time_tolerance / 1ms, late_part));
  return text;
}

}  // namespace twlab::report
