// What a host's link has seen of a connection: what is needed to write a segment that belongs to
// it.
#pragma once

#include <optional>
#include <string>

#include "lab/recording.h"

namespace twlab::cli {

// On frames that `inject` made.
inline constexpr const char* injected_note = "injected";

struct SeenConnection {
  Tuple tuple;  // local is the host's
  // The first SYN's numbers, as the ladder has them, of what the host sends and of what it
  // receives.
  std::optional<uint32_t> first_sent, first_received;
  std::optional<uint32_t> snd_nxt, rcv_nxt;  // after the last octet of each direction
  std::optional<uint16_t> window;            // last sent
  // TSval last sent and when, and last received; none where the connection uses no timestamps.
  std::optional<uint32_t> tsval, ts_recent;
  Time tsval_at;
};

// The connection that a segment was last seen of there, among those that have what `wanted` says:
// ports that are not 0, addresses that are not all 0.
std::optional<SeenConnection> last_connection(const Recording& recording, const std::string& host,
                                              const Tuple& wanted = {});

}  // namespace twlab::cli
