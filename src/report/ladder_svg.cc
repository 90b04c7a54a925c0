#include <fmt/format.h>

#include <algorithm>

#include "report/ladder.h"
#include "report/ladder_drawing.h"
#include "report/svg.h"

namespace twlab::report {
namespace {

class Writer : private SvgWriter {
 public:
  std::string svg(const std::vector<DrawnLadder>& ladders, bool standalone) {
    int width = 0, height = 0;
    std::string hosts;
    for (const auto& ladder : ladders) {
      width = std::max(width, ladder.width);
      height += ladder.height;
      hosts += (hosts.empty() ? "" : "; ") + ladder.hosts;
    }
    put(R"(<svg class="ladder" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" )"
        R"(width="{0}" height="{1}" role="img" aria-label="Ladder diagram of {2}">)",
        width, height, escape_xml(hosts));
    if (standalone)
      put("<style>{}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>",
          ladder_css());
    int top = 0;
    for (const auto& ladder : ladders) {
      put(R"(<svg x="{}" y="{}" width="{}" height="{}">)", (width - ladder.width) / 2, top,
          ladder.width, ladder.height);
      out_ += ladder.frame;
      for (const auto& row : ladder.rows) draw(row);
      put("</svg>");
      top += ladder.height;
    }
    put("</svg>");
    return std::move(out_);
  }

 private:
  void draw(const DrawnRow& row) {
    put(R"svg(<g transform="translate(0 {})">)svg", row.y);
    if (row.time)
      text(ladder_time_edge, 0, "time", "end", fmt::format("{:.6f}", os::seconds(*row.time)));
    out_ += row.svg;
    put("</g>");
  }
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
  return Writer().svg(draw_ladders(recording, options), options.standalone);
}

}  // namespace twlab::report
