// Lab's functions that look at what was recorded.
#include <algorithm>

#include "lab/lab.h"

namespace twlab {

std::vector<Seen> Lab::trace(Host& host, EventId since) {
  collect();
  std::vector<Seen> seen;
  for (const Event& event : result_.recording.events) {
    const auto* frame = std::get_if<wire::Frame>(&event.what);
    if (event.id <= since || event.host != host.name() || !frame || !frame->packet) continue;
    seen.push_back({event.id, frame->time, frame->outgoing, frame->packet->segment});
  }
  std::stable_sort(seen.begin(), seen.end(),
                   [](const Seen& a, const Seen& b) { return a.time < b.time; });
  return seen;
}

std::vector<Seen> Lab::trace(Host& host, const Tuple& tuple, EventId since) {
  std::vector<Seen> seen = trace(host, since);
  std::erase_if(seen, [&](const Seen& one) {
    uint16_t local = one.outgoing ? *one.segment.source : *one.segment.destination;
    uint16_t remote = one.outgoing ? *one.segment.destination : *one.segment.source;
    return local != tuple.local.port || remote != tuple.remote.port;
  });
  return seen;
}

std::vector<Seen> Lab::relative_trace(Host& host, const Tuple& tuple, EventId since) {
  std::vector<Seen> seen = trace(host, tuple);
  std::optional<uint32_t> base[2];  // initial sequence number of what is received, of what is sent
  for (Seen& one : seen) {
    Segment& segment = one.segment;
    if (has(*segment.flags, SYN)) base[one.outgoing] = *segment.seq;
    segment.seq = *segment.seq - base[one.outgoing].value_or(0);
    if (has(*segment.flags, ACK)) segment.ack = *segment.ack - base[!one.outgoing].value_or(0);
  }
  std::erase_if(seen, [&](const Seen& one) { return one.id <= since; });
  return seen;
}

std::vector<SeenState> Lab::path(Host& host, const Tuple& tuple, EventId since, bool timers) {
  collect();
  sample();
  std::vector<SeenState> seen;
  for (const Event& event : result_.recording.events) {
    const auto* change = std::get_if<StateChange>(&event.what);
    if (event.id <= since || event.host != host.name() || !change) continue;
    if (change->tuple == tuple && (timers || change->state != change->before))
      seen.push_back({event.id, change->state, event.time, change->timer, change->timer_left});
  }
  return seen;
}

}  // namespace twlab
