#include "report/run.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <set>

namespace twlab::report {
namespace {

struct Judgement {
  size_t result;
  Verdict verdict;
  std::string reason;
};

Verdict agree(const std::vector<Judgement>& all) {
  auto is = [&](Verdict v) { return [v](const Judgement& j) { return j.verdict == v; }; };
  if (std::all_of(all.begin(), all.end(), is(all[0].verdict))) return all[0].verdict;
  return std::any_of(all.begin(), all.end(), is(Verdict::error)) ? Verdict::error
                                                                 : Verdict::inconclusive;
}

std::string reason_of(const Run& run, const std::vector<Judgement>& all, Verdict verdict) {
  bool unanimous = std::all_of(all.begin(), all.end(),
                               [&](const Judgement& j) { return j.verdict == all[0].verdict; });
  if (unanimous) {
    if (all.size() == 1 || verdict == Verdict::error) return all[0].reason;
    return fmt::format("{} (the same in {} runs)", all[0].reason, all.size());
  }
  std::string text = "the runs disagree";
  auto nth = repetitions(run);
  for (const auto& j : all) {
    text += fmt::format("; {} #{}: {} ({})", run.results[j.result].lab, nth[j.result],
                        twlab::name(j.verdict), j.reason);
  }
  return text;
}

Verdict overall(const std::vector<FamilyVerdict>& families) {
  for (auto v : {Verdict::error, Verdict::refuted, Verdict::inconclusive, Verdict::absent}) {
    if (std::any_of(families.begin(), families.end(),
                    [v](const FamilyVerdict& f) { return f.verdict == v; }))
      return v;
  }
  return Verdict::confirmed;
}

// The verdicts of a result, completed with errors for the claims of which it says nothing.
std::vector<ClaimVerdict> verdicts(const Run& run, const LabResult& result) {
  auto all = result.verdicts;
  const LabText* lab = find_lab_text(run, result.lab);
  if (!lab) return all;
  for (const auto& claim : lab->claims) {
    auto same = [&](const ClaimVerdict& v) { return v.claim == claim; };
    if (std::any_of(all.begin(), all.end(), same)) continue;
    ClaimVerdict& missing = all.emplace_back();
    missing.claim = claim;
    missing.verdict = Verdict::error;
    missing.reason = result.error.empty() ? "the lab gave no verdict" : result.error;
  }
  return all;
}

SourceText source_text(const Source& source) {
  SourceText text{std::string(source.document), std::string(source.section), ""};
  for (const auto& document : documents())
    if (document.name == source.document) text.title = document.title;
  return text;
}

TopicText topic_text(const Topic& topic) {
  TopicText text{topic.kind, std::string(topic.text), {}, {}, std::string(topic.remark)};
  for (const auto& side : topic.sides) text.sides.emplace_back(side.begin(), side.end());
  text.source = source_text(topic.source);
  return text;
}

}  // namespace

const FamilyVerdict* ClaimRow::find(Family family) const {
  auto it = std::find_if(families.begin(), families.end(),
                         [&](const FamilyVerdict& f) { return f.family == family; });
  return it == families.end() ? nullptr : &*it;
}

void describe(Run& run) {
  std::set<std::string> wanted;
  for (const auto& result : run.results) {
    for (const auto& verdict : result.verdicts) wanted.insert(verdict.claim);
    if (find_lab_text(run, result.lab)) continue;
    LabText& text = run.labs.emplace_back();
    text.name = result.lab;
    const LabInfo* info = find_lab(result.lab);
    if (!info) continue;
    text.story = info->story;
    text.control = info->control;
    text.file = info->file;
    text.claims.assign(info->claims.begin(), info->claims.end());
    text.needs = info->needs;
  }
  for (const auto& lab : run.labs) wanted.insert(lab.claims.begin(), lab.claims.end());
  std::sort(run.labs.begin(), run.labs.end(),
            [](const LabText& a, const LabText& b) { return a.name < b.name; });

  const std::set<std::string> judged = wanted;
  run.topics.clear();
  for (const auto& topic : twlab::topics()) {
    TopicText text = topic_text(topic);
    std::set<std::string> its;
    for (const auto& side : text.sides) its.insert(side.begin(), side.end());
    auto is_judged = [&](const std::string& claim) { return judged.contains(claim); };
    if (std::none_of(its.begin(), its.end(), is_judged)) continue;
    wanted.insert(its.begin(), its.end());
    run.topics.push_back(std::move(text));
  }

  for (const auto& claim : twlab::claims()) {
    if (!wanted.erase(std::string(claim.id)) || find_claim_text(run, claim.id)) continue;
    ClaimText& text = run.claims.emplace_back();
    text.id = claim.id;
    text.statement = claim.statement;
    for (const auto& source : claim.sources) text.sources.push_back(source_text(source));
    text.why = claim.why;
  }
  for (const auto& unknown : wanted)
    if (!find_claim_text(run, unknown)) run.claims.push_back({unknown, "", {}});
}

std::vector<ClaimRow> claim_rows(const Run& run) {
  std::vector<std::string> order;
  std::map<std::string, std::map<Family, std::vector<Judgement>>> judged;
  for (const auto& claim : run.claims) order.push_back(claim.id);
  for (size_t i = 0; i < run.results.size(); ++i) {
    for (auto& v : verdicts(run, run.results[i])) {
      if (std::find(order.begin(), order.end(), v.claim) == order.end()) order.push_back(v.claim);
      judged[v.claim][run.results[i].family].push_back({i, v.verdict, v.reason});
    }
  }

  std::vector<ClaimRow> rows;
  for (const auto& claim : order) {
    if (!judged.count(claim)) continue;
    ClaimRow& row = rows.emplace_back();
    row.claim = claim;
    for (const auto& [family, all] : judged[claim]) {
      FamilyVerdict& cell = row.families.emplace_back();
      cell.family = family;
      cell.verdict = agree(all);
      cell.reason = reason_of(run, all, cell.verdict);
      for (const auto& j : all) cell.results.push_back(j.result);
    }
    row.overall = overall(row.families);
  }
  return rows;
}

std::map<Verdict, size_t> count(const std::vector<ClaimRow>& rows) {
  std::map<Verdict, size_t> counts;
  for (const auto& row : rows)
    for (const auto& cell : row.families) ++counts[cell.verdict];
  return counts;
}

std::vector<int> repetitions(const Run& run) {
  std::map<std::pair<std::string_view, Family>, int> seen;
  std::vector<int> numbers;
  for (const auto& result : run.results) numbers.push_back(++seen[{result.lab, result.family}]);
  return numbers;
}

std::string evidence_stem(const LabResult& result, int repetition) {
  auto stem = fmt::format("{}/{}", result.lab, twlab::name(result.family));
  return repetition > 1 ? fmt::format("{}-{}", stem, repetition) : stem;
}

std::string recording_file(const LabResult& result, int repetition) {
  return evidence_stem(result, repetition) + ".json";
}

std::string capture_file(const LabResult& result, int repetition, bool classic_pcap) {
  return evidence_stem(result, repetition) + (classic_pcap ? ".pcap" : ".pcapng");
}

const ClaimText* find_claim_text(const Run& run, std::string_view id) {
  auto it = std::find_if(run.claims.begin(), run.claims.end(),
                         [&](const ClaimText& c) { return c.id == id; });
  return it == run.claims.end() ? nullptr : &*it;
}

const LabText* find_lab_text(const Run& run, std::string_view name) {
  auto it = std::find_if(run.labs.begin(), run.labs.end(),
                         [&](const LabText& l) { return l.name == name; });
  return it == run.labs.end() ? nullptr : &*it;
}

std::string_view name(Outcome outcome) {
  static constexpr std::array<std::string_view, 3> names = {"holds", "fails", "unclear"};
  auto index = static_cast<size_t>(outcome);
  return index < names.size() ? names[index] : "?";
}

std::string_view name(Note::Kind kind) {
  static constexpr std::array<std::string_view, 5> names = {"section", "setting", "relay",
                                                            "process", "remark"};
  auto index = static_cast<size_t>(kind);
  return index < names.size() ? names[index] : "?";
}

std::string_view name(Topic::Kind kind) {
  static constexpr std::array<std::string_view, 3> names = {"disagreement", "wrong_information",
                                                            "open_question"};
  auto index = static_cast<size_t>(kind);
  return index < names.size() ? names[index] : "?";
}

std::string_view label(Family family) {
  return family == Family::inet ? "IPv4" : "IPv6";
}

std::string_view symbol(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
      return "✔";
    case Verdict::refuted:
      return "✘";
    case Verdict::absent:
      return "∅";
    case Verdict::inconclusive:
      return "?";
    case Verdict::error:
      return "⚠";
  }
  return "?";
}

std::string command_for(const LabResult& result) {
  return fmt::format("twlab run {} --family {}", result.lab, twlab::name(result.family));
}

std::string show_utc(Time time) {
  time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace twlab::report
