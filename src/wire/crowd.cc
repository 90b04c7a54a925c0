#include "wire/crowd.h"

#include <algorithm>

namespace twlab::wire {
namespace {

constexpr size_t kSlots = 8 * 1024;  // of the ring; several times what a window can have under way
constexpr size_t kBatch = 256;
constexpr size_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40, kTcp = 20;
// Sequence numbers a wave is ahead of the one before: more than a connection uses up.
constexpr uint32_t kIssStep = 64'000;
// Well over a round trip, well under the second after which the kernel repeats its SYN+ACK.
constexpr Duration kRepeatAfter = 200ms;

uint16_t get16(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] << 8 | at[1]);
}
uint32_t get32(const uint8_t* at) {
  return static_cast<uint32_t>(get16(at)) << 16 | get16(at + 2);
}

size_t tcp_at(Family family) {
  return kEthernet + (family == Family::inet ? kIpv4 : kIpv6);
}

// The sender's timestamp, 0 without one.
uint32_t tsval_of(std::span<const uint8_t> tcp) {
  size_t end = std::min<size_t>((tcp[12] >> 4) * 4u, tcp.size());
  for (size_t i = kTcp; i + 10 <= end && tcp[i] != 0;) {
    if (tcp[i] == 8) return get32(&tcp[i + 2]);
    i += tcp[i] == 1 ? 1 : std::max<size_t>(tcp[i + 1], 1);
  }
  return 0;
}

Segment segment(Flags flags, bool timestamps) {
  Segment segment{.flags = flags, .window = 64240};
  if (has(flags, SYN)) {
    segment.mss = 1440;
    segment.wscale = uint8_t{7};
    segment.sack_permitted = true;
  }
  if (timestamps) segment.tsval = segment.tsecr = 0u;
  return segment;
}

// How far an address is from the first of those that follow one another.
size_t distance(const Address& first, const uint8_t* address) {
  size_t last = first.size() - 1;
  return static_cast<size_t>(get16(address + last - 1) - get16(&first.bytes[last - 1]));
}

}  // namespace

Crowd::Crowd(const os::Namespace& ns, const std::string& device, const Mac& own, const Mac& host,
             const CrowdOptions& options)
    : options_(options),
      ring_(ns, device, options.first.family, kSlots),
      syn_(options.first.family, own, host, segment(SYN, options.timestamps)),
      syn_ack_(options.first.family, own, host, segment(SYN | ACK, options.timestamps)),
      ack_(options.first.family, own, host, segment(ACK, options.timestamps)),
      fin_(options.first.family, own, host, segment(FIN | ACK, options.timestamps)),
      begin_(os::now()) {}

Endpoint Crowd::endpoint(size_t tuple) const {
  Endpoint end{options_.first, static_cast<uint16_t>(options_.first_port + tuple % options_.ports)};
  size_t last = end.address.size() - 1;
  size_t number = get16(&end.address.bytes[last - 1]) + tuple / options_.ports;
  end.address.bytes[last - 1] = static_cast<uint8_t>(number >> 8);
  end.address.bytes[last] = static_cast<uint8_t>(number);
  return end;
}

void Crowd::set_clock() {
  auto ticks = std::chrono::duration_cast<std::chrono::milliseconds>(os::now() - begin_).count();
  tsval_ = 100'000 + static_cast<uint32_t>(ticks);
}

void Crowd::open(size_t number) {
  Endpoint client = endpoint(wave_.first + number);
  syn_.write(ring_.next(), {.source = client.address.bytes.data(),
                            .destination = wave_.server.address.bytes.data(),
                            .source_port = client.port,
                            .destination_port = wave_.server.port,
                            .seq = iss_,
                            .tsval = tsval_});
  ring_.queue(syn_.size());
}

