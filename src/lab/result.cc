#include "lab/result.h"

#include <array>

namespace twlab {

std::string_view name(Verdict verdict) {
  static constexpr std::array<std::string_view, 5> names = {"confirmed", "refuted", "absent",
                                                            "inconclusive", "error"};
  return names.at(static_cast<size_t>(verdict));
}

}  // namespace twlab
