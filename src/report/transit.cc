#include "report/transit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <unordered_map>

namespace twlab::report {
namespace {

constexpr size_t ethernet_header = 14;

// A link without interference takes microseconds; the shortest retransmission timeout is 200 ms
// (TCP_RTO_MIN), a tail loss probe comes after two round trips or some milliseconds.
constexpr Duration a_moment = 20ms;
// Both ends' captures take their time stamps on their own; the order of two may be reversed.
constexpr Duration clock_slack = 1ms;

// How far a number may be from the first SYN's to be of the same connection.
constexpr int64_t near = 1 << 24;

std::string identity(const wire::Frame& frame) {
  if (frame.bytes.size() > ethernet_header)
    return {frame.bytes.begin() + ethernet_header, frame.bytes.end()};
  const auto& p = *frame.packet;
  return fmt::format("{} {} {} {}", show(p.source), show(p.destination), show(p.segment),
                     p.segment.payload.value_or(""));
}

}  // namespace

std::vector<Transit> transits(const Recording& recording) {
  std::vector<Transit> all;
  std::unordered_map<std::string, std::vector<size_t>> open;  // sent and not yet arrived
  size_t number = 0;

  // Sent frames first: equal time stamps say nothing about their order.
  std::vector<std::pair<const Event*, size_t>> arrivals;
  for (const auto& event : recording.events) {
    auto* frame = std::get_if<wire::Frame>(&event.what);
    if (!frame) continue;
    ++number;
    if (!frame->packet) continue;
    if (!frame->outgoing) {
      arrivals.push_back({&event, number});
      continue;
    }
    open[identity(*frame)].push_back(all.size());
    all.push_back({&event, nullptr, number, 0});
  }

  for (auto [event, arrived_number] : arrivals) {
    const auto& frame = std::get<wire::Frame>(event->what);
    auto& candidates = open[identity(frame)];
    auto chosen = candidates.end();
    for (auto it = candidates.begin(); it != candidates.end(); ++it) {
      const Event& sent = *all[*it].sent;
      if (sent.time > event->time + clock_slack) break;
      if (std::get<wire::Frame>(sent.what).interface == frame.interface) continue;
      if (chosen == candidates.end()) chosen = it;
      if (event->time - sent.time < a_moment) {
        chosen = it;
        break;
      }
    }
    if (chosen == candidates.end()) {
      all.push_back({nullptr, event, 0, arrived_number});
    } else {
      all[*chosen].arrived = event;
      all[*chosen].arrived_number = arrived_number;
      candidates.erase(chosen);
    }
  }
  // Numbers follow the recording's order.
  auto order = [](const Transit& t) { return t.sent ? t.sent_number : t.arrived_number; };
  std::sort(all.begin(), all.end(),
            [&](const Transit& a, const Transit& b) { return order(a) < order(b); });
  return all;
}

RelativeNumbers::Numbers RelativeNumbers::of(const wire::Packet& packet) {
  const auto& segment = packet.segment;
  Tuple direction{packet.source, packet.destination};
  uint32_t seq = segment.seq.value_or(0), ack = segment.ack.value_or(0);
  // The difference modulo 2^32 is small on either side: a number below the first is negative.
  auto distance = [](uint32_t number, uint32_t base) {
    return int64_t(static_cast<int32_t>(number - base));
  };

  auto base = first_.find(direction);
  if (wire::has(segment.flags.value_or(wire::Flags{}), wire::SYN) &&
      (base == first_.end() || std::abs(distance(seq, base->second)) > near))
    base = first_.insert_or_assign(direction, seq).first;

  auto relative = [&](uint32_t number, auto it) {
    if (it == first_.end()) return int64_t(number);
    int64_t d = distance(number, it->second);
    return std::abs(d) > near ? int64_t(number) : d;
  };
  return {relative(seq, base), relative(ack, first_.find(direction.reversed()))};
}

}  // namespace twlab::report
