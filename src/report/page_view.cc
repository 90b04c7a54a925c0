#include "report/page_view.h"

#include <algorithm>
#include <set>

namespace twlab::report {

PageView::PageView(const Matrix& matrix) : matrix_(matrix), claims_(by_claim(matrix)) {
  for (const auto& column : matrix.columns) nth_.push_back(repetitions(column.run));
  std::set<Family> families;
  for (const auto& row : matrix.rows) families.insert(row.family);
  families_.assign(families.begin(), families.end());
  for (size_t i = 0; i < matrix.columns.size(); ++i)
    if (!matrix.columns[i].run.results.empty()) chosen_ = i;
  auto here = std::ranges::find_if(matrix.columns, &Matrix::Column::here);
  if (here != matrix.columns.end()) chosen_ = here - matrix.columns.begin();
}

const FamilyVerdict* PageView::cell(const MatrixClaim& claim, size_t column, Family family) const {
  for (const MatrixRow* row : claim.rows)
    if (row->family == family && row->cells[column]) return &*row->cells[column];
  return nullptr;
}

std::optional<Verdict> PageView::overall(const MatrixClaim& claim) const {
  std::vector<size_t> columns = {chosen_};
  for (size_t i = matrix_.columns.size(); i-- > 0;) columns.push_back(i);
  for (size_t column : columns)
    for (Verdict verdict : verdicts_by_weight)
      for (const MatrixRow* row : claim.rows)
        if (row->cells[column] && row->cells[column]->verdict == verdict) return verdict;
  return {};
}

std::string PageView::key(size_t column, size_t result) const {
  const LabResult& its = matrix_.columns[column].run.results[result];
  std::string stem = evidence_stem(its, repetition(column, result));
  return matrix_.columns[column].short_name + stem.substr(stem.rfind('/'));
}

std::string PageView::column_name(size_t column) const {
  bool marked = matrix_.columns[column].here && matrix_.columns.size() > 1;
  return matrix_.columns[column].short_name + (marked ? "*" : "");
}

}  // namespace twlab::report
