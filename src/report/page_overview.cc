#include "report/page_overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/findings.h"

namespace twlab::report {
namespace {

using Object = Value::Object;
using List = Value::List;

class Overview {
 public:
  explicit Overview(const PageView& view) : view_(view) {}

  Object build() const {
    const Run& run = chosen_column().run;
    bool interrupted =
        std::ranges::any_of(view_.matrix().columns,
                            [](const Matrix::Column& column) { return column.run.interrupted; });
    return {{"several", view_.matrix().columns.size() > 1},
            {"kernel", run.kernel},
            {"chosen", chosen_column().short_name},
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

 private:
  const Matrix::Column& chosen_column() const { return view_.matrix().columns[view_.chosen()]; }

  static List verdicts() {
    List list;
    for (Verdict verdict : {Verdict::confirmed, Verdict::refuted, Verdict::absent,
                            Verdict::inconclusive, Verdict::error})
      list.emplace_back(verdict_fields(verdict));
    return list;
  }

  static bool says(const ClaimText* text, std::string_view document) {
    return text && std::ranges::any_of(text->sources, [&](const SourceText& source) {
             return source.document == document;
           });
  }

  // In the catalogue's order, others after them.
  std::vector<SourceText> all_documents() const {
    std::vector<SourceText> all;
    for (const auto& claim : view_.claims())
      if (const ClaimText* text = view_.matrix().find_claim_text(claim.claim))
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
      for (const auto& claim : view_.claims()) {
        auto verdict = view_.overall(claim);
        if (!verdict || !says(view_.matrix().find_claim_text(claim.claim), document.document))
          continue;
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
    for (const auto& claim : view_.claims()) {
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
    const ClaimText* text = view_.matrix().find_claim_text(claim.claim);
    auto verdict = view_.overall(claim);
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
    for (size_t i = 0; i < view_.matrix().columns.size(); ++i)
      cells.emplace_back(kernel_cell(claim, i));
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
    for (Verdict verdict : verdicts_by_weight) {
      std::string families, first;
      for (Family family : view_.families()) {
        const FamilyVerdict* its = view_.cell(claim, column, family);
        if (!its || its->verdict != verdict) continue;
        families += (families.empty() ? "" : ", ") + std::string(label(family));
        if (first.empty()) first = view_.key(column, its->results.front());
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
    return {{"name", view_.matrix().columns[column].short_name},
            {"all", all},
            {"chips", chips},
            {"apart", apart},
            {"step", step}};
  }

  const PageView& view_;
};

}  // namespace

Value::Object page_overview(const PageView& view) {
  return Overview(view).build();
}

}  // namespace twlab::report
