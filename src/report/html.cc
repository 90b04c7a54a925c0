#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "report/findings.h"
#include "report/ladder.h"
#include "report/ladder_drawing.h"
#include "report/matrix_model.h"
#include "report/model.h"
#include "report/pack.h"
#include "report/page_overview.h"
#include "report/page_view.h"
#include "report/plot.h"
#include "report/text.h"

namespace twlab::report {
namespace {

using nlohmann::json;
using Object = Value::Object;
using List = Value::List;

// Of each end of a long recording: the file that a reader can make of a ladder has more.
constexpr size_t shown_rows = 80;

class Page {
 public:
  explicit Page(const Matrix& matrix)
      : view_(matrix), model_(model(matrix, [](const LabResult& r) {
          return r.recording.events.empty() ? "" : "x";
        })) {}

  std::string html() {
    const Run& run = view_.matrix().columns[view_.chosen()].run;
    Object all = findings(run, claim_rows(run));
    all.merge(page_overview(view_));
    all["packs"] = packs();
    all.merge(model_);
    all["ladder_css"] = ladder_css();
    all["plot_css"] = plot_css();
    return render("report.html", all, escape_xml);
  }

 private:
  List packs() const {
    List list;
    json heads = json::object();
    for (const auto& claim : view_.claims()) heads[claim.claim] = head(claim);
    list.emplace_back(Object{{"name", "claims"}, {"data", pack(heads)}});

    std::set<std::string> labs;
    for (const auto& column : view_.matrix().columns)
      for (const auto& result : column.run.results) labs.insert(result.lab);
    for (const auto& lab : labs)
      list.emplace_back(Object{{"name", "lab:" + lab}, {"data", pack(lab_pack(lab))}});
    return list;
  }

  // {html, results}: what a claim's page begins with, and [lab, key, verdict, sign] of what shows
  // it.
  json head(const MatrixClaim& claim) const {
    const ClaimText* text = view_.matrix().find_claim_text(claim.claim);
    json results = json::array();
    List kernels;
    for (size_t i = 0; i < view_.matrix().columns.size(); ++i) {
      List cells;
      for (Family family : view_.families()) {
        const FamilyVerdict* its = view_.cell(claim, i, family);
        Object o = verdict_fields(its ? its->verdict : Verdict::inconclusive);
        o["ran"] = its != nullptr;
        o["key"] = its ? view_.key(i, its->results.front()) : "";
        cells.emplace_back(std::move(o));
        if (!its) continue;
        for (size_t result : its->results)
          results.push_back({view_.matrix().columns[i].run.results[result].lab,
                             view_.key(i, result), twlab::name(its->verdict),
                             symbol(its->verdict)});
      }
      kernels.emplace_back(Object{{"name", view_.column_name(i)}, {"cells", cells}});
    }
    List families;
    for (Family family : view_.families()) families.emplace_back(Object{{"label", label(family)}});
    Object o{{"id", claim.claim},
             {"statement", text ? text->statement : ""},
             {"sources", text ? source_fields(text->sources) : List()},
             {"why", text ? text->why : ""},
             {"families", families},
             {"kernels", kernels},
             {"reasons", reasons(claim)},
             {"steps", List()}};
    for (const auto& value : std::get<List>(model_.at("changing").get())) {
      const auto& change = std::get<Object>(value.get());
      if (std::get<std::string>(change.at("id").get()) == claim.claim)
        o["steps"] = change.at("steps");
    }
    return {{"html", render("claim.html", o, escape_xml)}, {"results", results}};
  }

  // What was said, each once, with where.
  List reasons(const MatrixClaim& claim) const {
    struct Reason {
      const FamilyVerdict* said;
      std::vector<std::pair<size_t, Family>> where;
    };
    std::vector<Reason> all;
    size_t ran = 0;
    for (size_t i = 0; i < view_.matrix().columns.size(); ++i)
      for (Family family : view_.families()) {
        const FamilyVerdict* its = view_.cell(claim, i, family);
        if (!its) continue;
        ++ran;
        auto same = std::ranges::find_if(all, [&](const Reason& r) {
          return r.said->verdict == its->verdict && r.said->reason == its->reason;
        });
        if (same == all.end()) same = all.insert(all.end(), {its, {}});
        same->where.emplace_back(i, family);
      }
    List list;
    for (const auto& reason : all) {
      Object o = verdict_fields(reason.said->verdict);
      o["reason"] = reason.said->reason;
      o["where"] = reason.where.size() == ran && ran > 1 ? "everywhere" : show(reason.where);
      list.emplace_back(std::move(o));
    }
    return list;
  }

  // "5.10, 6.1; 6.12 IPv6": of a single kernel the families alone.
  std::string show(const std::vector<std::pair<size_t, Family>>& where) const {
    std::string text;
    for (size_t i = 0; i < view_.matrix().columns.size(); ++i) {
      std::string families;
      size_t number = 0;
      for (auto [column, family] : where) {
        if (column != i) continue;
        families += (number++ ? ", " : "") + std::string(label(family));
      }
      if (number == 0) continue;
      if (view_.matrix().columns.size() == 1) return families;
      text += (text.empty() ? "" : "; ") + view_.column_name(i);
      if (number < view_.families().size()) text += " " + families;
    }
    return text;
  }

  // {html, texts, results: {key: {html, ladders}}}
  json lab_pack(const std::string& lab) const {
    Parts parts;
    json results = json::object();
    std::string html;
    for (size_t i = 0; i < view_.matrix().columns.size(); ++i) {
      const Run& run = view_.matrix().columns[i].run;
      for (size_t r = 0; r < run.results.size(); ++r) {
        const LabResult& result = run.results[r];
        if (result.lab != lab) continue;
        json drawn = json::array();
        if (!result.recording.events.empty()) {
          LadderOptions options = ladder_options(result);
          options.keep = shown_rows;
          for (const auto& ladder : draw_ladders(result.recording, options))
            drawn.push_back(parts.add(ladder));
        }
        results[view_.key(i, r)] = {{"html", parts.add(evidence(i, r))}, {"ladders", drawn}};
        if (const LabText* text = find_lab_text(run, lab))
          html = render("lab.html",
                        {{"name", lab},
                         {"story", text->story},
                         {"control", text->control},
                         {"file", text->file},
                         {"needs", text->needs.count() ? os::show(text->needs) : ""}},
                        escape_xml);
      }
    }
    return {{"html", html}, {"texts", parts.texts()}, {"results", results}};
  }

  std::string evidence(size_t column, size_t result) const {
    const Matrix::Column& its = view_.matrix().columns[column];
    Object o = result_model(its.run, result, view_.repetition(column, result));
    o["folder"] = its.folder.empty() ? "" : its.folder + "/";
    o["kernel"] = its.run.kernel;
    o["ladder"] = !its.run.results[result].recording.events.empty();
    o["guest"] = its.run.guest.has_value();
    if (its.run.guest) o["seed"] = std::to_string(its.run.guest->seed);
    return render("result.html", o, escape_xml);
  }

  const PageView view_;
  Object model_;
};

}  // namespace

std::string html(const Matrix& matrix) {
  return Page(matrix).html();
}

std::string html(const Run& run) {
  return html(make_matrix({{run, ""}}));
}

}  // namespace twlab::report
