// What both parts of report.html look up in a matrix: its first screen (page_overview) and what is
// unpacked later (html).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/matrix.h"

namespace twlab::report {

// From the verdict that says most of a claim as it was stated to the one that says least (run.h).
constexpr Verdict verdicts_by_weight[] = {Verdict::error, Verdict::refuted, Verdict::inconclusive,
                                          Verdict::absent, Verdict::confirmed};

// The matrix has to outlive it.
class PageView {
 public:
  explicit PageView(const Matrix& matrix);

  const Matrix& matrix() const { return matrix_; }
  const std::vector<MatrixClaim>& claims() const { return claims_; }
  const std::vector<Family>& families() const { return families_; }  // that ran

  // The column that stands for all where only one can: the machine's own kernel, otherwise the
  // newest on which labs ran.
  size_t chosen() const { return chosen_; }

  // Null where the claim did not run.
  const FamilyVerdict* cell(const MatrixClaim& claim, size_t column, Family family) const;
  // Of all families together, on the chosen kernel; on the newest other one where it did not run.
  std::optional<Verdict> overall(const MatrixClaim& claim) const;

  int repetition(size_t column, size_t result) const { return nth_[column][result]; }
  // "6.1/inet6-2": how a result is named in links, after its claim.
  std::string key(size_t column, size_t result) const;
  // "6.1", with a star where one of several is a machine's own.
  std::string column_name(size_t column) const;

 private:
  const Matrix& matrix_;
  const std::vector<MatrixClaim> claims_;
  std::vector<Family> families_;
  std::vector<std::vector<int>> nth_;
  size_t chosen_ = 0;
};

}  // namespace twlab::report
