#include "report/ladder_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text.h"

namespace twlab::report {
namespace {

// Time, one edge, the lifelines with the arrows between them, the
// other edge.
constexpr size_t time_columns = 11, most_columns = 100, least_columns = 72;

// Between the outer lifelines; less where that leaves the edges too little.
size_t columns_between(size_t columns) {
  return columns >= most_columns ? 40 : 34;
}

std::string pad_left(std::string_view text, size_t columns) {
  std::string shown = shorten(one_line(text), columns);
  return std::string(columns - width(shown), ' ') + shown;
}

std::string pad_right(std::string_view text, size_t columns) {
  std::string shown = shorten(one_line(text), columns);
  return shown + std::string(columns - width(shown), ' ');
}

std::string centre(std::string_view text, size_t columns, char fill = ' ') {
  std::string shown = shorten(one_line(text), columns);
  size_t left = (columns - width(shown)) / 2;
  return std::string(left, fill) + shown + std::string(columns - width(shown) - left, fill);
}

std::vector<std::string> lines(const std::string& words, size_t columns) {
  std::vector<std::string> all(1);
  for (char c : wrap(words, columns)) {
    if (c == '\n')
      all.emplace_back();
    else
      all.back() += c;
  }
  return all;
}

// Escape sequences (ECMA-48, SGR).
constexpr std::string_view dim = "2", bold = "1", call_colour = "36", state_colour = "1;34",
                           reset_colour = "1;31", syn_colour = "32", fin_colour = "35",
                           deciding_colour = "1;33";

std::string_view colour_of(const Arrow& arrow) {
  if (arrow.decisive) return deciding_colour;
  size_t open = arrow.label.find('['), close = arrow.label.find(']');
  if (open == arrow.label.npos || close == arrow.label.npos) return "";
  std::string_view flags(arrow.label.data() + open, close - open);
  if (flags.find('R') != flags.npos) return reset_colour;
  if (flags.find('S') != flags.npos) return syn_colour;
  if (flags.find('F') != flags.npos) return fin_colour;
  return "";
}

}  // namespace

LadderPage::LadderPage(const Ladder& ladder, const LadderOptions& options)
    : ladder_(ladder),
      spans_(ladder.lifelines.size() - 1),
      columns_(std::clamp(options.columns, least_columns, most_columns)),
      between_(columns_between(columns_)),
      edge_((columns_ - time_columns - 5 - between_) / 2),
      span_((between_ - (spans_ - 1)) / spans_),
      colour_(options.colour) {}

std::string LadderPage::paint(std::string_view code, const std::string& text) const {
  size_t begin = text.find_first_not_of(' ');
  if (!colour_ || code.empty() || begin == text.npos) return text;
  size_t end = text.find_last_not_of(' ') + 1;
  return fmt::format("{}\x1b[{}m{}\x1b[0m{}", text.substr(0, begin), code,
                     text.substr(begin, end - begin), text.substr(end));
}

std::string LadderPage::head() const {
  std::string head(time_columns + edge_ + 2, ' ');
  for (size_t i = 0; i + 1 < ladder_.lifelines.size(); ++i)
    head += pad_right(ladder_.lifelines[i].host, span_ + 1);
  return paint(bold, head + ladder_.lifelines.back().host) + "\n";
}

void LadderPage::line(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  out_ += text + "\n";
}

std::string LadderPage::cell(const Row& row, size_t lifeline, bool at_left) const {
  const auto& cell = row.cells[lifeline];
  if (!cell) return std::string(at_left ? edge_ : 0, ' ');
  std::string shown = (cell->decisive ? "* " : "") + show(*cell, edge_ - 2 * cell->decisive);
  std::string_view code = cell->decisive                    ? deciding_colour
                          : cell->kind == Cell::Kind::call  ? call_colour
                          : cell->kind == Cell::Kind::state ? state_colour
                                                            : "";
  return paint(code, at_left ? pad_left(shown, edge_) : pad_right(shown, edge_));
}

// One row: `spans` holds what stands between each lifeline and the next.
void LadderPage::full(const std::string& time, const Row& row,
                      const std::vector<std::string>& spans, char life) {
  std::string text = paint(dim, pad_left(time, time_columns)) + " " + cell(row, 0, true) + " ";
  for (const std::string& span : spans) text += life + span;
  line(text + life + " " + cell(row, spans.size(), false));
}

void LadderPage::across(const std::string& words) {
  line(std::string(time_columns + edge_ + 2, ' ') +
       paint(dim, centre(words, spans_ * (span_ + 1) + 1)));
}

std::string LadderPage::row(const Row& row, bool growing) {
  out_.clear();
  std::vector<std::string> spans(spans_, std::string(span_, ' '));
  switch (row.kind) {
    case Row::Kind::section: {
      auto title = shorten(one_line(row.text), columns_ - 10);
      line(paint(bold,
                 fmt::format("--- {} {}", title, std::string(columns_ - 7 - width(title), '-'))));
      return std::move(out_);
    }
    case Row::Kind::omitted:
      across(row.text);
      return std::move(out_);
    case Row::Kind::remark:
      for (const auto& words : lines(row.text, between_ - 4)) across(words);
      return std::move(out_);
    case Row::Kind::wait:
      full(row.text, row, spans, ':');
      return std::move(out_);
    default:
      break;
  }
  // A lifeline in the middle has no edge: its cell stands to the right of it.
  for (size_t i = 1; i < spans_; ++i)
    if (row.cells[i])
      spans[i] = pad_right(fmt::format(" {}", show(*row.cells[i], span_ - 1)), span_);
  const std::string time = show_offset(ladder_, row.time);
  if (row.kind == Row::Kind::arrival) {
    full(time, row, arrivals(row, spans));
    return std::move(out_);
  }
  if (!row.arrow) {
    full(time, row, spans);
    return std::move(out_);
  }
  Arrow arrow = *row.arrow;
  bool slanted = &ladder_.rows[arrow.arrival] != &row;
  if (growing && arrow.lost && arrow.note.find("dropped") == arrow.note.npos) {
    arrow.lost = false;
    slanted = true;
  }
  spans[std::min(arrow.from, arrow.to)] = draw(arrow, slanted ? '~' : 0);
  full(time, row, spans);
  if (!arrow.note.empty())
    for (const auto& words : lines(arrow.note, between_ - 4)) across(words);
  return std::move(out_);
}

// "--- [F.] seq 27 ack 1 --->"; `under_way` replaces the tip of what does not arrive in this row.
std::string LadderPage::draw(const Arrow& arrow, char under_way) const {
  std::string label = (arrow.decisive ? " * " : " ") + shorten(arrow.label, span_ - 6) + " ";
  std::string shown = centre(label, span_, '-');
  bool right = arrow.to > arrow.from;
  (right ? shown.back() : shown.front()) = under_way ? under_way : right ? '>' : '<';
  if (arrow.lost) (right ? shown.back() : shown.front()) = 'x';
  if (arrow.unsent) (right ? shown.front() : shown.back()) = 'o';
  return paint(colour_of(arrow), shown);
}

std::vector<std::string> LadderPage::arrivals(const Row& row,
                                              std::vector<std::string> spans) const {
  LadderOptions uncoloured;
  uncoloured.columns = columns_;
  LadderPage plain(ladder_, uncoloured);
  for (const auto& other : ladder_.rows) {
    if (!other.arrow || &ladder_.rows[other.arrow->arrival] != &row) continue;
    const Arrow& end = *other.arrow;
    std::string shown = plain.draw(end, 0);
    (end.to > end.from ? shown.front() : shown.back()) = '~';
    spans[std::min(end.from, end.to)] = paint(colour_of(end), shown);
  }
  return spans;
}

}  // namespace twlab::report
