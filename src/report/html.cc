#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "report/findings.h"
#include "report/ladder.h"
#include "report/ladder_drawing.h"
#include "report/matrix_model.h"
#include "report/model.h"
#include "report/pack.h"
#include "report/plot.h"
#include "report/text.h"

namespace twlab::report {
namespace {

using nlohmann::json;
using Object = Value::Object;
using List = Value::List;

// Of each end of a long recording: the file that a reader can make of a ladder has more.
constexpr size_t shown_rows = 80;

// From the verdict that says most of a claim as it was stated to the one that says least (run.h).
constexpr Verdict by_weight[] = {Verdict::error, Verdict::refuted, Verdict::inconclusive,
                                 Verdict::absent, Verdict::confirmed};

class Page {
 public:
  explicit Page(const Matrix& matrix) : matrix_(matrix), claims_(by_claim(matrix)) {
    for (const auto& column : matrix.columns) nth_.push_back(repetitions(column.run));
    auto here = std::ranges::find_if(matrix.columns, &Matrix::Column::here);
    chosen_ =
        here == matrix.columns.end() ? matrix.columns.size() - 1 : here - matrix.columns.begin();
    std::set<Family> families;
    for (const auto& row : matrix.rows) families.insert(row.family);
    families_.assign(families.begin(), families.end());
    model_ =
        model(matrix, [](const LabResult& r) { return r.recording.events.empty() ? "" : "x"; });
  }

  std::string html() {
    Object all = findings(chosen().run, claim_rows(chosen().run));
    all.merge(overview());
    all["packs"] = packs();
    all.merge(model_);
    all["ladder_css"] = ladder_css();
    all["plot_css"] = plot_css();
    return render("report.html", all, escape_xml);
  }

 private:
  // Where one kernel has to stand for all: the machine's own, otherwise the newest.
  const Matrix::Column& chosen() const { return matrix_.columns[chosen_]; }

  Object overview() const {
    const Run& run = chosen().run;
    bool interrupted = std::ranges::any_of(
        matrix_.columns, [](const Matrix::Column& column) { return column.run.interrupted; });
    return {{"several", matrix_.columns.size() > 1},
            {"kernel", run.kernel},
            {"chosen", chosen().short_name},
            {"machine", run.machine},
            {"user", run.root ? "root" : "an ordinary user"},
            {"begin", show_utc(run.begin)},
            {"took", os::show(run.took)},
            {"command", run.command},
            {"interrupted", interrupted},
            {"documents", documents()},
            {"groups", groups()},
            {"verdicts", verdicts()}};
  }

  static List verdicts() {
    List list;
    for (Verdict verdict : {Verdict::confirmed, Verdict::refuted, Verdict::absent,
                            Verdict::inconclusive, Verdict::error})
      list.emplace_back(verdict_fields(verdict));
    return list;
  }

  const std::optional<FamilyVerdict>* cell(const MatrixClaim& claim, size_t column,
                                           Family family) const {
    for (const MatrixRow* row : claim.rows)
      if (row->family == family && row->cells[column]) return &row->cells[column];
    return nullptr;
  }

  // Of all families together, on the chosen kernel; on the newest other one where it did not run.
  std::optional<Verdict> overall(const MatrixClaim& claim) const {
    std::vector<size_t> columns = {chosen_};
    for (size_t i = matrix_.columns.size(); i-- > 0;) columns.push_back(i);
    for (size_t column : columns)
      for (Verdict verdict : by_weight)
        for (const MatrixRow* row : claim.rows)
          if (row->cells[column] && row->cells[column]->verdict == verdict) return verdict;
    return {};
  }

  static bool says(const ClaimText* text, std::string_view document) {
    return text && std::ranges::any_of(text->sources, [&](const SourceText& source) {
             return source.document == document;
           });
  }

