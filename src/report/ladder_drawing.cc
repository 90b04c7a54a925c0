#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "report/ladder_drawing.h"
#include "report/ladder_rows.h"
#include "report/svg.h"
#include "report/text.h"

namespace twlab::report {
namespace {

// Pixels at a font size of 12; a column of the monospaced font is about 7.2 wide.
constexpr double column = 7.2, time_width = 84, gap = time_width - ladder_time_edge, head = 46;
constexpr size_t most_columns = 36;  // of a cell at the outer edge
constexpr size_t note_columns = 48;  // fits between two lifelines
constexpr double line_height = 14;

class Drawing : private SvgWriter {
 public:
  explicit Drawing(Ladder ladder) : ladder_(std::move(ladder)) {
    place_columns();
    place_rows();
  }

  DrawnLadder drawn() {
    DrawnLadder drawn;
    drawn.width = static_cast<int>(std::ceil(width_));
    drawn.height = static_cast<int>(std::ceil(height_));
    for (const auto& line : ladder_.lifelines)
      if (!line.host.empty()) drawn.hosts += (drawn.hosts.empty() ? "" : ", ") + line.host;
    draw_lifelines();
    draw_durations();
    drawn.frame = std::exchange(out_, {});
    for (size_t i = 0; i < ladder_.rows.size(); ++i) {
      const Row& row = ladder_.rows[i];
      draw(row, i);
      DrawnRow& its = drawn.rows.emplace_back();
      its.y = static_cast<int>(y_[i]);
      its.svg = std::exchange(out_, {});
      bool timed = row.kind == Row::Kind::plain || row.kind == Row::Kind::arrow ||
                   row.kind == Row::Kind::arrival || row.kind == Row::Kind::remark;
      if (timed) its.time = row.time - ladder_.begin;
    }
    return drawn;
  }

 private:
  void place_columns() {
    size_t last = ladder_.lifelines.size() - 1;
    size_t left = report::width(ladder_.lifelines[0].host),
           right = report::width(ladder_.lifelines[last].host);
    for (const auto& row : ladder_.rows) {
      if (row.cells[0]) left = std::max(left, report::width(show(*row.cells[0], most_columns)));
      if (row.cells[last])
        right = std::max(right, report::width(show(*row.cells[last], most_columns)));
    }
    double span = last > 1 ? 330 : 380;
    for (const auto& row : ladder_.rows)
      if (row.arrow)
        span = std::max(span, std::round((report::width(row.arrow->label) + 8) * column));
    double x =
        std::round(time_width + std::clamp(left, size_t(12), most_columns) * column + 2 * gap);
    for (size_t i = 0; i <= last; ++i) x_.push_back(x + i * span);
    width_ = x_.back() + std::clamp(right, size_t(12), most_columns) * column + 2 * gap;
  }

  void place_rows() {
    double y = head;
    for (const auto& row : ladder_.rows) {
      double above = 18, below = 6;
      if (row.kind == Row::Kind::arrow) above = 26, below = 8 + notes(row).size() * line_height;
      if (row.kind == Row::Kind::section) above = 30, below = 14;
      if (row.kind == Row::Kind::wait || row.kind == Row::Kind::omitted) above = 24, below = 20;
      y_.push_back(y += above);
      y += below;
    }
    height_ = y + 16;
  }

  static std::vector<std::string> notes(const Row& row) {
    std::vector<std::string> lines;
    if (!row.arrow || row.arrow->note.empty()) return lines;
    std::istringstream words(wrap(row.arrow->note, note_columns));
    for (std::string line; std::getline(words, line);) lines.push_back(line);
    return lines;
  }

  void draw_lifelines() {
    for (size_t i = 0; i < x_.size(); ++i) {
      text(x_[i], 18, "host", "middle", ladder_.lifelines[i].host);
      text(x_[i], 34, "dim", "middle", ladder_.lifelines[i].addresses);
      put(R"(<line class="life" x1="{0:.5g}" y1="{1:.5g}" x2="{0:.5g}" y2="{2:.5g}"/>)", x_[i],
          head - 4, height_ - 8);
    }
    text(ladder_time_edge, 34, "dim", "end", "seconds");
  }

  // A call that lasts is a bar beside its lifeline, from the row in which it began to the last row
  // before its return.
  void draw_durations() {
    for (size_t i = 0; i < ladder_.rows.size(); ++i) {
      for (size_t line = 0; line < x_.size(); ++line) {
        const auto& cell = ladder_.rows[i].cells[line];
        if (!cell || cell->kind != Cell::Kind::call || cell->end - cell->begin < 1ms) continue;
        size_t to = i;
        while (to + 1 < y_.size() && ladder_.rows[to + 1].time <= cell->end) ++to;
        if (to == i) continue;
        put(R"(<rect class="busy" x="{:.5g}" y="{:.5g}" width="6" height="{:.5g}" rx="3"/>)",
            x_[line] - 3, y_[i] - 4, y_[to] - y_[i] + 8);
      }
    }
  }

  void draw(const Row& row, size_t index) {
    double middle = (x_.front() + x_.back()) / 2;
    switch (row.kind) {
      case Row::Kind::section:
        put(R"(<rect class="band" x="{:.5g}" y="{:.5g}" width="{:.5g}" height="22" rx="4"/>)", gap,
            -15.0, width_ - 2 * gap);
        text(middle, 0, "section", "middle", row.text);
        return;
      case Row::Kind::remark:
        text(middle, 0, "note halo", "middle", row.text);
        break;
      case Row::Kind::omitted:
        text(middle, 0, "dim halo", "middle", row.text);
        return;
      case Row::Kind::wait:
        draw_wait(row);
        return;
      default:
        break;
    }
    if (row.arrow) draw_arrow(row, y_[row.arrow->arrival] - y_[index]);
    for (size_t i = 0; i < row.cells.size(); ++i)
      if (row.cells[i]) draw_cell(*row.cells[i], i);
  }

