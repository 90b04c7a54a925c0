#include "lab/result.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace twlab {

std::string_view name(Verdict verdict) {
  static constexpr std::array<std::string_view, 5> names = {"confirmed", "refuted", "absent",
                                                            "inconclusive", "error"};
  return names.at(static_cast<size_t>(verdict));
}

std::string fault(const Plot& plot) {
  auto drawable = [](double value, const Plot::Axis& axis) {
    return std::isfinite(value) && (!axis.log || value > 0);
  };
  size_t points = 0;
  for (const Plot::Series& series : plot.series) {
    points += series.points.size();
    for (const Plot::Point& point : series.points)
      if (!drawable(point.x, plot.x) || !drawable(point.y, plot.y))
        return fmt::format("has in '{}' the point {}, {}, which is not on its axes", series.name,
                           point.x, point.y);
  }
  for (const Plot::Mark& mark : plot.marks)
    if (!drawable(mark.at, mark.vertical ? plot.x : plot.y))
      return fmt::format("has the mark '{}' at {}, which is not on its axis", mark.word, mark.at);
  if (points > Plot::most_points)
    return fmt::format("has {} points, more than {}", points, Plot::most_points);
  return "";
}

}  // namespace twlab
