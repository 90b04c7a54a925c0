#include "report/segment_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "report/transit.h"

namespace twlab::report {
namespace {

constexpr Duration rides_within = 40ms;      // see the header
constexpr uint16_t first_ephemeral = 32768;  // net.ipv4.ip_local_port_range

// A number of the wire as it stands to the nearest of some starting points.
struct Relative {
  uint32_t raw = 0;
  size_t start = 0;  // the how-many-th starting point, from 1; 0: it is far from any
  int64_t distance = 0;
};

class Starts {
 public:
  void add(uint32_t number) {
    if (std::find(starts_.begin(), starts_.end(), number) == starts_.end())
      starts_.push_back(number);
  }
  Relative of(uint32_t number) const {
    constexpr int64_t far = 1 << 24;
    Relative nearest{number, 0, far};
    for (size_t i = 0; i < starts_.size(); ++i) {
      // The difference modulo 2^32, small on either side.
      int64_t distance = static_cast<int32_t>(number - starts_[i]);
      if (std::abs(distance) < std::abs(nearest.distance)) nearest = {number, i + 1, distance};
    }
    return nearest;
  }

 private:
  std::vector<uint32_t> starts_;
};

struct PlainSegment {
  Duration since_begin{}, gap{};  // gap: from the segment before
  const wire::Segment* segment = nullptr;
  Relative seq, ack, tsval, tsecr;
  bool lost = false, unsent = false;
  Duration under_way{};
  bool checksums_correct = true;

  wire::Flags flags() const { return segment->flags.value_or(wire::Flags{}); }
  bool has(wire::Flags flag) const { return wire::has(flags(), flag); }
};

struct Plain {
  std::map<std::string, std::vector<PlainSegment>> flows;  // by sender, "192.0.2.1:p1 > ..."
  Duration length{};  // from the first segment to the last event
};

class Plainer {
 public:
  explicit Plainer(const Recording& recording) : transits_(transits(recording)) {
    for (const Transit& transit : transits_) name_ports(transit.packet());
    for (const Transit& transit : transits_) add(transit);
    if (!transits_.empty()) plain_.length = recording.events.back().time - begin();
  }
  Plain take() { return std::move(plain_); }

 private:
  Time begin() const { return transits_.front().first().time; }

  void name_ports(const wire::Packet& packet) {
    Tuple way{packet.source, packet.destination};
    bool connects =
        (packet.segment.flags.value_or(wire::Flags{}) & (wire::SYN | wire::ACK)) == wire::SYN;
    bool source_chosen = connects || way.local.port >= first_ephemeral;
    bool destination_chosen = way.remote.port >= first_ephemeral;
    if (source_chosen) name_port(way, destination_chosen);
    if (destination_chosen) name_port(way.reversed(), source_chosen);
  }

  void name_port(const Tuple& end, bool remote_chosen) {
    if (ports_.count(end)) return;
    Endpoint remote = end.remote;
    if (remote_chosen) remote.port = 0;
    ports_[end] = ++used_[{end.local.address, remote}];
  }

  // The local end.
  std::string show(const Tuple& end) const {
    std::string text = twlab::show(end.local);
    auto port = ports_.find(end);
    if (port == ports_.end()) return text;
    return text.substr(0, text.rfind(':')) + fmt::format(":p{}", port->second);
  }

