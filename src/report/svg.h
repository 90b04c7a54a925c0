// What the drawings have in common: text that grows, one SVG element to a line.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "report/text.h"

namespace twlab::report {

class SvgWriter {
 protected:
  template <typename... T>
  void put(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    out_ += '\n';
  }
  void text(double x, double y, std::string_view classes, std::string_view anchor,
            std::string_view words) {
    put(R"(<text x="{:.5g}" y="{:.5g}" class="{}" text-anchor="{}">{}</text>)", x, y, classes,
        anchor, escape_xml(words));
  }

  std::string out_;
};

}  // namespace twlab::report
