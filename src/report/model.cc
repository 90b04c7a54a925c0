#include "report/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/findings.h"
#include "report/plot.h"
#include "report/text.h"

namespace twlab::report {
namespace {

using Object = Value::Object;
using List = Value::List;

// Lists of segments are joined by "; ": one line each.
std::string in_lines(std::string text) {
  for (size_t at = 0; (at = text.find("; ", at)) != std::string::npos; ++at) text[at + 1] = '\n';
  return text;
}

Object section(const SectionResult& section) {
  List checks;
  for (const auto& c : section.checks) {
    std::string sign = c.outcome == Outcome::holds ? "✔" : c.outcome == Outcome::fails ? "✘" : "?";
    checks.emplace_back(Object{{"what", c.what},
                               {"wanted", in_lines(c.wanted)},
                               {"refuting", in_lines(c.refuting)},
                               {"got", in_lines(c.got)},
                               {"details", c.details},
                               {"outcome", name(c.outcome)},
                               {"sign", sign}});
  }
  return {{"title", section.title}, {"control", section.control}, {"checks", checks}};
}

Object plot(const Plot& plot) {
  PlotTable table = plot_table(plot);
  auto texts = [](const std::vector<std::string>& all) {
    List list;
    for (const auto& text : all) list.emplace_back(Object{{"text", text}});
    return list;
  };
  List rows;
  for (const auto& row : table.rows) rows.emplace_back(Object{{"cells", texts(row)}});
  return {{"title", plot.title},
          {"note", plot.note},
          {"y_label", plot.y.label},
          {"svg", plot_svg(plot)},
          {"columns", texts(table.columns)},
          {"rows", rows}};
}

class Model {
 public:
  Model(const Run& run, const std::function<std::string(const LabResult&)>& ladder)
      : run_(run), ladder_(ladder), rows_(claim_rows(run)), nth_(repetitions(run)) {
    for (const auto& row : rows_)
      for (const auto& cell : row.families) families_.insert(cell.family);
  }

  Object build() {
    Object all = findings(run_, rows_);
    all.merge(overview());
    all["labs"] = labs();
    return all;
  }

 private:
  Object overview() const {
    return {{"program_version", run_.program_version},
            {"kernel", run_.kernel},
            {"machine", run_.machine},
            {"command", run_.command},
            {"user", run_.root ? "root" : "an ordinary user"},
            {"begin", show_utc(run_.begin)},
            {"took", os::show(run_.took)},
            {"trouble", run_.trouble},
            {"interrupted", run_.interrupted},
            {"tests", tests()},
            {"counts", counts()},
            {"families", families()},
            {"claims", claims()}};
  }

  List counts() const {
    auto counted = count(rows_);
    List list;
    for (auto v : {Verdict::confirmed, Verdict::refuted, Verdict::absent, Verdict::inconclusive,
                   Verdict::error}) {
      Object o = verdict_fields(v);
      o["number"] = std::to_string(counted[v]);
      o["none"] = counted[v] == 0;
      list.emplace_back(o);
    }
    return list;
  }

  std::string tests() const {
    size_t n = 0;
    for (const auto& row : rows_) n += row.families.size();
    return std::to_string(n);
  }

  List families() const {
    List list;
    for (Family family : families_) list.emplace_back(Object{{"label", label(family)}});
    return list;
  }

  // The overview's rows; the part of the id before the dot is the group.
  List claims() const {
    List list;
    std::string group;
    for (const auto& row : rows_) {
      std::string its_group = row.claim.substr(0, row.claim.find('.'));
      const ClaimText* text = find_claim_text(run_, row.claim);
      Object o = verdict_fields(row.overall);
      o["id"] = row.claim;
      o["statement"] = text ? text->statement : "";
      o["group"] = its_group;
      o["begins_group"] = its_group != group;
      o["columns"] = std::to_string(families_.size() + 1);
      o["cells"] = cells(row);
      list.emplace_back(std::move(o));
      group = its_group;
    }
    return list;
  }

  List cells(const ClaimRow& row) const {
    List list;
    for (Family family : families_) {
      const FamilyVerdict* cell = row.find(family);
      Object o = verdict_fields(cell ? cell->verdict : Verdict::inconclusive);
      o["ran"] = cell != nullptr;
      o["label"] = label(family);
      o["reason"] = cell ? cell->reason : "";
      o["result"] = cell ? anchor(cell->results.front()) : "";
      list.emplace_back(std::move(o));
    }
    return list;
  }