  void add(const Transit& transit) {
    const wire::Packet& packet = transit.packet();
    const wire::Segment& segment = packet.segment;
    Tuple way{packet.source, packet.destination};
    Time time = transit.first().time;

    PlainSegment plain;
    plain.segment = &segment;
    plain.since_begin = time - begin();
    Tuple connection = std::min(way, way.reversed());
    auto before = last_.find(connection);
    if (before != last_.end()) plain.gap = time - before->second;
    last_[connection] = time;

    if (plain.has(wire::SYN)) numbers_[way].add(segment.seq.value_or(0));
    plain.seq = numbers_[way].of(segment.seq.value_or(0));
    plain.ack = numbers_[way.reversed()].of(segment.ack.value_or(0));
    if (segment.tsval.present()) {
      if (clocks_[way].of(segment.tsval.value()).start == 0)
        clocks_[way].add(segment.tsval.value());
      plain.tsval = clocks_[way].of(segment.tsval.value());
      plain.tsecr = clocks_[way.reversed()].of(segment.tsecr.value());
    }
    plain.lost = !transit.arrived;
    plain.unsent = !transit.sent;
    if (transit.sent && transit.arrived)
      plain.under_way = transit.arrived->time - transit.sent->time;
    plain.checksums_correct = packet.checksums_correct;
    plain_.flows[show(way) + " > " + show(way.reversed())].push_back(plain);
  }

