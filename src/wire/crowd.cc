#include "wire/crowd.h"

#include <algorithm>
#include <cassert>

#include "os/clock.h"

namespace twlab::wire {
namespace {

// Enough for all that a window of connections can have on its way, several times over.
constexpr size_t kSlots = 32 * 1024;
constexpr size_t kBatch = 256;
constexpr size_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40, kTcp = 20;
constexpr uint32_t kIss = 1'000'000;
constexpr uint32_t kTsval = 100'000;
constexpr Duration kRepeatAfter = 200ms;

uint16_t get16(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] << 8 | at[1]);
}
uint32_t get32(const uint8_t* at) {
  return static_cast<uint32_t>(get16(at)) << 16 | get16(at + 2);
}

// The sender's timestamp, 0 without one.
uint32_t tsval_of(const uint8_t* tcp) {
  size_t end = (tcp[12] >> 4) * 4u;
  for (size_t i = kTcp; i + 10 <= end && tcp[i] != 0;) {
    if (tcp[i] == 8) return get32(tcp + i + 2);
    i += tcp[i] == 1 ? 1 : std::max<size_t>(tcp[i + 1], 1);
  }
  return 0;
}

Segment handshake(Flags flags, bool timestamps) {
  Segment segment{.flags = flags,
                  .window = 64240,
                  .mss = 1440,
                  .wscale = uint8_t{7},
                  .sack_permitted = true};
  if (timestamps) segment.tsval = segment.tsecr = 0u;
  return segment;
}

Segment later(Flags flags, bool timestamps) {
  Segment segment{.flags = flags, .window = 502};
  if (timestamps) segment.tsval = segment.tsecr = 0u;
  return segment;
}

// Of addresses that follow one another: how far this one is from the first.
size_t distance(const Address& first, const uint8_t* address) {
  size_t last = first.size() - 1;
  return static_cast<size_t>(address[last] - first.bytes[last]) +
         256 * static_cast<size_t>(address[last - 1] - first.bytes[last - 1]);
}

}  // namespace

Crowd::Crowd(const os::Namespace& ns, const std::string& device, const Mac& own, const Mac& host,
             const CrowdOptions& options)
    : options_(options),
      ring_(ns, device, options.first.family, kSlots),
      syn_(options.first.family, own, host, handshake(SYN, options.timestamps)),
      syn_ack_(options.first.family, own, host, handshake(SYN | ACK, options.timestamps)),
      ack_(options.first.family, own, host, later(ACK, options.timestamps)),
      fin_(options.first.family, own, host, later(FIN | ACK, options.timestamps)) {}

Endpoint Crowd::endpoint(size_t tuple) const {
  Endpoint end{options_.first, static_cast<uint16_t>(options_.first_port + tuple % options_.ports)};
  size_t last = end.address.size() - 1, at = end.address.bytes[last] + tuple / options_.ports;
  end.address.bytes[last] = static_cast<uint8_t>(at);
  end.address.bytes[last - 1] += static_cast<uint8_t>(at >> 8);
  return end;
}

void Crowd::open(size_t tuple, const Endpoint& server) {
  Endpoint client = endpoint(tuple);
  syn_.write(ring_.next(), {.source = client.address.bytes.data(),
                            .destination = server.address.bytes.data(),
                            .source_port = client.port,
                            .destination_port = server.port,
                            .seq = kIss,
                            .tsval = kTsval});
  ring_.queue(syn_.size());
}

void Crowd::answer(const Stamp& stamp, std::span<const uint8_t> frame, uint32_t seq, uint32_t ack) {
  size_t size = options_.first.size();
  const uint8_t* addresses = &frame[kEthernet + (size == 4 ? kIpv4 - 8 : kIpv6 - 32)];
  const uint8_t* tcp = &frame[kEthernet + (size == 4 ? kIpv4 : kIpv6)];
  stamp.write(ring_.next(), {.source = addresses + size,
                             .destination = addresses,
                             .source_port = get16(tcp + 2),
                             .destination_port = get16(tcp),
                             .seq = seq,
                             .ack = ack,
                             .tsval = kTsval + 1,
                             .tsecr = options_.timestamps ? tsval_of(tcp) : 0});
  ring_.queue(stamp.size());
}

