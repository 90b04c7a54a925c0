// What makes a page of hundreds of diagrams small: parts that are unpacked in the browser when they
// are looked at. templates/page.js reads what is written here.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "report/ladder_drawing.h"

namespace twlab::report {

// JSON, as zlib data (RFC 1950) in Base64: browsers have DecompressionStream("deflate") for it.
std::string pack(const nlohmann::json& json);

// Diagrams that resemble one another, as those of one lab on several kernels. Each different row is
// kept once, with gaps where numbers were that differ in every run:
//   U+0001: the next of the ladder's own `values`, which spaces separate: a duration;
//   U+0002 k "+" d ".": the sum, modulo 2^32, of the ladder's `bases[k]` and d: a sequence number
//   or a timestamp.
class LadderPack {
 public:
  // {width, height, hosts, frame, y, t, rows, values, bases}: y and t (in µs, null where no time is
  // shown) are differences to the row before, rows are indices into rows().
  nlohmann::json add(const DrawnLadder& ladder);
  const std::vector<std::string>& rows() const { return rows_; }

 private:
  std::vector<std::string> rows_;
  std::map<std::string, size_t> index_;
};

}  // namespace twlab::report
