#include "report/matrix.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

namespace twlab::report {
namespace {

std::vector<Step> steps(const std::vector<std::optional<FamilyVerdict>>& cells) {
  std::vector<Step> found;
  std::optional<size_t> last;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i] || !is_decided(cells[i]->verdict)) continue;
    if (last && cells[*last]->verdict != cells[i]->verdict) found.push_back({*last, i});
    last = i;
  }
  return found;
}

// In the order of the newest kernel's; what only others have goes behind the claim that it follows
// there.
std::vector<std::string> merge_order(const std::vector<std::vector<ClaimRow>>& columns) {
  std::vector<std::string> order;
  for (auto column = columns.rbegin(); column != columns.rend(); ++column) {
    auto at = order.begin();
    for (const auto& row : *column) {
      auto known = std::find(order.begin(), order.end(), row.claim);
      at = known == order.end() ? order.insert(at, row.claim) + 1 : known + 1;
    }
  }
  return order;
}

}  // namespace

bool is_decided(Verdict verdict) {
  return verdict == Verdict::confirmed || verdict == Verdict::refuted || verdict == Verdict::absent;
}

std::string version_of(const std::string& release) {
  return release.substr(0, release.find_first_not_of("0123456789", release.find('.') + 1));
}

bool older(const std::string& release, const std::string& other) {
  return strverscmp(release.c_str(), other.c_str()) < 0;
}

const ClaimText* Matrix::find_claim_text(std::string_view id) const {
  for (auto column = columns.rbegin(); column != columns.rend(); ++column)
    if (auto* text = report::find_claim_text(column->run, id)) return text;
  return nullptr;
}

Matrix make_matrix(std::vector<PlacedRun> runs) {
  std::stable_sort(runs.begin(), runs.end(), [](const PlacedRun& a, const PlacedRun& b) {
    return older(a.run.kernel, b.run.kernel);
  });
  std::map<std::string, size_t> versions;
  for (const auto& placed : runs) ++versions[version_of(placed.run.kernel)];
  for (size_t i = 1; i < runs.size(); ++i)
    if (runs[i].run.kernel == runs[i - 1].run.kernel)
      throw std::runtime_error(fmt::format("{} and {} both have results of Linux {}",
                                           runs[i - 1].folder, runs[i].folder, runs[i].run.kernel));

  Matrix matrix;
  std::vector<std::vector<ClaimRow>> rows;
  for (auto& placed : runs) {
    rows.push_back(claim_rows(placed.run));
    std::string version = version_of(placed.run.kernel);
    Matrix::Column& column = matrix.columns.emplace_back();
    column.short_name = versions[version] == 1 ? version : placed.run.kernel;
    column.here = !placed.run.guest;
    column.folder = std::move(placed.folder);
    column.run = std::move(placed.run);
  }
  for (const auto& claim : merge_order(rows)) {
    for (Family family : {Family::inet, Family::inet6}) {
      MatrixRow row{claim, family, {}, {}};
      bool ran = false;
      for (const auto& column : rows) {
        auto its = std::find_if(column.begin(), column.end(),
                                [&](const ClaimRow& r) { return r.claim == claim; });
        const FamilyVerdict* cell = its == column.end() ? nullptr : its->find(family);
        ran |= cell != nullptr;
        row.cells.push_back(cell ? std::optional(*cell) : std::nullopt);
      }
      if (!ran) continue;
      row.steps = steps(row.cells);
      matrix.rows.push_back(std::move(row));
    }
  }
  return matrix;
}

std::vector<MatrixClaim> by_claim(const Matrix& matrix) {
  std::vector<MatrixClaim> claims;
  for (const auto& row : matrix.rows) {
    if (claims.empty() || claims.back().claim != row.claim)
      claims.push_back({row.claim, {}, false});
    claims.back().rows.push_back(&row);
    claims.back().changes |= !row.steps.empty();
  }
  std::stable_partition(claims.begin(), claims.end(),
                        [](const MatrixClaim& claim) { return claim.changes; });
  return claims;
}

std::vector<Step> steps_of(const MatrixClaim& claim) {
  std::set<std::pair<size_t, size_t>> all;
  for (const auto* row : claim.rows)
    for (Step step : row->steps) all.insert({step.before, step.after});
  std::vector<Step> found;
  for (auto [before, after] : all) found.push_back({before, after});
  return found;
}

}  // namespace twlab::report
