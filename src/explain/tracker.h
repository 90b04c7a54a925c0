// Follows the two sides of one connection through the segments that a capture shows.
//
// The capture is taken as one place that both sides' segments pass. What passes has been sent; that
// it arrived is only known from what the other side sends later.
#pragma once

#include <array>
#include <optional>

#include "explain/facts.h"

namespace twlab::explain {

class Tracker {
 public:
  explicit Tracker(uint64_t number, std::optional<Reuse> reuse = {});

  // The segments of this connection in the order of the capture. False: it was a copy of one that
  // had passed already, such as a capture of all interfaces or at both ends of a link has.
  bool take(const Header& header, Stamp at);
  // A segment that must be of the four-tuple's former connection.
  void stray(const Header& header, Stamp at, uint64_t of);

  const Facts& facts() const { return facts_; }
  Facts& facts() { return facts_; }
  // 0 or 1; the first to send is 0 until a SYN tells who the client is.
  size_t side_of(const Endpoint& source) const;

 private:
  struct Remembered {
    Header header;
    Stamp at;
    bool acknowledged = false;  // already when it passed
  };

  bool copied(size_t side, const Header& header, Stamp at);
  bool acknowledged(size_t side, const Header& header) const;
  bool out_of_reach(size_t side, const Header& header) const;
  void await_answers(size_t side, const Header& header, Stamp at);
  void compare_timestamps(size_t side, const Header& header, Stamp at);
  void syn(size_t side, const Header& header, Stamp at);
  void acknowledgement(size_t side, const Header& header, Stamp at);
  void payload(size_t side, const Header& header, Stamp at);
  void fin(size_t side, const Header& header, Stamp at);
  void first_fin(size_t side, const Header& header, Stamp at);
  void repeated_fin(size_t side, Stamp at);
  void reset(size_t side, const Header& header, Stamp at);
  void settle(size_t side);
  void count(size_t side, const Header& header);
  void remember(size_t side, const Header& header, Stamp at);

  Facts facts_;
  std::array<std::array<Remembered, 4>, 2> recent_;
  std::array<size_t, 2> oldest_{};
};

// Why this side would reset the connection: what it answers, and what it had done itself.
Reset judge(const Facts& facts, size_t side, const Header& header, Stamp at);

}  // namespace twlab::explain
