#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "report/svg.h"
#include "report/text.h"

namespace twlab::report {
namespace {

// In units of the drawing, which is as wide as the page on a phone and no more than that on a
// screen. Text is larger there (plot_css()), and the distances leave room for it.
constexpr double width = 640, left = 96, right = 24, line_height = 26, area = 300;
constexpr double text_width = 11.5;  // of a character on a phone

// Shapes of markers, around 0 0, about 9 across.
constexpr std::array<const char*, 5> shapes = {
    "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",  // a disc
    "m-4-4h8v8h-8z",                                 // a square
    "m0-5l5 9h-10z",                                 // a triangle
    "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z",             // a diamond
    "m-4-4l8 8m0-8l-8 8",                            // a cross
};

std::string labelled(const Plot::Axis& axis) {
  return axis.unit.empty() || axis.unit == axis.label ? axis.label
                                                      : axis.label + " (" + axis.unit + ")";
}

std::string valued(double value, const Plot::Axis& axis) {
  return show_number(value) + (axis.unit.empty() ? "" : " " + axis.unit);
}

// On an axis there is room for no more than "100,000".
std::string show_tick(double value) {
  return std::abs(value) < 1e6 || std::abs(value) >= 1e12 ? show_number(value)
                                                          : show_number(value / 1e6) + " M";
}

class Drawing : private SvgWriter {
 public:
  explicit Drawing(const Plot& plot) : plot_(plot) {
    double none = std::numeric_limits<double>::infinity();
    double x0 = none, x1 = -none, y0 = none, y1 = -none;
    for (const auto& series : plot.series)
      for (const auto& point : series.points) {
        x0 = std::min(x0, point.x), x1 = std::max(x1, point.x);
        y0 = std::min(y0, point.y), y1 = std::max(y1, point.y);
        ++points_;
      }
    if (points_ == 0) x0 = x1 = y0 = y1 = 1;
    for (const auto& mark : plot.marks) {
      auto& least = mark.vertical ? x0 : y0;
      auto& greatest = mark.vertical ? x1 : y1;
      least = std::min(least, mark.at), greatest = std::max(greatest, mark.at);
    }
    x_ = scale(x0, x1, plot.x.log, 7);
    y_ = scale(y0, y1, plot.y.log);
    top_ = 18 + line_height * double(plot.series.size() + 1);
    height_ = top_ + area + 62;
  }

  std::string svg() {
    put(R"(<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {:.0f} {:.0f}" role="img">)",
        width, height_);
    put("<title>{}</title><desc>{}</desc>", escape_xml(plot_.title), escape_xml(description()));
    draw_axes();
    for (const auto& mark : plot_.marks) draw(mark);
    for (size_t i = 0; i < plot_.series.size(); ++i) draw(plot_.series[i], i);
    for (const auto& mark : plot_.marks) draw_word(mark);
    for (size_t i = 0; i < plot_.series.size(); ++i) draw_legend(plot_.series[i], i);
    if (points_ == 0)
      text(left + span() / 2, top_ + area / 2, "dim", "middle", "nothing was measured");
    put("</svg>");
    return std::move(out_);
  }

 private:
  void line(std::string_view classes, double x1, double y1, double x2, double y2) {
    put(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", classes, x1, y1,
        x2, y2);
  }
  static double span() { return width - left - right; }
  double x(double value) const { return left + span() * x_.place(value); }
  double y(double value) const { return top_ + area * (1 - y_.place(value)); }

  // What a reader who does not see it should know.
  std::string description() const {
    std::string words = fmt::format("{} over {}", labelled(plot_.y), labelled(plot_.x));
    for (const auto& series : plot_.series) {
      words += "; " + series.name + ": ";
      if (series.points.empty()) {
        words += "no points";
        continue;
      }
      auto show = [&](const Plot::Point& p) {
        return fmt::format("{} at {}", valued(p.y, plot_.y), valued(p.x, plot_.x));
      };
      words += show(series.points.front());
      if (series.points.size() > 1) words += " to " + show(series.points.back());
    }
    for (const auto& mark : plot_.marks)
      words +=
          fmt::format("; {} at {}", mark.word, valued(mark.at, mark.vertical ? plot_.x : plot_.y));
    return words;
  }

  void draw_axes() {
    text(8, top_ - 16, "axis", "start", labelled(plot_.y));
    for (double tick : y_.ticks) {
      line(tick == y_.first ? "base" : "grid", left, y(tick), width - right, y(tick));
      text(left - 8, y(tick) + 5, "tick", "end", show_tick(tick));
    }
    if (y_.ticks.empty() || y_.ticks.front() != y_.first)
      line("base", left, top_ + area, width - right, top_ + area);
    // The words of the ticks must not run into one another.
    double free = 0;
    for (double tick : x_.ticks) {
      line("base", x(tick), top_ + area, x(tick), top_ + area + 5);
      std::string words = show_tick(tick);
      double half = double(words.size()) * text_width / 2;
      if (x(tick) - half < free) continue;
      text(std::min(x(tick), width - half), top_ + area + 24, "tick", "middle", words);
      free = x(tick) + half + 8;
    }
    text(left + span() / 2, top_ + area + 50, "axis", "middle", labelled(plot_.x));
  }

  void draw(const Plot::Mark& mark) {
    if (mark.vertical)
      line("mark", x(mark.at), top_, x(mark.at), top_ + area);
    else
      line("mark", left, y(mark.at), width - right, y(mark.at));
  }

  void draw_word(const Plot::Mark& mark) {
    if (!mark.vertical) return draw_word_beside(y(mark.at), mark.word);
    bool at_the_left = x_.place(mark.at) > 0.5;
    text(x(mark.at) + (at_the_left ? -7 : 7), top_ + 18, "word", at_the_left ? "end" : "start",
         mark.word);
  }