  std::vector<Transit> transits_;
  std::map<Tuple, size_t> ports_;  // of its local end
  std::map<std::pair<Address, Endpoint>, size_t> used_;
  std::map<Tuple, Starts> numbers_, clocks_;  // by direction
  std::map<Tuple, Time> last_;                // by connection
  Plain plain_;
};

bool same(const Relative& a, const Relative& b) {
  return a.raw == b.raw || (a.start == b.start && (a.start == 0 || a.distance == b.distance));
}

// Ticks are milliseconds (RFC 7323 section 5.4; Linux since 4.13).
bool same_clock(const Relative& a, const Relative& b) {
  if (a.raw == b.raw || a.start == 0 || b.start == 0) return same(a, b);
  return a.start == b.start &&
         same_time(std::chrono::milliseconds(a.distance), std::chrono::milliseconds(b.distance));
}

std::string fields(const PlainSegment& a, const PlainSegment& b) {
  const wire::Segment &s = *a.segment, &t = *b.segment;
  constexpr wire::Flags compared = wire::SYN | wire::FIN | wire::RST | wire::ACK | wire::URG;
  std::string names;
  auto differs = [&](bool yes, std::string_view name) {
    if (yes) names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  };
  differs((a.flags() & compared) != (b.flags() & compared), "flags");
  differs(!same(a.seq, b.seq), "seq");
  differs(a.has(wire::ACK) && b.has(wire::ACK) && !same(a.ack, b.ack), "ack");
  differs(s.length != t.length, "length");
  differs((s.window == 0) != (t.window == 0), "window");
  differs(s.mss != t.mss, "mss");
  differs(s.wscale.present() != t.wscale.present(), "wscale");
  differs(s.sack_permitted.present() != t.sack_permitted.present(), "sackOK");
  differs(s.tsval.present() != t.tsval.present(), "timestamps");
  if (s.tsval.present() && t.tsval.present()) {
    differs(!same_clock(a.tsval, b.tsval), "TSval");
    differs(!same_clock(a.tsecr, b.tsecr), "TSecr");
  }
  differs(a.checksums_correct != b.checksums_correct, "checksum");
  differs(a.lost != b.lost, "lost");
  differs(a.unsent != b.unsent, "sent");
  differs(!same_time(a.gap, b.gap), "time");
  differs(!same_time(a.under_way, b.under_way), "time under way");
  return names;
}

std::string show(const Relative& number, std::string_view start) {
  if (number.start == 0) return number.raw == 0 ? "0" : "far";
  std::string text = std::to_string(number.distance);
  return number.start == 1 ? text : fmt::format("{} of {} {}", text, start, number.start);
}

std::string show(const PlainSegment& plain) {
  const wire::Segment& segment = *plain.segment;
  std::string text = fmt::format("+{:.3f} s {} seq {}", os::seconds(plain.gap),
                                 wire::show(plain.flags()), show(plain.seq, "SYN"));
  if (plain.has(wire::ACK)) text += " ack " + show(plain.ack, "SYN");
  text += fmt::format(" win {}", segment.window.value_or(0));
  if (segment.mss.present()) text += fmt::format(" mss {}", segment.mss.value());
  if (segment.wscale.present()) text += fmt::format(" wscale {}", segment.wscale.value());
  if (segment.sack_permitted.present()) text += " sackOK";
  if (segment.tsval.present())
    text += fmt::format(" TS val {} ecr {}", show(plain.tsval, "clock"),
                        segment.tsecr.value() == 0 ? "none" : show(plain.tsecr, "clock"));
  text += fmt::format(" length {}", segment.length.value_or(0));
  if (!plain.checksums_correct) text += ", wrong checksum";
  if (plain.lost) text += ", lost";
  if (plain.unsent) text += ", sent by nobody";
  if (plain.under_way >= 1ms) text += ", under way for " + os::show(plain.under_way);
  return text;
}

// The end of what both recordings have is no difference where the other's recording ends.
bool cut_off(const PlainSegment& segment, const Plain& other) {
  return same_time(segment.since_begin, other.length);
}

// Whether the i-th segment of the flow is an ACK that could as well have gone with the one after
// it.
bool could_ride(const std::vector<PlainSegment>& flow, size_t i) {
  if (i + 1 >= flow.size()) return false;
  const PlainSegment &ack = flow[i], &next = flow[i + 1];
  constexpr wire::Flags other = wire::SYN | wire::FIN | wire::RST | wire::URG;
  return ack.has(wire::ACK) && (ack.flags() & other) == wire::Flags{} &&
         ack.segment->length.value_or(0) == 0 && next.has(wire::ACK) && same(ack.seq, next.seq) &&
         static_cast<int32_t>(next.ack.raw - ack.ack.raw) >= 0 &&
         next.since_begin - ack.since_begin <= rides_within;
}

// Goes on to the first segments that differ. Of an ACK that goes alone only in one flow no trace is
// left but that the next segment comes sooner after it, and echoes a later timestamp.
void skip_what_is_same(const std::vector<PlainSegment>& x, const std::vector<PlainSegment>& y,
                       size_t& i, size_t& j) {
  while (i < x.size() && j < y.size()) {
    bool same_here = fields(x[i], y[j]).empty();
    if (!same_here && could_ride(x, i) && fields(x[i + 1], y[j]).empty()) ++i, same_here = true;
    if (!same_here && could_ride(y, j) && fields(x[i], y[j + 1]).empty()) ++j, same_here = true;
    if (!same_here) return;
    ++i, ++j;
  }
}

}  // namespace

bool same_time(Duration a, Duration b) {
  Duration apart = a > b ? a - b : b - a;
  Duration longer = std::max(std::max(a, -a), std::max(b, -b));
  return apart <= std::max(time_tolerance, longer / late_part);
}

std::optional<SegmentDifference> first_difference(const Recording& a, const Recording& b) {
  Plain left = Plainer(a).take(), right = Plainer(b).take();
  std::set<std::string> senders;
  for (const auto& [sender, flow] : left.flows) senders.insert(sender);
  for (const auto& [sender, flow] : right.flows) senders.insert(sender);

  std::optional<SegmentDifference> first;
  Duration earliest{};
  for (const std::string& sender : senders) {
    const auto &x = left.flows[sender], &y = right.flows[sender];
    size_t i = 0, j = 0;
    skip_what_is_same(x, y, i, j);
    bool both = i < x.size() && j < y.size();
    while (!both && i < x.size() && cut_off(x[i], right)) ++i;
    while (!both && j < y.size() && cut_off(y[j], left)) ++j;
    const PlainSegment* in_a = i < x.size() ? &x[i] : nullptr;
    const PlainSegment* in_b = j < y.size() ? &y[j] : nullptr;
    if (!in_a && !in_b) continue;
    Duration when =
        both ? std::min(in_a->since_begin, in_b->since_begin) : (in_a ? in_a : in_b)->since_begin;
    if (first && when >= earliest) continue;
    earliest = when;
    first = SegmentDifference{sender, in_a ? i + 1 : j + 1, both ? fields(*in_a, *in_b) : "",
                              in_a ? show(*in_a) : "", in_b ? show(*in_b) : ""};
  }
  return first;
}

}  // namespace twlab::report