  std::string anchor(size_t result) const {
    return evidence_stem(run_.results[result], nth_[result]);
  }

  List labs() {
    std::vector<std::string> names;
    for (const auto& result : run_.results) names.push_back(result.lab);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::set<std::string> anchors(names.begin(), names.end());
    List list;
    for (const auto& name : names) list.emplace_back(lab(name, anchors));
    return list;
  }

  Object lab(const std::string& name, std::set<std::string>& anchors) const {
    const LabText* text = find_lab_text(run_, name);
    std::vector<size_t> results;
    for (size_t i = 0; i < run_.results.size(); ++i)
      if (run_.results[i].lab == name) results.push_back(i);
    std::stable_sort(results.begin(), results.end(), [&](size_t a, size_t b) {
      return run_.results[a].family < run_.results[b].family;
    });

    List judged, shown;
    for (const auto& row : rows_) {
      auto of_this_lab = [&](const FamilyVerdict& f) {
        return std::any_of(f.results.begin(), f.results.end(),
                           [&](size_t i) { return run_.results[i].lab == name; });
      };
      if (std::any_of(row.families.begin(), row.families.end(), of_this_lab))
        judged.emplace_back(claim(row, anchors.insert(row.claim).second));
    }
    for (size_t i : results) {
      Object o = result_model(run_, i, nth_[i]);
      o["ladder"] = ladder_(run_.results[i]);
      shown.emplace_back(std::move(o));
    }
    return {{"name", name},
            {"story", text ? text->story : ""},
            {"control", text ? text->control : ""},
            {"file", text ? text->file : ""},
            {"needs", text && text->needs.count() ? os::show(text->needs) : ""},
            {"judged", judged},
            {"results", shown}};
  }

  Object claim(const ClaimRow& row, bool has_anchor) const {
    const ClaimText* text = find_claim_text(run_, row.claim);
    return {{"id", row.claim},
            {"anchor", has_anchor ? row.claim : ""},
            {"statement", text ? text->statement : ""},
            {"sources", text ? source_fields(text->sources) : List()},
            {"why", text ? text->why : ""},
            {"cells", cells(row)}};
  }

  const Run& run_;
  const std::function<std::string(const LabResult&)>& ladder_;
  const std::vector<ClaimRow> rows_;
  const std::vector<int> nth_;
  std::set<Family> families_;
};

}  // namespace

Value::Object result_model(const Run& run, size_t index, int repetition) {
  const LabResult& r = run.results[index];
  List verdicts, sections, settings, counters;
  for (const auto& v : r.verdicts) {
    Object o = verdict_fields(v.verdict);
    o["claim"] = v.claim;
    o["reason"] = v.reason;
    o["sections"] = fmt::format("{}", fmt::join(v.sections, "; "));
    o["control"] = v.control;
    verdicts.emplace_back(std::move(o));
  }
  for (const auto& s : r.sections) sections.emplace_back(section(s));
  for (const auto& [name, value] : r.recording.settings)
    settings.emplace_back(Object{{"name", name}, {"value", value}});
  for (const auto& [host, all] : r.recording.counters)
    for (const auto& [name, rise] : all)
      counters.emplace_back(
          Object{{"host", host}, {"name", name}, {"rise", fmt::format("{:+}", rise)}});
  List plots;
  for (const Plot& p : r.plots) plots.emplace_back(plot(p));
  return {{"anchor", evidence_stem(r, repetition)},
          {"label", label(r.family)},
          {"repetition", repetition > 1 ? std::to_string(repetition) : ""},
          {"error", r.error},
          {"took", os::show(r.took)},
          {"began", show_utc(r.begin)},
          {"rerun", command_for(r)},
          {"capture", capture_file(r, repetition, run.classic_pcap)},
          {"recording", recording_file(r, repetition)},
          {"frames_lost", r.recording.frames_lost ? std::to_string(r.recording.frames_lost) : ""},
          {"verdicts", verdicts},
          {"sections", sections},
          {"plots", plots},
          {"settings", settings},
          {"counters", counters}};
}

Value::Object model(const Run& run, const std::function<std::string(const LabResult&)>& ladder) {
  return Model(run, ladder).build();
}

}  // namespace twlab::report
