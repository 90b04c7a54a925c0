// Captured bytes with time, place and direction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/address.h"
#include "os/clock.h"
#include "wire/segment.h"

namespace twlab::wire {

using Bytes = std::vector<uint8_t>;

// What the codec reads from a frame that carries TCP; every field of the segment is specified.
struct Packet {
  Endpoint source{}, destination{};
  Segment segment{};
  bool checksums_correct = true;  // of the IP header (IPv4) and of the segment
};

struct Frame {
  uint32_t id = 0;  // given by whoever records it; 0 until then
  Time time{};
  size_t interface = 0;            // index into the capture's interfaces, one for each link end
  bool outgoing = false;           // sent by the host that owns the interface, not received by it
  Bytes bytes;                     // from the Ethernet header on
  std::optional<Packet> packet{};  // none when it is no TCP

  // The lab's words about this frame, several joined by "; ". Goes into the pcapng as its comment.
  std::string note{};
  bool decisive = false;  // a check was decided by it
};

}  // namespace twlab::wire