  // In the catalogue's order, others after them.
  std::vector<SourceText> all_documents() const {
    std::vector<SourceText> all;
    for (const auto& claim : claims_)
      if (const ClaimText* text = matrix_.find_claim_text(claim.claim))
        for (const auto& source : text->sources)
          if (std::ranges::none_of(
                  all, [&](const SourceText& known) { return known.document == source.document; }))
            all.push_back(source);
    auto place = [](const SourceText& source) {
      auto known = twlab::documents();
      return std::ranges::find(known, source.document, &Document::name) - known.begin();
    };
    std::ranges::stable_sort(all, {}, place);
    return all;
  }

  List documents() const {
    List list;
    for (const auto& document : all_documents()) {
      std::map<Verdict, size_t> counted;
      size_t total = 0;
      for (const auto& claim : claims_) {
        auto verdict = overall(claim);
        if (!verdict || !says(matrix_.find_claim_text(claim.claim), document.document)) continue;
        ++counted[*verdict];
        ++total;
      }
      List counts;
      for (auto [verdict, number] : counted) {
        Object o = verdict_fields(verdict);
        o["number"] = std::to_string(number);
        o["share"] = fmt::format("{:.4g}", 100.0 * number / total);
        counts.emplace_back(std::move(o));
      }
      list.emplace_back(Object{{"document", document.document},
                               {"title", document.title},
                               {"total", std::to_string(total)},
                               {"counts", counts}});
    }
    return list;
  }

  // The claims by what stands before the dot, those that change between versions first.
  List groups() const {
    const auto all = all_documents();
    List groups, rows;
    std::string group;
    auto end_group = [&] {
      if (!rows.empty()) groups.emplace_back(Object{{"group", group}, {"rows", rows}});
      rows.clear();
    };
    for (const auto& claim : claims_) {
      std::string its =
          claim.changes ? "Changes between versions" : claim.claim.substr(0, claim.claim.find('.'));
      if (its != group) end_group();
      group = its;
      rows.emplace_back(row(claim, all));
    }
    end_group();
    return groups;
  }

  Object row(const MatrixClaim& claim, const std::vector<SourceText>& all) const {
    const ClaimText* text = matrix_.find_claim_text(claim.claim);
    auto verdict = overall(claim);
    List said, cells;
    std::string names;
    for (const auto& document : all) {
      bool its = says(text, document.document);
      if (its) names += (names.empty() ? "" : " ") + document.document;
      Object o = verdict_fields(verdict.value_or(Verdict::inconclusive));
      o["said"] = its && verdict;
      o["document"] = document.document;
      said.emplace_back(std::move(o));
    }
    for (size_t i = 0; i < matrix_.columns.size(); ++i) cells.emplace_back(kernel_cell(claim, i));
    return {{"id", claim.claim},
            {"statement", text ? text->statement : ""},
            {"why", text ? text->why : ""},
            {"names", names},
            {"said", said},
            {"changes", claim.changes},
            {"cells", cells}};
  }

  // The families apart only where they differ.
  Object kernel_cell(const MatrixClaim& claim, size_t column) const {
    List chips;
    std::string all;
    for (Verdict verdict : by_weight) {
      std::string families, first;
      for (Family family : families_) {
        const auto* its = cell(claim, column, family);
        if (!its || (*its)->verdict != verdict) continue;
        families += (families.empty() ? "" : ", ") + std::string(label(family));
        if (first.empty()) first = key(column, (*its)->results.front());
      }
      if (families.empty()) continue;
      all += (all.empty() ? "" : " ") + std::string(twlab::name(verdict));
      Object chip = verdict_fields(verdict);
      chip["families"] = families;
      chip["key"] = first;
      chips.emplace_back(std::move(chip));
    }
    bool apart = chips.size() > 1, step = false;
    for (const MatrixRow* row : claim.rows)
      for (Step its : row->steps) step |= its.after == column;
    return {{"name", matrix_.columns[column].short_name},
            {"all", all},
            {"chips", chips},
            {"apart", apart},
            {"step", step}};
  }

  // "6.1/inet6-2": how a result is named in links, after its claim.
  std::string key(size_t column, size_t result) const {
    const LabResult& its = matrix_.columns[column].run.results[result];
    std::string stem = evidence_stem(its, nth_[column][result]);
    return matrix_.columns[column].short_name + stem.substr(stem.rfind('/'));
  }

