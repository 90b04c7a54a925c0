#include "cli/seen.h"

#include "report/transit.h"

namespace twlab::cli {
namespace {

Tuple tuple_of(const wire::Frame& frame) {
  Tuple sent{frame.packet->source, frame.packet->destination};
  return frame.outgoing ? sent : sent.reversed();
}

bool fits(const Endpoint& wanted, const Endpoint& got) {
  return (wanted.port == 0 || wanted.port == got.port) &&
         (wanted.address.bytes == Address{}.bytes || wanted.address == got.address);
}

// A number beyond what comes next was made up: so are the numbers of forged segments.
void advance(std::optional<uint32_t>& next, const wire::Frame& frame) {
  const wire::Segment& segment = frame.packet->segment;
  uint32_t end = *segment.seq + wire::sequence_length(segment);
  if (!next || wire::has(*segment.flags, wire::SYN)) {
    next = end;
    return;
  }
  bool forged = frame.note.starts_with(injected_note) && *segment.seq != *next;
  if (!forged && static_cast<int32_t>(end - *next) > 0) next = end;
}

}  // namespace

std::optional<SeenConnection> last_connection(const Recording& recording, const std::string& host,
                                              const Tuple& wanted) {
  std::vector<const wire::Frame*> frames;
  for (const Event& event : recording.events) {
    const auto* frame = std::get_if<wire::Frame>(&event.what);
    if (!frame || !frame->packet || event.host != host) continue;
    Tuple tuple = tuple_of(*frame);
    if (fits(wanted.local, tuple.local) && fits(wanted.remote, tuple.remote))
      frames.push_back(frame);
  }
  if (frames.empty()) return {};

  SeenConnection seen;
  seen.tuple = tuple_of(*frames.back());
  report::RelativeNumbers numbers;
  for (const wire::Frame* frame : frames) {
    if (tuple_of(*frame) != seen.tuple) continue;
    const wire::Segment& segment = frame->packet->segment;
    auto relative = numbers.of(*frame->packet);
    auto first = static_cast<uint32_t>(*segment.seq - relative.seq);
    bool syn = wire::has(*segment.flags, wire::SYN), reset = wire::has(*segment.flags, wire::RST);
    if (syn) (frame->outgoing ? seen.first_sent : seen.first_received) = first;
    if (reset) continue;  // it may carry any number, and no timestamps
    advance(frame->outgoing ? seen.snd_nxt : seen.rcv_nxt, *frame);
    std::optional<uint32_t> clock;
    if (segment.tsval.present()) clock = segment.tsval.value();
    if (frame->outgoing) {
      seen.window = segment.window;
      seen.tsval = clock;
      seen.tsval_at = frame->time;
    } else {
      seen.ts_recent = clock;
    }
  }
  return seen;
}

}  // namespace twlab::cli
