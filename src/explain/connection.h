// What is told of a connection when it is over, or when the capture is.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "explain/claims.h"
#include "explain/path.h"
#include "os/address.h"

namespace twlab::explain {

enum class Ending : uint8_t {
  open,        // neither FIN nor RST was seen
  unanswered,  // a SYN and nothing else
  refused,     // a SYN, answered with RST
  half_closed,
  unclear,  // one FIN was seen, and whether the other side had sent one before the capture is not
  closed,   // FINs of both sides
  reset
};

std::string_view name(Ending ending);  // "half-closed"

enum class Kind : uint8_t {
  close,               // who closed first, with which segments
  time_wait,           // who was left in it, and for how long
  fin_acked_late,      // by a delayed ACK
  simultaneous_close,  // both before they had the other's FIN
  half_closed,         // FIN_WAIT_2 that lasts
  fin_unanswered,      // a FIN repeated and not acknowledged
  last_ack_lost,       // a FIN repeated although its ACK, the connection's last segment, was seen
  fin_ack_lost,        // the same with the first FIN
  reuse,               // of a four-tuple
  reset,               // and its likely cause
  late_duplicate,
  paws,            // dropped for its timestamp, by all appearances
  outside_window,  // a number that cannot be the connection's
  syn_unanswered,
  peer_silent,  // everything is repeated and nothing answered
};
constexpr size_t ending_count = static_cast<size_t>(Ending::reset) + 1;
constexpr size_t kind_count = static_cast<size_t>(Kind::peer_silent) + 1;

std::string_view name(Kind kind);  // "last-ack-lost"
// That belong to every orderly end; everything else is worth a look.
bool ordinary(Kind kind);

struct Finding {
  Kind kind{};
  std::string text{};              // one or two sentences with frame numbers
  std::vector<uint64_t> frames{};  // those it rests on, in order
  Illustrates claim{};             // whether it bears it out or not
};

struct Stay {
  enum class End : uint8_t { capture, reuse, reset, expired };
  size_t side = 0;
  Stamp from{}, until{};  // `until` has no frame when the capture ends first
  End end = End::capture;
};

struct Connection {
  uint64_t number = 0;           // from 1, in order of the first frame
  std::array<Endpoint, 2> ends;  // [0] sent the first SYN, or else the first frame seen
  bool begun = false;            // its SYN was seen; otherwise who is the client is not known
  std::array<std::vector<Passage>, 2> paths;
  Stamp first, last;
  uint64_t segments = 0, copies = 0;  // copies: frames that the capture has twice
  std::array<uint64_t, 2> octets{};   // of payload sent, repetitions not counted
  Ending ending = Ending::open;
  int closed_first = -1;  // side; -1: neither, or both at once
  std::vector<Stay> time_wait;
  std::vector<Finding> findings;
  bool let_go = false;  // a bound was reached: what came later is not in it

  bool remarkable() const;
};

// "client" and "server" where the SYN was seen, otherwise "A" and "B".
std::string_view role(const Connection& connection, size_t side);

}  // namespace twlab::explain
