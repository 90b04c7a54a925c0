// A frame's way from one link end to another, found again in what both ends captured.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lab/recording.h"

namespace twlab::report {

// One TCP segment under way. At least one of both ends is there; the events belong to the
// recording.
struct Transit {
  const Event* sent = nullptr;                 // null: it arrived and nobody had sent it
  const Event* arrived = nullptr;              // null: it was lost
  size_t sent_number = 0, arrived_number = 0;  // in the capture file, from 1; 0 where null

  const Event& first() const { return sent ? *sent : *arrived; }
  const wire::Frame& frame() const { return std::get<wire::Frame>(first().what); }
  const wire::Packet& packet() const { return *frame().packet; }
  bool slow() const { return sent && arrived && arrived->time - sent->time >= 1ms; }
};

// In the order of their first events. Frames are the same when all bytes from the IP header on are;
// of several that are the same the oldest arrives first, unless it is so old that a repetition sent
// a moment before the arrival explains it better.
std::vector<Transit> transits(const Recording& recording);

// Sequence and acknowledgement numbers as the ladder shows them; see ladder.h for the rule. Packets
// must be given in their order.
class RelativeNumbers {
 public:
  struct Numbers {
    int64_t seq = 0, ack = 0;
  };
  Numbers of(const wire::Packet& packet);

 private:
  std::map<Tuple, uint32_t> first_;  // by source and destination
};

}  // namespace twlab::report