// Sends an answer: the frame's addresses and ports turned round.
void Crowd::send(const Stamp& stamp, std::span<const uint8_t> frame, uint32_t seq, uint32_t ack) {
  size_t at = tcp_at(options_.first.family), size = options_.first.size();
  const uint8_t* source = &frame[at - 2 * size];
  std::span<const uint8_t> tcp = frame.subspan(at);
  stamp.write(ring_.next(), {.source = source + size,
                             .destination = source,
                             .source_port = get16(&tcp[2]),
                             .destination_port = get16(&tcp[0]),
                             .seq = seq,
                             .ack = ack,
                             .tsval = tsval_,
                             .tsecr = options_.timestamps ? tsval_of(tcp) : 0});
  ring_.queue(stamp.size());
}

void Crowd::advance(Reached& reached, Reached to, size_t& counter) {
  if (reached >= to) return;  // a repetition: what answered it was lost
  Reached goal = wave_.ending == Ending::none ? Reached::established : Reached::ended;
  if (reached < goal && to >= goal) ++done_;
  reached = to;
  ++counter;
}

void Crowd::react(std::span<const uint8_t> frame, const CrowdWave* wave) {
  size_t at = tcp_at(options_.first.family);
  if (frame.size() < at + kTcp) return;
  std::span<const uint8_t> tcp = frame.subspan(at);
  Reached stranger = Reached::nothing;
  size_t number = distance(options_.first, &frame[at - options_.first.size()]) * options_.ports +
                  get16(&tcp[2]) - options_.first_port - wave_.first;
  Reached& reached = wave && number < reached_.size() ? reached_[number] : stranger;
  if (wave && get16(&tcp[0]) != wave->server.port) ++count_.other_port;
  auto flags = Flags(tcp[13]);
  uint32_t seq = get32(&tcp[4]), ack = get32(&tcp[8]);
  bool ends_first = wave && wave->ending == Ending::crowd_first;
  if (has(flags, RST)) {
    advance(reached, Reached::refused, count_.refused);
  } else if (has(flags, SYN | ACK)) {
    advance(reached, Reached::established, count_.established);
    send(ends_first ? fin_ : ack_, frame, ack, seq + 1);
  } else if (has(flags, SYN)) {
    send(syn_ack_, frame, iss_, seq + 1);
  } else if (has(flags, FIN)) {
    advance(reached, Reached::ended, count_.ended);
    send(ends_first ? ack_ : fin_, frame, ack, seq + 1);
  }
}

void Crowd::open_more() {
  size_t under_way = count_.opened - done_;
  size_t more = std::min({wave_.window - under_way, kBatch, wave_.count - count_.opened});
  for (; more > 0; --more) {
    reached_[count_.opened] = Reached::opened;
    open(count_.opened++);
  }
  ring_.flush();
}

void Crowd::repeat() {
  for (size_t i = 0; i < count_.opened; ++i) {
    if (reached_[i] != Reached::opened) continue;
    open(i);
    ++count_.repeated;
  }
  ring_.flush();
}

CrowdCount Crowd::connect(const CrowdWave& wave, const std::function<void()>& meanwhile) {
  Time begin = os::now(), last = begin, last_repeat = begin;
  wave_ = wave;
  count_ = {};
  done_ = 0;
  reached_.assign(wave.count, Reached::nothing);
  iss_ += kIssStep;
  while (done_ < wave.count) {
    set_clock();
    open_more();
    size_t came =
        ring_.drain(2 * kBatch, [this](std::span<const uint8_t> frame) { react(frame, &wave_); });
    ring_.flush();
    if (meanwhile) meanwhile();
    if (came > 0 || ring_.wait(100us)) {
      last = last_repeat = os::now();
      continue;
    }
    Time now = os::now();
    if (now - last > wave.patience) break;
    if (now - last_repeat > kRepeatAfter) {
      repeat();
      last_repeat = now;
    }
  }
  count_.took = os::now() - begin;
  return count_;
}

size_t Crowd::answer() {
  set_clock();
  size_t came =
      ring_.drain(2 * kBatch, [this](std::span<const uint8_t> frame) { react(frame, nullptr); });
  ring_.flush();
  return came;
}

}  // namespace twlab::wire
