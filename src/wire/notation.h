// Segments as text in tcpdump's notation: what tcpdump -n, wire::show() and the ladder print, and
// what people type.
//
//   [TIME] [IP|IP6] [SOURCE > DESTINATION:] [Flags] FLAGS WORD...
//
// SOURCE and DESTINATION are PORT, HOST or HOST.PORT; `*` is any. FLAGS are letters of S F R P . U
// E W, or `none`, in brackets or not. The words, in any order, separated by blanks or commas:
//
//   seq N[:M]  ack N  win N  mss N  sackOK  wscale N  TS val N ecr N (or tsval N, tsecr N)
//   no mss  no sackOK  no wscale  no TS  length N  "data"
//
// `options [...]`, nop, eol and the ladder's arrows may be there. A number with a sign, seq +1, is
// relative to the first SYN of its direction, as the ladder prints numbers; others are those of the
// header. Data may have \n, \r, \t, \", \\ and \xNN.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "wire/segment.h"

namespace twlab::wire {

struct Written {
  Segment segment{};                    // ports included; a relative number modulo 2^32
  std::string source{}, destination{};  // hosts as they are written; empty: not said
  bool seq_relative = false, ack_relative = false;
};

// What is wrong, and below it the text with the wrong word underlined.
struct BadNotation : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// What is not said is not specified. Throws BadNotation.
Written parse_segment(std::string_view text);

}  // namespace twlab::wire
