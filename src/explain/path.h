// The states of one side of a connection, as far as a capture shows them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "os/clock.h"

namespace twlab::explain {

// RFC 9293 section 3.3.2, without LISTEN, which no segment shows.
enum class State : uint8_t {
  unknown,  // what came before the capture, or could be one of several
  SYN_SENT,
  SYN_RECEIVED,
  ESTABLISHED,
  FIN_WAIT_1,
  FIN_WAIT_2,
  CLOSE_WAIT,
  CLOSING,
  LAST_ACK,
  TIME_WAIT,
  CLOSED
};

std::string_view name(State state);  // "FIN_WAIT_1"

// A frame of the capture: its number, from 1, and its time. Frame 0 is none.
struct Stamp {
  uint64_t frame = 0;
  Time time{};
  explicit operator bool() const { return frame != 0; }
};

struct Passage {
  State state = State::unknown;
  Stamp by;  // the frame that brings the state about
  // What a side sends shows its state. That it received something is shown by what it sends later,
  // until then it is only likely.
  bool shown = false;
};

class Path {
 public:
  State now() const { return passages_.empty() ? State::unknown : passages_.back().state; }
  bool empty() const { return passages_.empty(); }
  const std::vector<Passage>& passages() const { return passages_; }
  // The last time it came into this state; null when it never did.
  const Passage* find(State state) const;

  // Nothing when that is the present state.
  void enter(State state, Stamp by, bool shown);
  void show(State state);     // the present state, if it is this one, is certain from now on
  bool retract(State state);  // the present state, if it is this one and only likely, was not so

 private:
  std::vector<Passage> passages_;
};

}  // namespace twlab::explain
