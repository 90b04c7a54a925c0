#include <fmt/format.h>

#include <algorithm>

#include "report/ladder_rows.h"
#include "report/text.h"

namespace twlab::report {
namespace {

constexpr Duration shown_wait = 50ms;
constexpr size_t most_decisive = 60;  // that are shown from the middle of a long recording

bool decisive(const Row& row) {
  return (row.arrow && row.arrow->decisive) ||
         std::any_of(row.cells.begin(), row.cells.end(),
                     [](const auto& cell) { return cell && cell->decisive; });
}

std::vector<bool> rows_to_keep(const std::vector<Row>& rows, size_t keep) {
  std::vector<bool> kept(rows.size(), rows.size() <= 2 * keep + 1);
  size_t extra = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i < keep || i + keep >= rows.size())
      kept[i] = true;
    else if (decisive(rows[i]) && ++extra <= most_decisive)
      kept[i] = true;
  }
  // An arrow is not cut in two.
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].arrow) continue;
    bool either = kept[i] || kept[rows[i].arrow->arrival];
    kept[i] = kept[rows[i].arrow->arrival] = either;
  }
  return kept;
}

}  // namespace

void cut_and_break(Ladder& ladder, size_t keep) {
  auto kept = rows_to_keep(ladder.rows, keep);
  std::vector<Row> rows;
  std::vector<size_t> moved(ladder.rows.size());
  size_t omitted = 0;
  auto insert = [&](Row::Kind kind, Time time, std::string text) {
    Row& row = rows.emplace_back();
    row.kind = kind;
    row.time = time;
    row.text = std::move(text);
    row.cells.resize(ladder.lifelines.size());
  };
  for (size_t i = 0; i < ladder.rows.size(); ++i) {
    Row& row = ladder.rows[i];
    if (!kept[i]) {
      ++omitted;
      continue;
    }
    if (omitted) insert(Row::Kind::omitted, row.time, fmt::format("… {} more", omitted));
    if (!rows.empty() && !omitted && row.time - rows.back().time >= shown_wait)
      insert(Row::Kind::wait, rows.back().time, os::show(row.time - rows.back().time));
    omitted = 0;
    moved[i] = rows.size();
    rows.push_back(std::move(row));
  }
  for (Row& row : rows)
    if (row.arrow) row.arrow->arrival = moved[row.arrow->arrival];
  ladder.rows = std::move(rows);
}

std::string show(const Cell& cell, size_t columns) {
  std::string text = one_line(cell.text), tail = one_line(cell.tail);
  size_t room = columns - std::min(columns, width(tail));
  return shorten(shorten(text, room) + tail, columns);
}

std::string show_offset(const Ladder& ladder, Time time) {
  return fmt::format("{:.6f}", os::seconds(time - ladder.begin));
}

LadderOptions ladder_options(const LabResult& result) {
  LadderOptions options;
  for (const auto& section : result.sections)
    for (const auto& check : section.checks)
      options.evidence.insert(options.evidence.end(), check.evidence.begin(), check.evidence.end());
  return options;
}

}  // namespace twlab::report