Crowd::Reached* Crowd::reached(const uint8_t* address, uint16_t port) {
  size_t tuple = distance(options_.first, address) * options_.ports + port - options_.first_port;
  return tuple - first_ < reached_.size() ? &reached_[tuple - first_] : nullptr;
}

void Crowd::react(std::span<const uint8_t> frame, Ending ending) {
  size_t size = options_.first.size();
  size_t at = kEthernet + (size == 4 ? kIpv4 : kIpv6);
  if (frame.size() < at + kTcp) return;
  const uint8_t* tcp = &frame[at];
  const uint8_t* to = &frame[at - size];
  auto flags = Flags(tcp[13]);
  uint32_t seq = get32(tcp + 4), ack = get32(tcp + 8);
  Reached* one = reached(to, get16(tcp + 2));
  if (has(flags, RST)) {
    ++count_.reset;
  } else if (has(flags, SYN | ACK)) {
    // Answered again when it is repeated, since the answer was lost then.
    if (one && *one == Reached::opened) {
      *one = Reached::established;
      ++count_.established;
    }
    answer(ending == Ending::crowd_first ? fin_ : ack_, frame, ack, seq + 1);
  } else if (has(flags, SYN)) {
    ++count_.opened;
    answer(syn_ack_, frame, kIss, seq + 1);
  } else if (has(flags, FIN)) {
    if (one && *one != Reached::ended) {
      *one = Reached::ended;
      ++count_.ended;
    }
    answer(ending == Ending::crowd_first ? ack_ : fin_, frame, ack, seq + 1);
  }
}

CrowdCount Crowd::connect(const CrowdWave& wave, const std::function<void()>& meanwhile) {
  Time begin = os::now(), last = begin;
  count_ = {};
  first_ = wave.first;
  reached_.assign(wave.count, Reached::nothing);
  const size_t& done = wave.ending == Ending::none ? count_.established : count_.ended;
  while (done < wave.count) {
    size_t room = wave.window - (count_.opened - done);
    for (size_t n = std::min({room, kBatch, wave.count - count_.opened}); n > 0; --n) {
      reached_[count_.opened] = Reached::opened;
      open(wave.first + count_.opened++, wave.server);
    }
    ring_.flush();
    size_t came =
        ring_.drain(2 * kBatch, [&](std::span<const uint8_t> frame) { react(frame, wave.ending); });
    ring_.flush();
    if (meanwhile) meanwhile();
    if (came > 0 || (room > 0 && count_.opened < wave.count)) {
      last = os::now();
    } else if (!ring_.wait(meanwhile ? 100us : 1ms)) {
      Duration idle = os::now() - last;
      if (idle > wave.patience) break;
      // the rest: repeat SYNs
      if (idle > kRepeatAfter) {
        for (size_t i = 0; i < count_.opened; ++i)
          if (reached_[i] == Reached::opened) {
            open(wave.first + i, wave.server);
            ++count_.repeated;
          }
        ring_.flush();
      }
    }
  }
  count_.took = os::now() - begin;
  return count_;
}

CrowdCount Crowd::serve(const std::atomic<bool>& stop) {
  Time begin = os::now();
  count_ = {};
  reached_.clear();
  while (!stop) {
    size_t came = ring_.drain(kBatch, [&](std::span<const uint8_t> frame) {
      react(frame, Ending::host_first);
    });
    ring_.flush();
    if (came == 0) ring_.wait(1ms);
  }
  count_.took = os::now() - begin;
  return count_;
}

}  // namespace twlab::wire
