#include <fmt/format.h>

#include <algorithm>

#include "report/ladder.h"
#include "report/ladder_rows.h"
#include "report/text.h"

namespace twlab::report {
namespace {

// With what separates them 100: time, one edge, the lifelines with the arrows between them, the
// other edge.
constexpr size_t time_columns = 11, edge_columns = 22, between_columns = 40;

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

class Page {
 public:
  explicit Page(const Ladder& ladder)
      : ladder_(ladder),
        spans_(ladder.lifelines.size() - 1),
        span_((between_columns - (spans_ - 1)) / spans_) {}

  std::string text() {
    std::string head(time_columns + edge_columns + 2, ' ');
    for (size_t i = 0; i + 1 < ladder_.lifelines.size(); ++i)
      head += pad_right(ladder_.lifelines[i].host, span_ + 1);
    line(head + ladder_.lifelines.back().host);
    for (const auto& row : ladder_.rows) add(row);
    return std::move(out_);
  }

 private:
  void line(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    out_ += text + "\n";
  }

  // One row: `spans` holds what stands between each lifeline and the next.
  void full(const std::string& time, const Row& row, const std::vector<std::string>& spans,
            char life = '|') {
    auto cell = [&](size_t i) -> std::string {
      if (!row.cells[i]) return "";
      bool decisive = row.cells[i]->decisive;
      return fmt::format("{}{}", decisive ? "* " : "",
                         show(*row.cells[i], edge_columns - 2 * decisive));
    };
    std::string text = pad_left(time, time_columns) + " ";
    text += pad_left(cell(0), edge_columns) + " ";
    for (size_t i = 0; i < spans.size(); ++i) text += life + spans[i];
    line(text + life + " " + pad_right(cell(spans.size()), edge_columns));
  }

  std::vector<std::string> empty() const { return std::vector(spans_, std::string(span_, ' ')); }

  void across(const std::string& words) {
    line(std::string(time_columns + edge_columns + 2, ' ') +
         centre(words, spans_ * (span_ + 1) + 1));
  }

  void add(const Row& row) {
    switch (row.kind) {
      case Row::Kind::section: {
        auto title = shorten(one_line(row.text), 90);
        return line(fmt::format("--- {} {}", title, std::string(93 - width(title), '-')));
      }
      case Row::Kind::omitted:
        return across(row.text);
      case Row::Kind::remark:
        for (const auto& words : lines(row.text)) across(words);
        return;
      case Row::Kind::wait:
        return full(row.text, row, empty(), ':');
      default:
        break;
    }
    auto spans = empty();
    // A lifeline in the middle has no edge: its cell stands to the right of it.
    for (size_t i = 1; i < spans_; ++i)
      if (row.cells[i])
        spans[i] = pad_right(fmt::format(" {}", show(*row.cells[i], span_ - 1)), span_);
    const std::string time = show_offset(ladder_, row.time);
    if (row.kind == Row::Kind::arrival) return full(time, row, arrivals(row, spans));
    if (!row.arrow) return full(time, row, spans);

    const Arrow& arrow = *row.arrow;
    bool slanted = &ladder_.rows[arrow.arrival] != &row;
    spans[std::min(arrow.from, arrow.to)] = draw(arrow, slanted ? '~' : 0);
    full(time, row, spans);
    if (!arrow.note.empty())
      for (const auto& words : lines(arrow.note)) across(words);
  }

  static std::vector<std::string> lines(const std::string& words) {
    std::vector<std::string> all(1);
    for (char c : wrap(words, between_columns - 4)) {
      if (c == '\n')
        all.emplace_back();
      else
        all.back() += c;
    }
    return all;
  }

  // "--- [F.] seq 27 ack 1 --->"; `under_way` replaces the tip of what does not arrive in this row.
  std::string draw(const Arrow& arrow, char under_way) const {
    std::string label = (arrow.decisive ? " * " : " ") + shorten(arrow.label, span_ - 6) + " ";
    std::string shown = centre(label, span_, '-');
    bool right = arrow.to > arrow.from;
    (right ? shown.back() : shown.front()) = under_way ? under_way : right ? '>' : '<';
    if (arrow.lost) (right ? shown.back() : shown.front()) = 'x';
    if (arrow.unsent) (right ? shown.front() : shown.back()) = 'o';
    return shown;
  }

  std::vector<std::string> arrivals(const Row& row, std::vector<std::string> spans) const {
    for (const auto& other : ladder_.rows) {
      if (!other.arrow || &ladder_.rows[other.arrow->arrival] != &row) continue;
      Arrow end = *other.arrow;
      std::string shown = draw(end, 0);
      (end.to > end.from ? shown.front() : shown.back()) = '~';
      spans[std::min(end.from, end.to)] = shown;
    }
    return spans;
  }

  const Ladder& ladder_;
  size_t spans_, span_;
  std::string out_;
};

}  // namespace

std::string ladder_text(const Recording& recording, const LadderOptions& options) {
  std::string text;
  for (const auto& ladder : ladders(recording, options))
    text += (text.empty() ? "" : "\n") + Page(ladder).text();
  return text;
}

}  // namespace twlab::report