  // Above or below the line, at its right or left end: where the fewest points are in the way.
  void draw_word_beside(double line, const std::string& word) {
    double least = std::numeric_limits<double>::infinity();
    bool right_end = true, above = true;
    for (bool high : {true, false})
      for (bool right_side : {true, false}) {
        double points = 0, room = double(word.size()) * text_width;
        for (const auto& series : plot_.series)
          for (const auto& p : series.points) {
            double across = right_side ? width - right - x(p.x) : x(p.x) - left;
            double up = high ? line - y(p.y) : y(p.y) - line;
            points += across < room && up > -6 && up < 30;
          }
        if (points < least) least = points, right_end = right_side, above = high;
      }
    text(right_end ? width - right - 4 : left + 6, line + (above ? -6 : 18), "word",
         right_end ? "end" : "start", word);
  }

  void draw(const Plot::Series& series, size_t number) {
    put(R"(<g class="s{}{}">)", number % shapes.size(), series.points.size() > 30 ? " many" : "");
    if (series.line && series.points.size() > 1) {
      std::string path;
      for (const auto& p : series.points)
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x(p.x), y(p.y));
      put(R"(<path class="line" d="{}"/>)", path);
    }
    for (const auto& p : series.points)
      put(R"(<path class="dot" d="M{:.1f} {:.1f}{}"><title>{}: {}, {}</title></path>)", x(p.x),
          y(p.y), shapes[number % shapes.size()], escape_xml(series.name),
          escape_xml(valued(p.x, plot_.x)), escape_xml(valued(p.y, plot_.y)));
    put("</g>");
  }

  void draw_legend(const Plot::Series& series, size_t number) {
    double at = 12 + line_height * double(number);
    put(R"(<g class="s{}">)", number % shapes.size());
    if (series.line) put(R"(<path class="line" d="M8 {0:.1f}H60"/>)", at);
    put(R"(<path class="dot" d="M34 {:.1f}{}"/>)", at, shapes[number % shapes.size()]);
    put("</g>");
    text(70, at + 5, "name", "start", series.name + (series.points.empty() ? ": no points" : ""));
  }

  const Plot& plot_;
  Scale x_, y_;
  double top_ = 0, height_ = 0;
  size_t points_ = 0;
};

}  // namespace

std::string_view plot_css() {
  return R"(
.plot { --s0: #0072b2; --s1: #c04f00; --s2: #007a5a; --s3: #9a3f86; --s4: #1f2328;
  --paper: #ffffff; --ink: #1f2328; --faint: #636c76; --rule: #8c959f; --grid: #e3e7eb;
  display: block; width: 100%; max-width: 44rem; height: auto; font: 13px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  .plot { --s0: #56b4e9; --s1: #ff9a3d; --s2: #3fcf9f; --s3: #e59ad2; --s4: #dfe5ec;
    --paper: #0f1318; --ink: #dfe5ec; --faint: #98a2ad; --rule: #6b7682; --grid: #262d36; }
}
.plot text { fill: var(--ink); font-variant-numeric: tabular-nums; }
.plot .tick, .plot .dim { fill: var(--faint); }
.plot .word { font-style: italic; paint-order: stroke; stroke: var(--paper); stroke-width: 4px;
  stroke-linejoin: round; }
.plot .axis { font-weight: 600; }
.plot .grid { stroke: var(--grid); }
.plot .base { stroke: var(--rule); }
.plot .mark { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 1 4; stroke-linecap: round; }
.plot .line { fill: none; stroke: var(--s); stroke-width: 2; stroke-linejoin: round; }
.plot .dot { fill: var(--s); stroke: var(--paper); stroke-width: 1; }
.plot .many .dot { transform-box: fill-box; transform-origin: center; transform: scale(.6); }
.plot .s0 { --s: var(--s0); }
.plot .s1 { --s: var(--s1); }
.plot .s2 { --s: var(--s2); }
.plot .s3 { --s: var(--s3); }
.plot .s4 { --s: var(--s4); }
.plot .s1 .line { stroke-dasharray: 8 4; }
.plot .s2 .line { stroke-dasharray: 2 3; }
.plot .s3 .line { stroke-dasharray: 10 3 2 3; }
.plot .s4 .line { stroke-dasharray: 4 6; }
.plot .s1 .dot, .plot .s3 .dot { fill: var(--paper); stroke: var(--s); stroke-width: 1.8; }
.plot .s4 .dot { fill: none; stroke: var(--s); stroke-width: 1.8; }
@media (max-width: 40rem) { .plot { font-size: 20px; } }
)";
}

std::string plot_svg(const Plot& plot) {
  if (std::string why = fault(plot); !why.empty())
    throw std::invalid_argument("the plot '" + plot.title + "' " + why);
  return Drawing(plot).svg();
}

PlotTable plot_table(const Plot& plot) {
  PlotTable table;
  table.columns.push_back(labelled(plot.x));
  std::map<double, std::vector<std::string>> rows;
  for (size_t i = 0; i < plot.series.size(); ++i) {
    const auto& series = plot.series[i];
    table.columns.push_back(plot.y.unit.empty() ? series.name
                                                : fmt::format("{} ({})", series.name, plot.y.unit));
    for (const auto& point : series.points) {
      auto& cells = rows[point.x];
      cells.resize(plot.series.size());
      cells[i] += (cells[i].empty() ? "" : "; ") + show_number(point.y);
    }
  }
  for (auto& [x, cells] : rows) {
    cells.insert(cells.begin(), show_number(x));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace twlab::report
