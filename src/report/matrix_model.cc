#include "report/matrix_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/changes.h"
#include "report/diff.h"
#include "report/findings.h"
#include "report/segment_diff.h"

namespace twlab::report {
namespace {

using Object = Value::Object;
using List = Value::List;

constexpr Verdict verdicts[] = {Verdict::confirmed, Verdict::refuted, Verdict::absent,
                                Verdict::inconclusive, Verdict::error};

class Model {
 public:
  Model(const Matrix& matrix, const std::function<std::string(const LabResult&)>& ladder)
      : matrix_(matrix), ladder_(ladder), claims_(by_claim(matrix)) {
    for (const auto& column : matrix.columns) nth_.push_back(repetitions(column.run));
  }

  Object build() const {
    List columns, table, changing;
    bool interrupted = false;
    for (size_t i = 0; i < matrix_.columns.size(); ++i) {
      columns.emplace_back(column(i));
      interrupted |= matrix_.columns[i].run.interrupted;
    }
    std::string group;
    for (const auto& claim : claims_) {
      std::string its =
          claim.changes ? "Changes between versions" : claim.claim.substr(0, claim.claim.find('.'));
      table.emplace_back(table_row(claim, its, its != group));
      if (claim.changes) changing.emplace_back(change(claim));
      group = its;
    }
    List legend;
    for (Verdict verdict : verdicts) legend.emplace_back(verdict_fields(verdict));
    return {{"program_version", matrix_.columns.back().run.program_version},
            {"oldest", matrix_.columns.front().short_name},
            {"newest", matrix_.columns.back().short_name},
            {"interrupted", interrupted},
            {"kernels", std::to_string(matrix_.columns.size())},
            {"claims", std::to_string(claims_.size())},
            {"tests", std::to_string(matrix_.rows.size())},
            {"changed", std::to_string(changing.size())},
            {"width", std::to_string(matrix_.columns.size() + 1)},
            {"legend", legend},
            {"columns", columns},
            {"table", table},
            {"changing", changing}};
  }

 private:
  Object column(size_t index) const {
    const Matrix::Column& column = matrix_.columns[index];
    const Run& run = column.run;
    List counts;
    for (Verdict verdict : verdicts) {
      auto number = std::ranges::count_if(matrix_.rows, [&](const MatrixRow& row) {
        return row.cells[index] && row.cells[index]->verdict == verdict;
      });
      if (number == 0) continue;
      Object o = verdict_fields(verdict);
      o["number"] = std::to_string(number);
      counts.emplace_back(std::move(o));
    }
    std::string where = "a machine's own kernel";
    if (run.guest)
      where =
          fmt::format("{}, {}, seed {}", run.guest->emulator,
                      run.guest->real_time ? "real time" : "idle time skipped", run.guest->seed);
    return {{"name", column_name(index)},
            {"plain", column.short_name},
            {"release", run.kernel},
            {"report", column.folder + "/report.html"},
            {"source", run.guest ? run.guest->source : ""},
            {"where", where},
            {"trouble", run.trouble},
            {"here", column.here},
            {"begin", show_utc(run.begin)},
            {"took", os::show(run.took)},
            {"command", run.command},
            {"version", run.program_version},
            {"counts", counts}};
  }

  Object table_row(const MatrixClaim& claim, const std::string& group, bool begins_group) const {
    const ClaimText* text = matrix_.find_claim_text(claim.claim);
    List cells;
    for (size_t i = 0; i < matrix_.columns.size(); ++i) cells.emplace_back(cell(claim, i));
    return {{"id", claim.claim},        {"statement", text ? text->statement : ""},
            {"group", group},           {"begins_group", begins_group},
            {"changes", claim.changes}, {"cells", cells}};
  }

  // What the families say of one kernel: together, where they agree.
  Object cell(const MatrixClaim& claim, size_t column) const {
    List said;
    bool steps = false;
    for (const MatrixRow* row : claim.rows)
      for (Step step : row->steps) steps |= step.after == column;
    for (const auto& one : sayings(claim, column, false)) said.emplace_back(one);
    return {{"said", said}, {"step", steps}};
  }

  // One for each family, or for all that have the same verdict, and `reasons`: the same reason.
  List sayings(const MatrixClaim& claim, size_t column, bool reasons) const {
    struct Saying {
      const FamilyVerdict* verdict;
      std::string families;
    };
    std::vector<Saying> all;
    for (const MatrixRow* row : claim.rows) {
      if (!row->cells[column]) continue;
      const FamilyVerdict& its = *row->cells[column];
      std::string family(label(row->family));
      auto same = std::ranges::find_if(all, [&](const Saying& saying) {
        return saying.verdict->verdict == its.verdict &&
               (!reasons || saying.verdict->reason == its.reason);
      });
      if (same == all.end())
        all.push_back({&its, family});
      else
        same->families += ", " + family;
    }
    List list;
    for (const Saying& saying : all) {
      Object o = verdict_fields(saying.verdict->verdict);
      o["families"] = saying.families;
      o["apart"] = all.size() > 1;
      o["reason"] = saying.verdict->reason;
      o["link"] = link(column, saying.verdict->results.front());
      list.emplace_back(std::move(o));
    }
    return list;
  }

