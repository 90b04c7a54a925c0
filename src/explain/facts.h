// What a tracker notes of a connection while its segments pass; findings are made of it at the end.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "explain/connection.h"
#include "explain/header.h"
#include "explain/path.h"

namespace twlab::explain {

// The first few of many.
template <typename T>
struct Few {
  static constexpr size_t most = 12;
  std::vector<T> first;
  uint64_t count = 0;
  void add(T one) {
    if (++count <= most) first.push_back(std::move(one));
  }
};

// Of what one side sent.
struct Side {
  Endpoint at{};
  Path path{};
  bool sent = false;   // anything
  uint32_t next = 0;   // after the highest number sent
  uint32_t acked = 0;  // the highest acknowledgement it sent, if it sent any
  bool acks = false;
  std::optional<uint32_t> isn{}, fin{};  // numbers of its SYN and FIN
  std::optional<uint32_t> ts_recent{};   // what the other side compares with (RFC 7323 section 4.3)
  std::optional<uint32_t> first_tsval{}, last_tsval{};  // of its first and newest segment with one
  Stamp ts_recent_at{}, last_tsval_at{};
  std::optional<uint8_t> wscale{};
  uint32_t widest = 0;  // window ever offered, not scaled
  uint64_t payload = 0;
  Few<Stamp> syns{}, fins{};            // each time it sent them
  Stamp fin_acked{}, fin_acked_last{};  // by the other side, for the first and the last time
  bool fin_acked_alone = false;         // by a segment that had nothing else to say
  Stamp last{}, last_data{};
  Header last_header{};
  uint64_t repeats = 0;  // since the other side was last heard of
  Stamp first_repeat{}, last_repeat{};
  uint64_t after_close = 0;    // octets sent after it had acknowledged the other's FIN
  bool fin_ambiguous = false;  // FIN_WAIT_1 or LAST_ACK: what came before is not in the capture
};

// A FIN seen again although its acknowledgement had been seen.
struct RepeatedFin {
  size_t side = 0;  // whose FIN
  Stamp acked{}, again{}, answer{};
  bool answered_by_reset = false;
};

enum class Cause : uint8_t {
  unknown,
  refused,            // nobody listens
  not_its_syn,        // the client resets a SYN+ACK
  abort,              // SO_LINGER {1,0} or such
  unread,             // close() with data unread, or the same as above
  data_after_close,   // nobody is left to read it
  fin_wait_2_over,    // the FIN came too late
  no_socket,          // the other side has nothing of the connection any more
  fin_without_state,  // a repeated FIN finds nothing
  ends_time_wait,     // it hits a TIME_WAIT
  challenge,          // it answers a challenge ACK
  gave_up,            // after repeating in vain
};

struct Reset {
  size_t side = 0;        // who sent it
  Stamp at{}, answers{};  // `answers`: the other side's segment that caused it, if there was one
  Cause cause = Cause::unknown;
  bool fits = true;  // its number is one that the other side takes
  uint32_t seq = 0;
  State own = State::unknown;  // before it
  Stamp retried{};             // its sender's SYN+ACK, after the other had tried again
  Stamp ignored{};             // the other side's segment that shows that it went on
  Stamp disowned{};            // the sender's own, which it would not have sent after a RST
};

// A timestamp older than one that the other side must have seen.
struct OldStamp {
  size_t side = 0;
  Stamp at{}, newer{}, answer{};
  uint32_t tsval = 0, recent = 0;
  bool repeated = false;  // its octets had been sent before
  bool taken = false;     // `answer`, the other side's next segment, acknowledges them
  uint32_t end = 0;
};

struct LateCopy {
  Stamp first{}, again{};
};

// A segment of the four-tuple's former connection, or one with a number out of reach.
struct Stray {
  size_t side = 0;
  Stamp at{}, answer{};
  uint64_t of = 0;  // connection; 0: none known
  uint32_t end = 0;
  bool fits = false;  // its number is within the present window
  bool taken = false;
  wire::Flags flags{};
};

// The four-tuple had a connection before.
struct Reuse {
  uint64_t of = 0;
  State client = State::unknown, server = State::unknown;  // of the former, by today's roles
  Stamp ended{};  // the last frame of the former; TIME_WAIT's beginning if there is one
  bool was_over = false;
  std::optional<uint32_t> last_tsval{}, tsval{};  // the client's: its last, and the SYN's
  Stamp last_tsval_at{};
  std::optional<int32_t> ahead{};  // how far the SYN's number is above what came last
  Stamp challenged{}, reset{};     // the server answered with an ACK; the client with an RST to it
};

struct Facts {
  std::array<Side, 2> sides;
  uint64_t number = 0;
  bool begun = false;  // the SYN was seen
  Stamp first, last;
  uint64_t segments = 0, copies = 0;
  bool simultaneous = false;
  Few<RepeatedFin> repeated_fins;
  Few<Reset> resets;
  Few<OldStamp> old_stamps;
  Few<LateCopy> late_copies;
  Few<Stray> strays;
  std::optional<Reuse> reuse;
  // The connection that has the four-tuple after this one: its SYN, and the SYN+ACK once it came.
  uint64_t successor = 0;
  size_t successor_client = 0;  // side that sent the SYN
  Stamp successor_syn, successor_accepted;
  bool let_go = false;  // not to its end: there were too many

  bool over() const;  // nothing but TIME_WAIT can be left of it
};

// When the story ends: at the end of the capture, or when the connection is forgotten before.
Connection told(const Facts& facts, Time end, bool capture_ended);

// In sentences; "client", "server" as role() has them.
std::vector<Finding> findings(const Facts& facts, const Connection& connection, Time end,
                              bool capture_ended);
Finding reset_finding(const Facts& facts, const Connection& connection, const Reset& reset);
Finding reuse_finding(const Facts& facts, const Connection& connection);

}  // namespace twlab::explain