  void draw_wait(const Row& row) {
    for (double x : x_) {
      put(R"(<line class="cut" x1="{0:.5g}" y1="{1:.5g}" x2="{0:.5g}" y2="{2:.5g}"/>)", x, -13.0,
          7.0);
      put(R"(<path class="break" d="M{0:.5g} {1:.5g} l-5 4 l10 4 l-10 4 l5 4"/>)", x, -11.0);
    }
    text(ladder_time_edge, 0, "wait", "end", row.text);
    put(R"(<line class="pause" x1="{:.5g}" y1="{:.5g}" x2="{:.5g}" y2="{:.5g}"/>)", time_width,
        -4.0, width_ - gap, -4.0);
  }

  void draw_cell(const Cell& cell, size_t line) {
    bool left = line == 0;
    double x = left ? x_[0] - gap : x_[line] + gap;
    std::string_view kind = cell.kind == Cell::Kind::call    ? "call"
                            : cell.kind == Cell::Kind::state ? "state"
                                                             : "note";
    put(R"(<g class="cell {}{}"><title>{}</title>)", kind, cell.decisive ? " decisive" : "",
        escape_xml(cell.title));
    if (cell.kind == Cell::Kind::state)
      put(R"(<circle class="dot" cx="{:.5g}" cy="{:.5g}" r="{}"/>)", x_[line], -4.0,
          cell.decisive ? 5 : 3.5);
    std::string words = show(cell, most_columns - (cell.decisive ? 2 : 0));
    if (cell.decisive) words = left ? words + " ◆" : "◆ " + words;
    text(x, 0, "halo", left ? "end" : "start", words);
    put("</g>");
  }

  // `fall` is how far below its row it arrives.
  void draw_arrow(const Row& row, double fall) {
    const Arrow& arrow = *row.arrow;
    double from = x_[arrow.from], to = x_[arrow.to];
    double direction = to > from ? 1 : -1, length = std::abs(to - from);
    bool slanted = fall > 0;
    double y1 = 0, y2 = slanted ? fall : 3;
    if (arrow.lost) to = from + direction * length * 0.62;
    if (arrow.unsent) from += direction * length * 0.38;

    put(R"(<g class="segment{}{}"><title>{}</title>)", arrow.decisive ? " decisive" : "",
        arrow.lost ? " lost" : "", escape_xml(arrow.title));
    // The tip stands where the lifeline begins and points along the arrow.
    double dx = to - from, dy = y2 - y1, norm = std::hypot(dx, dy);
    double ux = dx / norm, uy = dy / norm, size = arrow.decisive ? 11 : 9;
    double tx = to - (arrow.lost ? 0 : direction), bx = tx - ux * size, by = y2 - uy * size;
    put(R"(<line class="wire" x1="{:.5g}" y1="{:.5g}" x2="{:.5g}" y2="{:.5g}"/>)", from, y1,
        arrow.lost ? to : bx, arrow.lost ? y2 : by);
    if (arrow.lost) {
      put(R"(<path class="cross" d="M{:.5g} {:.5g} l12 12 m0 -12 l-12 12"/>)", to - 6, y2 - 6);
      text(to + direction * 12, y2 + 4, "dim", direction > 0 ? "start" : "end", "lost");
    } else {
      put(R"(<path class="tip" d="M{:.5g} {:.5g} L{:.5g} {:.5g} L{:.5g} {:.5g} Z"/>)", tx, y2,
          bx - uy * size / 2.2, by + ux * size / 2.2, bx + uy * size / 2.2, by - ux * size / 2.2);
    }
    if (arrow.unsent) put(R"(<circle class="source" cx="{:.5g}" cy="{:.5g}" r="5"/>)", from, y1);

    // The label stands at the sender's end of a slanted arrow, which falls away below it.
    std::string label = (arrow.decisive ? "◆ " : "") + arrow.label;
    bool centred = !slanted && !arrow.lost && !arrow.unsent;
    double x = centred ? (from + to) / 2 : x_[arrow.from] + direction * (gap + 4);
    if (arrow.unsent) x = (from + to) / 2;
    std::string_view anchor = centred || arrow.unsent ? "middle" : direction > 0 ? "start" : "end";
    text(x, -6, "label halo", anchor, label);
    double below = line_height + (slanted ? 2 : 0);
    if (arrow.unsent) x = (x_[arrow.from] + to) / 2;
    for (const auto& line : notes(row)) {
      text(x, below, "note halo", anchor, line);
      below += line_height;
    }
    put("</g>");
  }

  Ladder ladder_;
  std::vector<double> x_, y_;  // of each lifeline, of each row's base line
  double width_ = 0, height_ = 0;
};

}  // namespace

std::vector<DrawnLadder> draw_ladders(const Recording& recording, const LadderOptions& options) {
  std::vector<DrawnLadder> drawn;
  for (auto& ladder : ladders(recording, options))
    drawn.push_back(Drawing(std::move(ladder)).drawn());
  return drawn;
}

}  // namespace twlab::report
