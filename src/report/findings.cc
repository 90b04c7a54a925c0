#include "report/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/text.h"

namespace twlab::report {
namespace {

using Object = Value::Object;
using List = Value::List;

// The whole of a reason stands with its lab.
constexpr size_t kReason = 300;
constexpr size_t kFrames = 8;

class Findings {
 public:
  Findings(const Run& run, const std::vector<ClaimRow>& rows)
      : run_(run), rows_(rows), nth_(repetitions(run)) {}

  Object build() const {
    List disagreements, boxes, questions, wrong;
    for (const auto& topic : run_.topics) {
      if (!is_judged(topic)) continue;
      if (topic.kind == Topic::Kind::disagreement) disagreements.emplace_back(fields(topic));
      if (topic.kind == Topic::Kind::wrong_information) boxes.emplace_back(box(topic));
      if (topic.kind == Topic::Kind::open_question) questions.emplace_back(fields(topic));
    }
    for (const auto& row : rows_)
      if (refuted_somewhere(row)) wrong.emplace_back(said(row.claim, true));
    bool nothing = wrong.empty() && boxes.empty() && questions.empty();
    return {{"disagreements", disagreements},
            {"has_findings", !nothing},
            {"disagreeing", std::to_string(disagreements.size())},
            {"wrong", wrong},
            {"wrong_ones", std::to_string(wrong.size())},
            {"boxes", boxes},
            {"questions", questions}};
  }

 private:
  const ClaimRow* find_row(const std::string& claim) const {
    auto it = std::find_if(rows_.begin(), rows_.end(),
                           [&](const ClaimRow& row) { return row.claim == claim; });
    return it == rows_.end() ? nullptr : &*it;
  }

  std::vector<std::string> claims_of(const TopicText& topic) const {
    std::vector<std::string> all;
    for (const auto& side : topic.sides) all.insert(all.end(), side.begin(), side.end());
    return all;
  }

  bool is_judged(const TopicText& topic) const {
    auto all = claims_of(topic);
    return std::any_of(all.begin(), all.end(), [&](const auto& c) { return find_row(c); });
  }

  static bool refuted_somewhere(const ClaimRow& row) {
    return std::any_of(row.families.begin(), row.families.end(),
                       [](const FamilyVerdict& f) { return f.verdict == Verdict::refuted; });
  }

  Object fields(const TopicText& topic) const {
    List sides;
    for (const auto& side : topic.sides) {
      List claims;
      for (const auto& claim : side) claims.emplace_back(said(claim));
      sides.emplace_back(Object{{"number", std::to_string(sides.size() + 1)}, {"claims", claims}});
    }
    return {{"text", topic.text},
            {"remark", topic.remark},
            {"document", topic.source.document},
            {"section", topic.source.section},
            {"title", topic.source.title},
            {"sides", sides}};
  }

  // A box is right if what says the opposite of the quoted is confirmed, all of it.
  Object box(const TopicText& topic) const {
    auto all = claims_of(topic);
    auto is = [&](Verdict v) {
      return [this, v](const std::string& claim) {
        const ClaimRow* row = find_row(claim);
        return row && row->overall == v;
      };
    };
    Verdict verdict =
        std::all_of(all.begin(), all.end(), is(Verdict::confirmed)) ? Verdict::confirmed
        : std::any_of(all.begin(), all.end(), is(Verdict::refuted)) ? Verdict::refuted
                                                                    : Verdict::inconclusive;
    Object o = verdict_fields(verdict);
    o.merge(fields(topic));
    o["outcome"] = verdict == Verdict::confirmed ? "wrong indeed"
                   : verdict == Verdict::refuted ? "not wrong as it stands there"
                                                 : "not decided in this run";
    return o;
  }

  // A claim, who makes it, and what this kernel says to it.
  Object said(const std::string& claim, bool with_evidence = false) const {
    const ClaimText* text = find_claim_text(run_, claim);
    const ClaimRow* row = find_row(claim);
    List evidence;
    if (row && with_evidence) {
      for (const auto& family : row->families)
        if (family.verdict == Verdict::refuted) evidence.emplace_back(proof(claim, family));
    }
    return {{"id", claim},
            {"statement", text ? text->statement : ""},
            {"sources", text ? source_fields(text->sources) : List()},
            {"said_by", text ? said_by(*text) : ""},
            {"why", text ? text->why : ""},
            {"cells", row ? answers(*row) : List()},
            {"evidence", evidence}};
  }

