// A capture written by hand: what two hosts say to one another, as the wire would have it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "explain/analysis.h"
#include "explain/source.h"
#include "os/file.h"
#include "temporary_folder.h"
#include "wire/codec.h"
#include "wire/pcapng.h"

namespace twlab::explain {

using wire::ACK;
using wire::FIN;
using wire::PSH;
using wire::RST;
using wire::SYN;

// The frames of a capture and the clock that stamps them.
struct Tape {
  std::vector<wire::Frame> frames;
  Time now{std::chrono::seconds(1'700'000'000)};

  void wait(Duration d) { now += d; }
  uint64_t add(const Endpoint& from, const Endpoint& to, const wire::Segment& segment) {
    wire::Frame frame;
    frame.time = now;
    frame.bytes = wire::encode({{2}, {4}, from, to}, segment);
    frames.push_back(std::move(frame));
    now += 100us;
    return frames.size();
  }
  // The frame of that number once more, now. An IP number makes it plain that it is the same.
  void copy(uint64_t number) {
    wire::Frame again = frames[number - 1];
    again.time = now;
    frames.push_back(std::move(again));
  }
  void set_ip_id(uint64_t number, uint16_t id) {
    frames[number - 1].bytes[18] = static_cast<uint8_t>(id >> 8);
    frames[number - 1].bytes[19] = static_cast<uint8_t>(id);
  }
  std::string pcap() const {
    std::vector<const wire::Frame*> all;
    for (const auto& frame : frames) all.push_back(&frame);
    return wire::classic_pcap(all);
  }
  std::string pcapng() const {
    std::vector<const wire::Frame*> all;
    for (const auto& frame : frames) all.push_back(&frame);
    return wire::pcapng({{"here", ""}}, all, "");
  }
};

// One connection on a tape. What is sent arrives at once, unless it is said to be lost.
class Talk {
 public:
  struct Start {
    uint32_t client = 1000, server = 5000;  // initial sequence numbers
    bool timestamps = false;
    uint32_t client_clock = 100, server_clock = 900;
  };

  explicit Talk(Tape& tape) : Talk(tape, Start{}) {}
  Talk(Tape& tape, Start start, uint16_t port = 40000)
      : tape_(tape),
        timestamps_(start.timestamps),
        ends_{{{Address::parse("192.0.2.1"), port}, {Address::parse("192.0.2.2"), 80}}},
        next_{start.client, start.server},
        clock_{start.client_clock, start.server_clock} {}

  uint64_t client(wire::Flags flags, size_t octets = 0) { return send(0, flags, octets, true); }
  uint64_t server(wire::Flags flags, size_t octets = 0) { return send(1, flags, octets, true); }
  uint64_t client_lost(wire::Flags flags, size_t octets = 0) {
    return send(0, flags, octets, false);
  }
  uint64_t server_lost(wire::Flags flags, size_t octets = 0) {
    return send(1, flags, octets, false);
  }
  // Frames 1 to 3.
  Talk& open() {
    client(SYN);
    server(SYN | ACK);
    client(ACK);
    return *this;
  }
  // The client first: four frames.
  Talk& close() {
    client(FIN | ACK);
    server(ACK);
    server(FIN | ACK);
    client(ACK);
    return *this;
  }
  // What a side sent last, again, with its clock and acknowledgement of now.
  uint64_t again(size_t side) {
    wire::Segment segment = last_[side];
    fill(side, segment);
    segment.seq = last_seq_[side];
    return tape_.add(ends_[side], ends_[1 - side], segment);
  }
  // As given, with what is not said filled in; nothing is counted.
  uint64_t raw(size_t side, wire::Segment segment) {
    fill(side, segment);
    return tape_.add(ends_[side], ends_[1 - side], segment);
  }
  void tick(uint32_t by) {
    for (auto& clock : clock_) clock += by;
  }
  uint32_t next(size_t side) const { return next_[side]; }
  uint32_t got(size_t side) const { return got_[side]; }
  uint32_t clock(size_t side) const { return clock_[side]; }

 private:
  void fill(size_t side, wire::Segment& segment) {
    if (!segment.seq) segment.seq = next_[side];
    if (wire::has(*segment.flags, ACK) && !segment.ack) segment.ack = got_[side];
    if (!timestamps_ || wire::has(*segment.flags, RST)) return;
    if (!segment.tsval.specified()) segment.tsval = clock_[side];
    segment.tsecr = wire::has(*segment.flags, ACK) ? clock_[1 - side] : 0;
  }
  uint64_t send(size_t side, wire::Flags flags, size_t octets, bool arrives) {
    wire::Segment segment{.flags = flags};
    if (octets) segment.payload = std::string(octets, 'x');
    last_[side] = segment;
    last_seq_[side] = next_[side];
    fill(side, segment);
    next_[side] += wire::sequence_length(segment);
    if (arrives) got_[1 - side] = next_[side];
    return tape_.add(ends_[side], ends_[1 - side], segment);
  }

  Tape& tape_;
  bool timestamps_;
  std::array<Endpoint, 2> ends_;
  std::array<uint32_t, 2> next_, got_{}, clock_, last_seq_{};
  std::array<wire::Segment, 2> last_{};
};

// Captures go through a file in memory and libpcap, as they do for users.
class Explaining : public TemporaryFolder {
 protected:
  Result explain(const std::string& bytes, const Limits& limits = {}, uint64_t wanted = 0) {
    os::UniqueFd memory = os::memory_file("capture");
    os::write_all(memory.get(), bytes, "capture");
    Source source(fmt::format("/proc/self/fd/{}", memory.get()));
    Analysis analysis(limits, wanted);
    Header header;
    while (auto frame = source.next()) {
      auto content = dissect(source.link(), frame->bytes, frame->length, header);
      analysis.add(content, header, {frame->number, frame->time});
    }
    broken = source.broken();
    return analysis.finish();
  }
  Result explain(const Tape& tape) { return explain(tape.pcap()); }

  std::string broken;
};

inline const Connection& only(const Result& result) {
  EXPECT_EQ(result.told.size(), 1u);
  return result.told.at(0);
}

// The one finding of that kind; null when there is none, or several.
inline const Finding* find(const Connection& connection, Kind kind) {
  const Finding* found = nullptr;
  for (const Finding& finding : connection.findings) {
    if (finding.kind != kind) continue;
    if (found) return nullptr;
    found = &finding;
  }
  return found;
}

// "SYN_SENT 1, ESTABLISHED 2"; a ? after what is only likely.
inline std::string path(const Connection& connection, size_t side) {
  std::string text;
  for (const Passage& passage : connection.paths[side])
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", name(passage.state),
                        passage.by.frame, passage.shown ? "" : "?");
  return text;
}

}  // namespace twlab::explain
