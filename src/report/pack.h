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

// Parts of a page that resemble one another, as those of one lab on several kernels: each different
// line of HTML and each different row of a diagram is kept once, and the parts say which. What
// differs from run to run, or between IPv4 and IPv6, is taken out of a row and leaves a gap:
//   U+0001         the next of the ladder's `values`, which semicolons separate: "9.31 us"
//   U+0002         the next of its `bases`: a sequence number, a timestamp, a port
//   U+0002 k +d .  the sum, modulo 2^32, of d and the base that was k-th last in use, from 0
//   U+0002 k .     the same, and d is the next of the values: a timestamp
//   U+0003 k .     its `addresses[k]`
//   U+0004         a frame's number: the one before and the next of its `frames`
class Parts {
 public:
  // {width, height, hosts, frame, y, t, rows, values, bases, addresses, frames}: y and t (in µs,
  // null where no time is shown) are differences to the row before; rows are indices into texts().
  nlohmann::json add(const DrawnLadder& ladder);
  // Indices into texts(), one for each line.
  nlohmann::json add(std::string_view html);
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  size_t index(std::string text);

  std::vector<std::string> texts_;
  std::map<std::string, size_t> index_;
};

}  // namespace twlab::report
