// A plot as an inline SVG, and its numbers as a table.
//
// Series differ in colour, dash and shape of the marker, so that they are told apart in grey and by
// the colour-blind. Axes end at round numbers; a linear one begins at 0 unless all values are far
// from it. The value of a point shows when one points at it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/result.h"

namespace twlab::report {

// One <svg> element, every text escaped, no ids: several fit into one page, which has to have
// plot_css(). Throws std::invalid_argument for a plot that cannot be drawn (see fault()).
std::string plot_svg(const Plot& plot);
std::string_view plot_css();

// The points as rows, by x: the x, and what each series has there, "" where it has nothing.
struct PlotTable {
  std::vector<std::string> columns;  // "ports taken", "connect() (µs)"
  std::vector<std::vector<std::string>> rows;
};
PlotTable plot_table(const Plot& plot);

// An axis for values between these two: where it begins and ends, and the round numbers in between.
// `most` is how many ticks there is room for.
struct Scale {
  double first = 0, last = 1;
  std::vector<double> ticks;
  bool log = false;
  // 0 at the beginning of the axis, 1 at its end.
  double place(double value) const;
};
Scale scale(double least, double greatest, bool log, int most = 6);

// "30,000", "0.25", "1.5e-07": as many digits as tell it from others of its size.
std::string show_number(double value);

}  // namespace twlab::report