  // Into the column's own report.
  std::string link(size_t column, size_t result) const {
    const Matrix::Column& its = matrix_.columns[column];
    return fmt::format("{}/report.html#{}", its.folder,
                       evidence_stem(its.run.results[result], nth_[column][result]));
  }

  Object change(const MatrixClaim& claim) const {
    const ClaimText* text = matrix_.find_claim_text(claim.claim);
    List kernels, steps;
    for (size_t i = 0; i < matrix_.columns.size(); ++i)
      kernels.emplace_back(Object{{"name", column_name(i)}, {"said", sayings(claim, i, true)}});
    for (Step its : steps_of(claim)) steps.emplace_back(step(claim, its));
    return {{"id", claim.claim},
            {"statement", text ? text->statement : ""},
            {"sources", text ? source_fields(text->sources) : List()},
            {"why", text ? text->why : ""},
            {"kernels", kernels},
            {"steps", steps}};
  }

  std::string column_name(size_t index) const {
    bool marked = matrix_.columns[index].here && matrix_.columns.size() > 1;
    return matrix_.columns[index].short_name + (marked ? "*" : "");
  }

  Object step(const MatrixClaim& claim, Step step) const {
    const Run &before = matrix_.columns[step.before].run, &after = matrix_.columns[step.after].run;
    List known, families;
    for (const auto* change : changes_between(claim.claim, before.kernel, after.kernel))
      known.emplace_back(Object{{"text", change->text},
                                {"commit", change->commit},
                                {"before", change->before},
                                {"since", change->since},
                                {"read", change->read}});
    for (const MatrixRow* row : claim.rows) {
      const auto &old = row->cells[step.before], &now = row->cells[step.after];
      if (!old || !now || old->verdict == now->verdict) continue;
      // The first one's diagrams are to be seen at once.
      families.emplace_back(family(*row, step, families.empty()));
    }
    return {{"from", column_name(step.before)},
            {"to", column_name(step.after)},
            {"known", known},
            {"families", families}};
  }

  Object family(const MatrixRow& row, Step step, bool open) const {
    const FamilyVerdict &old = *row.cells[step.before], &now = *row.cells[step.after];
    const Run &before = matrix_.columns[step.before].run, &after = matrix_.columns[step.after].run;
    Object object{{"label", label(row.family)}, {"open", open}, {"check", ""}, {"segment", ""}};
    ResultPair pair{old.results.front(), now.results.front()};
    if (auto pairs = pair_up(before, old.results, after, now.results, row.claim); !pairs.empty())
      pair = pairs.front();
    const LabResult &a = before.results[pair.a], &b = after.results[pair.b];
    if (auto check = first_check(a, b)) {
      object["check"] = check->what;
      object["check_before"] = check->a;
      object["check_after"] = check->b;
    }
    bool both = !a.recording.events.empty() && !b.recording.events.empty();
    if (auto segment = first_difference(a.recording, b.recording); both && segment) {
      object["segment"] = fmt::format("number {} of {}", segment->number, segment->sender);
      object["segment_before"] = segment->a.empty() ? "none" : segment->a;
      object["segment_after"] = segment->b.empty() ? "none" : segment->b;
    }
    object["settings"] = differing(a.recording.settings, b.recording.settings);
    object["sides"] = List{side(step.before, pair.a, old), side(step.after, pair.b, now)};
    return object;
  }

  // `-` stands for a setting that a kernel does not have.
  static List differing(const Settings& before, const Settings& after) {
    auto all = before;
    all.insert(after.begin(), after.end());
    auto value = [](const Settings& settings, const std::string& name) {
      auto at = settings.find(name);
      return at == settings.end() ? "-" : at->second;
    };
    List list;
    for (const auto& [name, ignored] : all)
      if (value(before, name) != value(after, name))
        list.emplace_back(
            Object{{"name", name}, {"before", value(before, name)}, {"after", value(after, name)}});
    return list;
  }

  Object side(size_t column, size_t result, const FamilyVerdict& verdict) const {
    const LabResult& its = matrix_.columns[column].run.results[result];
    Object o = verdict_fields(verdict.verdict);
    o["name"] = column_name(column);
    o["lab"] = its.lab;
    std::string stem = evidence_stem(its, nth_[column][result]);
    o["key"] = matrix_.columns[column].short_name + stem.substr(stem.rfind('/'));
    o["link"] = link(column, result);
    o["ladder"] = ladder_(its);
    return o;
  }

  const Matrix& matrix_;
  const std::function<std::string(const LabResult&)>& ladder_;
  const std::vector<MatrixClaim> claims_;
  std::vector<std::vector<int>> nth_;
};

}  // namespace

Value::Object model(const Matrix& matrix,
                    const std::function<std::string(const LabResult&)>& ladder) {
  return Model(matrix, ladder).build();
}

}  // namespace twlab::report
