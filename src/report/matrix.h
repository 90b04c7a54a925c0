// Claims by kernels: several runs of the same labs side by side.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/run.h"

namespace twlab::report {

// Confirmed, refuted or absent. What is inconclusive or broke says nothing of a kernel.
bool is_decided(Verdict verdict);

// A verdict that changes from one kernel to the next that has decided the claim.
struct Step {
  size_t before = 0, after = 0;  // indices into Matrix::columns
};

// A claim in one family on all kernels.
struct MatrixRow {
  std::string claim;
  Family family = Family::inet;
  std::vector<std::optional<FamilyVerdict>> cells;  // one for each column; none: not run
  std::vector<Step> steps;                          // oldest first; empty: no kernel is different
};

struct Matrix {
  static constexpr int current_schema = 1;  // of its results.json

  struct Column {
    Run run;
    std::string folder;      // of its results, relative to that of the matrix
    std::string short_name;  // "6.1"; the whole release where two columns have one version
    bool here = false;       // measured on a machine's own kernel, and not in a guest
  };
  std::vector<Column> columns;  // the oldest version first
  std::vector<MatrixRow> rows;  // in the order of the claims, each with its families

  // Null when no column has a text of it; otherwise the newest kernel's.
  const ClaimText* find_claim_text(std::string_view id) const;
};

// A run with the folder that it lies in, relative to that of the matrix.
struct PlacedRun {
  Run run;
  std::string folder;
};
// Throws std::runtime_error when two are of one kernel.
Matrix make_matrix(std::vector<PlacedRun> runs);

// A claim in all families. The rows are those of the matrix, which has to outlive it.
struct MatrixClaim {
  std::string claim;
  std::vector<const MatrixRow*> rows;  // by family
  bool changes = false;                // one of the rows has a step
};
// In the order of the rows, those that change before the others.
std::vector<MatrixClaim> by_claim(const Matrix& matrix);

// Every pair of neighbours between which a family changes, oldest first, each once.
std::vector<Step> steps_of(const MatrixClaim& claim);

// "6.1" of "6.1.0-37-cloud-amd64".
std::string version_of(const std::string& release);
// Whether the first is the older one: 6.9 before 6.12.
bool older(const std::string& release, const std::string& other);

}  // namespace twlab::report