  List packs() const {
    List list;
    json heads = json::object();
    for (const auto& claim : claims_) heads[claim.claim] = head(claim);
    list.emplace_back(Object{{"name", "claims"}, {"data", pack(heads)}});

    std::set<std::string> labs;
    for (const auto& column : matrix_.columns)
      for (const auto& result : column.run.results) labs.insert(result.lab);
    for (const auto& lab : labs)
      list.emplace_back(Object{{"name", "lab:" + lab}, {"data", pack(lab_pack(lab))}});
    return list;
  }

  // {html, results}: what a claim's page begins with, and [lab, key, verdict, sign] of what shows
  // it.
  json head(const MatrixClaim& claim) const {
    const ClaimText* text = matrix_.find_claim_text(claim.claim);
    json results = json::array();
    List kernels;
    for (size_t i = 0; i < matrix_.columns.size(); ++i) {
      List cells;
      for (Family family : families_) {
        const auto* its = cell(claim, i, family);
        Object o = verdict_fields(its ? (*its)->verdict : Verdict::inconclusive);
        o["ran"] = its != nullptr;
        o["key"] = its ? key(i, (*its)->results.front()) : "";
        cells.emplace_back(std::move(o));
        if (!its) continue;
        for (size_t result : (*its)->results)
          results.push_back({matrix_.columns[i].run.results[result].lab, key(i, result),
                             twlab::name((*its)->verdict), symbol((*its)->verdict)});
      }
      kernels.emplace_back(Object{{"name", column_name(i)}, {"cells", cells}});
    }
    List families;
    for (Family family : families_) families.emplace_back(Object{{"label", label(family)}});
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
    for (size_t i = 0; i < matrix_.columns.size(); ++i)
      for (Family family : families_) {
        const auto* its = cell(claim, i, family);
        if (!its) continue;
        ++ran;
        auto same = std::ranges::find_if(all, [&](const Reason& r) {
          return r.said->verdict == (*its)->verdict && r.said->reason == (*its)->reason;
        });
        if (same == all.end()) same = all.insert(all.end(), {&**its, {}});
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
    for (size_t i = 0; i < matrix_.columns.size(); ++i) {
      std::string families;
      size_t number = 0;
      for (auto [column, family] : where) {
        if (column != i) continue;
        families += (number++ ? ", " : "") + std::string(label(family));
      }
      if (number == 0) continue;
      if (matrix_.columns.size() == 1) return families;
      text += (text.empty() ? "" : "; ") + column_name(i);
      if (number < families_.size()) text += " " + families;
    }
    return text;
  }

  std::string column_name(size_t index) const {
    return matrix_.columns[index].short_name +
           (matrix_.columns[index].here && matrix_.columns.size() > 1 ? "*" : "");
  }

  // {html, texts, results: {key: {html, ladders}}}
  json lab_pack(const std::string& lab) const {
    Parts parts;
    json results = json::object();
    std::string html;
    for (size_t i = 0; i < matrix_.columns.size(); ++i) {
      const Run& run = matrix_.columns[i].run;
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
        results[key(i, r)] = {{"html", parts.add(evidence(i, r))}, {"ladders", drawn}};
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
    const Matrix::Column& its = matrix_.columns[column];
    Object o = result_model(its.run, result, nth_[column][result]);
    o["folder"] = its.folder.empty() ? "" : its.folder + "/";
    o["kernel"] = its.run.kernel;
    o["ladder"] = !its.run.results[result].recording.events.empty();
    o["guest"] = its.run.guest.has_value();
    if (its.run.guest) o["seed"] = std::to_string(its.run.guest->seed);
    return render("result.html", o, escape_xml);
  }

  const Matrix& matrix_;
  const std::vector<MatrixClaim> claims_;
  std::vector<std::vector<int>> nth_;
  std::vector<Family> families_;
  size_t chosen_ = 0;
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