  static std::string said_by(const ClaimText& claim) {
    std::vector<std::string> all;
    for (const auto& s : claim.sources)
      all.push_back(s.section.empty() ? s.document : fmt::format("{}, {}", s.document, s.section));
    return fmt::format("{}", fmt::join(all, "; "));
  }

  // Families that say the same share an answer.
  List answers(const ClaimRow& row) const {
    struct Answer {
      const FamilyVerdict* first;
      std::string labels;
    };
    std::vector<Answer> all;
    for (const auto& family : row.families) {
      auto same = std::find_if(all.begin(), all.end(), [&](const Answer& a) {
        return a.first->verdict == family.verdict && a.first->reason == family.reason;
      });
      if (same == all.end())
        all.push_back({&family, std::string(label(family.family))});
      else
        same->labels += fmt::format(", {}", label(family.family));
    }
    List list;
    for (const auto& answer : all) {
      Object o = verdict_fields(answer.first->verdict);
      o["label"] = answer.labels;
      o["reason"] = shorten(one_line(answer.first->reason), kReason);
      o["result"] = anchor(answer.first->results.front());
      list.emplace_back(std::move(o));
    }
    return list;
  }

  // Where to look: the first result that came to the family's verdict, and what decided it there.
  Object proof(const std::string& claim, const FamilyVerdict& family) const {
    size_t index = family.results.front();
    std::string frames;
    for (size_t i : family.results) {
      for (const auto& verdict : run_.results[i].verdicts) {
        if (verdict.claim != claim || verdict.verdict != family.verdict) continue;
        index = i;
        frames = deciding_frames(run_.results[i], verdict);
        break;
      }
      if (!frames.empty()) break;
    }
    const LabResult& result = run_.results[index];
    return {{"lab", result.lab},
            {"label", label(family.family)},
            {"result", anchor(index)},
            {"has_ladder", !result.recording.events.empty()},
            {"capture", capture_file(result, nth_[index], run_.classic_pcap)},
            {"frames", frames}};
  }

  // "frames 12, 14 and 3 more": the numbers in the capture file of the frames that belong to the
  // checks which failed, or to all that were made where none did.
  static std::string deciding_frames(const LabResult& result, const ClaimVerdict& verdict) {
    std::set<EventId> failed, all;
    for (const auto& section : result.sections) {
      const auto& titles = verdict.sections;
      if (std::find(titles.begin(), titles.end(), section.title) == titles.end()) continue;
      for (const auto& check : section.checks) {
        all.insert(check.evidence.begin(), check.evidence.end());
        if (check.outcome == Outcome::fails)
          failed.insert(check.evidence.begin(), check.evidence.end());
      }
    }
    const auto& wanted = failed.empty() ? all : failed;
    std::vector<size_t> numbers;
    size_t number = 0;
    for (const auto& event : result.recording.events) {
      if (!std::holds_alternative<wire::Frame>(event.what)) continue;
      ++number;
      if (wanted.contains(event.id)) numbers.push_back(number);
    }
    size_t more = numbers.size() > kFrames ? numbers.size() - kFrames : 0;
    numbers.resize(numbers.size() - more);
    if (numbers.empty()) return "";
    std::string text =
        fmt::format("frame{} {}", numbers.size() + more > 1 ? "s" : "", fmt::join(numbers, ", "));
    return more ? fmt::format("{} and {} more", text, more) : text;
  }

  std::string anchor(size_t result) const {
    return evidence_stem(run_.results[result], nth_[result]);
  }

  const Run& run_;
  const std::vector<ClaimRow>& rows_;
  const std::vector<int> nth_;
};

}  // namespace

Value::Object verdict_fields(Verdict verdict) {
  return {{"verdict", twlab::name(verdict)}, {"symbol", symbol(verdict)}};
}

Value::List source_fields(const std::vector<SourceText>& sources) {
  List list;
  for (const auto& s : sources)
    list.emplace_back(Object{{"document", s.document}, {"section", s.section}, {"title", s.title}});
  return list;
}

Object findings(const Run& run, const std::vector<ClaimRow>& rows) {
  return Findings(run, rows).build();
}

}  // namespace twlab::report
