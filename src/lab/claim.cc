#include "lab/claim.h"

#include <algorithm>

namespace twlab {

std::vector<std::string_view> opponents(std::string_view id) {
  std::vector<std::string_view> all;
  for (const Topic& topic : topics()) {
    if (topic.kind != Topic::Kind::disagreement) continue;
    auto has_it = [id](const auto& side) { return std::ranges::find(side, id) != side.end(); };
    if (std::ranges::none_of(topic.sides, has_it)) continue;
    for (const auto& side : topic.sides)
      if (!has_it(side)) all.insert(all.end(), side.begin(), side.end());
  }
  return all;
}

}  // namespace twlab
