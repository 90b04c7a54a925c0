#include "cli/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cli/verdicts.h"
#include "report/read.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

using report::Matrix;
using report::MatrixClaim;

constexpr size_t columns = 80;
constexpr size_t widest_claim = 44, widest_kernel = 16;
constexpr std::string_view not_run = "·";

// Some neighbouring kernels of the matrix.
class Table {
 public:
  Table(const Matrix& matrix, size_t claim_width, size_t cell_width, bool colour)
      : matrix_(matrix), claim_width_(claim_width), cell_width_(cell_width), colour_(colour) {}

  std::string show(size_t first, size_t last) const {
    std::string text;
    auto add_line = [&](std::string_view head, auto&& cell) {
      std::string line = padded(report::shorten(head, claim_width_), claim_width_);
      for (size_t i = first; i < last; ++i) line += "  " + cell(i);
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    };
    add_line("claim", [&](size_t i) {
      const Matrix::Column& column = matrix_.columns[i];
      return padded(report::shorten(column.short_name, widest_kernel) + (column.here ? "*" : ""),
                    cell_width_);
    });
    bool changes = false;
    for (const MatrixClaim& claim : report::by_claim(matrix_)) {
      if (changes && !claim.changes) text += "\n";
      changes = claim.changes;
      add_line(claim.claim, [&](size_t i) { return cell(claim, i); });
    }
    text += "\n";
    for (Verdict verdict : {Verdict::confirmed, Verdict::refuted, Verdict::absent,
                            Verdict::inconclusive, Verdict::error})
      add_line(name(verdict),
               [&](size_t i) { return padded(std::to_string(count(verdict, i)), cell_width_); });
    return text;
  }

 private:
  static std::string padded(const std::string& text, size_t width) {
    return text + std::string(width - std::min(width, report::width(text)), ' ');
  }

  size_t count(Verdict verdict, size_t column) const {
    auto is = [&](const report::MatrixRow& row) {
      return row.cells[column] && row.cells[column]->verdict == verdict;
    };
    return static_cast<size_t>(std::ranges::count_if(matrix_.rows, is));
  }

  // Of the families that ran.
  std::string cell(const MatrixClaim& claim, size_t column) const {
    std::vector<Verdict> verdicts;
    for (const auto* row : claim.rows)
      if (row->cells[column]) verdicts.push_back(row->cells[column]->verdict);
    if (verdicts.empty()) return padded(std::string(not_run), cell_width_);
    if (std::ranges::count(verdicts, verdicts[0]) == std::ssize(verdicts)) verdicts.resize(1);
    std::string text;
    for (Verdict verdict : verdicts) {
      if (!text.empty()) text += "/";
      text += colour_ ? fmt::format("{}{}\x1b[0m", colour_of(verdict), report::symbol(verdict))
                      : std::string(report::symbol(verdict));
    }
    return text + std::string(cell_width_ - (2 * verdicts.size() - 1), ' ');
  }

  const Matrix& matrix_;
  size_t claim_width_, cell_width_;
  bool colour_;
};

// Why, once for all kernels that have the same reason.
std::string undecided(const Matrix& matrix) {
  std::string text;
  for (const Matrix::Column& column : matrix.columns)
    if (!column.run.trouble.empty())
      text += fmt::format("nothing on {}: {}\n", column.run.kernel, column.run.trouble);
  for (const auto& row : matrix.rows) {
    std::map<std::pair<Verdict, std::string>, std::string> kernels;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (!row.cells[i] || report::is_decided(row.cells[i]->verdict)) continue;
      auto& names = kernels[{row.cells[i]->verdict, report::one_line(row.cells[i]->reason)}];
      names += (names.empty() ? "" : ", ") + matrix.columns[i].short_name;
    }
    for (const auto& [said, names] : kernels)
      text += report::wrap(fmt::format("{} {} {} on {}: {}", row.claim, name(row.family),
                                       name(said.first), names, said.second),
                           columns - 2, "\n  ") +
              "\n";
  }
  return text.empty() ? text : text + "\n";
}

std::string legend(const Matrix& matrix) {
  std::string text;
  for (Verdict verdict : {Verdict::confirmed, Verdict::refuted, Verdict::absent,
                          Verdict::inconclusive, Verdict::error})
    text += fmt::format("{} {}  ", report::symbol(verdict), name(verdict));
  text += fmt::format("{} not run\nTwo signs: IPv4 and IPv6.", not_run);
  if (std::ranges::any_of(matrix.columns, &Matrix::Column::here))
    text += " *: a machine's own kernel.";
  return text + "\n";
}

}  // namespace

std::string show_table(const Matrix& matrix, bool colour) {
  size_t claim_width = 12, cell_width = 4;
  for (const auto& row : matrix.rows) claim_width = std::max(claim_width, row.claim.size());
  claim_width = std::min(claim_width, widest_claim);
  for (const auto& column : matrix.columns)
    cell_width =
        std::max(cell_width, std::min(column.short_name.size(), widest_kernel) + column.here);
  const size_t at_a_time = (columns - claim_width) / (cell_width + 2);

  Table table(matrix, claim_width, cell_width, colour);
  std::string text;
  for (size_t first = 0; first < matrix.columns.size(); first += at_a_time)
    text += table.show(first, std::min(first + at_a_time, matrix.columns.size())) + "\n";
  auto claims = report::by_claim(matrix);
  auto changing = std::ranges::count_if(claims, [](const MatrixClaim& c) { return c.changes; });
  return text + undecided(matrix) + legend(matrix) +
         fmt::format("\nClaims: {}. Changing between these kernels: {}.\n", claims.size(),
                     changing);
}

void print_results(const std::filesystem::path& out) {
  std::vector<report::PlacedRun> runs;
  for (const auto& folder : report::kernel_folders(out))
    runs.push_back({report::read_results(report::results_file(folder)), folder.filename()});
  if (runs.empty())
    fmt::print("{}", show_table(report::read_results(report::results_file(out)), false));
  else
    fmt::print("{}", show_table(report::make_matrix(std::move(runs)), false));
  fmt::print("\nReport: {}/report.html\n", out.string());
}

}  // namespace twlab::cli
