#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "report/ladder.h"
#include "report/ladder_rows.h"
#include "report/svg.h"
#include "report/text.h"

namespace twlab::report {
namespace {

// Pixels at a font size of 12; a column of the monospaced font is about 7.2 wide.
constexpr double column = 7.2, time_width = 84, gap = 12, head = 46;
constexpr size_t most_columns = 36;  // of a cell at the outer edge
constexpr size_t note_columns = 48;  // fits between two lifelines
constexpr double line_height = 14;

class Drawing : private SvgWriter {
 public:
  explicit Drawing(Ladder ladder) : ladder_(std::move(ladder)) {
    place_columns();
    place_rows();
  }

  double width() const { return width_; }
  double height() const { return height_; }
  std::string hosts() const {
    std::string names;
    for (const auto& line : ladder_.lifelines) names += " " + line.host;
    return names;
  }

  // As an element inside a drawing of that width.
  std::string svg(double outer_width, double top) {
    put(R"(<svg x="{:.0f}" y="{:.0f}" width="{:.0f}" height="{:.0f}">)", (outer_width - width_) / 2,
        top, width_, height_);
    draw_lifelines();
    draw_durations();
    for (size_t i = 0; i < ladder_.rows.size(); ++i) draw(ladder_.rows[i], y_[i]);
    put("</svg>");
    return std::move(out_);
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
      if (row.arrow) span = std::max(span, (report::width(row.arrow->label) + 8) * column);
    double x = time_width + std::clamp(left, size_t(12), most_columns) * column + 2 * gap;
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
      put(R"(<line class="life" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>)", x_[i],
          head - 4, height_ - 8);
    }
    text(time_width - gap, 34, "dim", "end", "seconds");
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
        put(R"(<rect class="busy" x="{:.1f}" y="{:.1f}" width="6" height="{:.1f}" rx="3"/>)",
            x_[line] - 3, y_[i] - 4, y_[to] - y_[i] + 8);
      }
    }
  }

  void draw(const Row& row, double y) {
    double middle = (x_.front() + x_.back()) / 2;
    switch (row.kind) {
      case Row::Kind::section:
        put(R"(<rect class="band" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="22" rx="4"/>)", gap,
            y - 15, width_ - 2 * gap);
        text(middle, y, "section", "middle", row.text);
        return;
      case Row::Kind::remark:
        text(middle, y, "note halo", "middle", row.text);
        break;
      case Row::Kind::omitted:
        text(middle, y, "dim halo", "middle", row.text);
        return;
      case Row::Kind::wait:
        draw_wait(row, y);
        return;
      default:
        break;
    }
    text(time_width - gap, y, "time", "end", show_offset(ladder_, row.time));
    if (row.arrow) draw_arrow(row, y);
    for (size_t i = 0; i < row.cells.size(); ++i)
      if (row.cells[i]) draw_cell(*row.cells[i], i, y);
  }

  void draw_wait(const Row& row, double y) {
    for (double x : x_) {
      put(R"(<line class="cut" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>)", x, y - 13,
          y + 7);
      put(R"(<path class="break" d="M{0:.1f} {1:.1f} l-5 4 l10 4 l-10 4 l5 4"/>)", x, y - 11);
    }
    text(time_width - gap, y, "wait", "end", row.text);
    put(R"(<line class="pause" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", time_width,
        y - 4, width_ - gap, y - 4);
  }

  void draw_cell(const Cell& cell, size_t line, double y) {
    bool left = line == 0;
    double x = left ? x_[0] - gap : x_[line] + gap;
    std::string_view kind = cell.kind == Cell::Kind::call    ? "call"
                            : cell.kind == Cell::Kind::state ? "state"
                                                             : "note";
    put(R"(<g class="cell {}{}"><title>{}</title>)", kind, cell.decisive ? " decisive" : "",
        escape_xml(cell.title));
    if (cell.kind == Cell::Kind::state)
      put(R"(<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{}"/>)", x_[line], y - 4,
          cell.decisive ? 5 : 3.5);
    std::string words = show(cell, most_columns - (cell.decisive ? 2 : 0));
    if (cell.decisive) words = left ? words + " ◆" : "◆ " + words;
    text(x, y, "halo", left ? "end" : "start", words);
    put("</g>");
  }

  void draw_arrow(const Row& row, double y) {
    const Arrow& arrow = *row.arrow;
    double from = x_[arrow.from], to = x_[arrow.to];
    double direction = to > from ? 1 : -1, length = std::abs(to - from);
    double y1 = y, y2 = y_[arrow.arrival];
    bool slanted = y2 > y1;
    if (!slanted) y2 = y1 + 3;
    if (arrow.lost) to = from + direction * length * 0.62;
    if (arrow.unsent) from += direction * length * 0.38;

    put(R"(<g class="segment{}{}"><title>{}</title>)", arrow.decisive ? " decisive" : "",
        arrow.lost ? " lost" : "", escape_xml(arrow.title));
    // The tip stands where the lifeline begins and points along the arrow.
    double dx = to - from, dy = y2 - y1, norm = std::hypot(dx, dy);
    double ux = dx / norm, uy = dy / norm, size = arrow.decisive ? 11 : 9;
    double tx = to - (arrow.lost ? 0 : direction), bx = tx - ux * size, by = y2 - uy * size;
    put(R"(<line class="wire" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", from, y1,
        arrow.lost ? to : bx, arrow.lost ? y2 : by);
    if (arrow.lost) {
      put(R"(<path class="cross" d="M{:.1f} {:.1f} l12 12 m0 -12 l-12 12"/>)", to - 6, y2 - 6);
      text(to + direction * 12, y2 + 4, "dim", direction > 0 ? "start" : "end", "lost");
    } else {
      put(R"(<path class="tip" d="M{:.1f} {:.1f} L{:.1f} {:.1f} L{:.1f} {:.1f} Z"/>)", tx, y2,
          bx - uy * size / 2.2, by + ux * size / 2.2, bx + uy * size / 2.2, by - ux * size / 2.2);
    }
    if (arrow.unsent) put(R"(<circle class="source" cx="{:.1f}" cy="{:.1f}" r="5"/>)", from, y1);

    // The label stands at the sender's end of a slanted arrow, which falls away below it.
    std::string label = (arrow.decisive ? "◆ " : "") + arrow.label;
    bool centred = !slanted && !arrow.lost && !arrow.unsent;
    double x = centred ? (from + to) / 2 : x_[arrow.from] + direction * (gap + 4);
    if (arrow.unsent) x = (from + to) / 2;
    std::string_view anchor = centred || arrow.unsent ? "middle" : direction > 0 ? "start" : "end";
    text(x, y - 6, "label halo", anchor, label);
    double below = y + line_height + (slanted ? 2 : 0);
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

std::string_view ladder_css() {
  return R"(
.ladder { --paper: #ffffff; --ink: #1f2328; --faint: #636c76; --rule: #8c959f; --sent: #0a55a8;
  --decides: #b34700; --band: #eef1f4;
  font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; color: var(--ink); }
@media (prefers-color-scheme: dark) {
  .ladder { --paper: #0f1318; --ink: #dfe5ec; --faint: #8f9aa6; --rule: #6b7682; --sent: #6cb0ff;
    --decides: #ffa04d; --band: #1d242c; }
}
.ladder text { fill: var(--ink); }
.ladder .paper { fill: var(--paper); }
.ladder .host { font-weight: 700; font-size: 14px; }
.ladder .dim, .ladder .time { fill: var(--faint); font-size: 11px; }
.ladder .wait { fill: var(--ink); font-weight: 700; font-size: 11px; }
.ladder .note { fill: var(--faint); font-style: italic; font-size: 11px; }
.ladder .section { font-weight: 700; }
.ladder .band { fill: var(--band); }
.ladder .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px;
  stroke-linejoin: round; }
.ladder .life { stroke: var(--rule); stroke-width: 1.5; }
.ladder .cut { stroke: var(--paper); stroke-width: 4; }
.ladder .break { stroke: var(--rule); stroke-width: 1.5; fill: none; }
.ladder .pause { stroke: var(--rule); stroke-width: 1; stroke-dasharray: 1 5; }
.ladder .busy { fill: var(--rule); opacity: .55; }
.ladder .state text { font-weight: 700; }
.ladder .dot { fill: var(--ink); stroke: var(--paper); stroke-width: 1.5; }
.ladder .wire { stroke: var(--sent); stroke-width: 1.4; }
.ladder .tip { fill: var(--sent); }
.ladder .source { fill: var(--paper); stroke: var(--sent); stroke-width: 1.6; }
.ladder .cross { stroke: var(--sent); stroke-width: 2; fill: none; }
.ladder .lost .wire { stroke-dasharray: 6 4; }
.ladder .decisive .wire { stroke: var(--decides); stroke-width: 3; }
.ladder .decisive .tip { fill: var(--decides); }
.ladder .decisive .cross, .ladder .decisive .source { stroke: var(--decides); stroke-width: 3; }
.ladder .decisive .label, .ladder .cell.decisive text { fill: var(--decides); font-weight: 700; }
.ladder .decisive .dot { fill: var(--decides); }
)";
}

std::string ladder_svg(const Recording& recording, const LadderOptions& options) {
  std::vector<Drawing> drawings;
  double width = 0, height = 0;
  std::string hosts;
  for (auto& ladder : ladders(recording, options)) {
    const Drawing& drawing = drawings.emplace_back(std::move(ladder));
    width = std::max(width, drawing.width());
    height += drawing.height();
    hosts += drawing.hosts();
  }
  std::string svg = fmt::format(
      R"(<svg class="ladder" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" )"
      R"(width="{0:.0f}" height="{1:.0f}" role="img" aria-label="Ladder diagram of{2}">)",
      width, height, escape_xml(hosts));
  if (options.standalone)
    svg +=
        fmt::format("<style>{}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
                    ladder_css());
  double top = 0;
  for (auto& drawing : drawings) {
    svg += drawing.svg(width, top);
    top += drawing.height();
  }
  return svg + "</svg>\n";
}

}  // namespace twlab::report
