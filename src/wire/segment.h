// A partly specified TCP segment: one type to send and to expect.
//
// Sending, what is not said is filled in by whoever sends (a Peer knows its next sequence number
// and its clock). Expecting, what is not said is ignored. A mistyped field does not compile.
// Numbers are in host order and absolute, as on the wire. RFC 9293 section 3.1, RFC 7323 section 3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twlab::wire {

// The control bits, with their values in the header.
enum class Flags : uint8_t {};
inline constexpr Flags FIN{0x01}, SYN{0x02}, RST{0x04}, PSH{0x08}, ACK{0x10}, URG{0x20}, ECE{0x40},
    CWR{0x80};
constexpr Flags operator|(Flags a, Flags b) {
  return Flags(uint8_t(a) | uint8_t(b));
}
constexpr Flags operator&(Flags a, Flags b) {
  return Flags(uint8_t(a) & uint8_t(b));
}
constexpr bool has(Flags all, Flags some) {
  return (all & some) == some;
}

struct Absent {};
inline constexpr Absent absent{};

// A TCP option: not specified, absent, or present with a value.
template <typename T>
class Option {
 public:
  constexpr Option() = default;
  constexpr Option(Absent) : state_(State::absent) {}                   // NOLINT(google-explicit-*)
  constexpr Option(T value) : state_(State::present), value_(value) {}  // NOLINT(google-explicit-*)
  constexpr bool specified() const { return state_ != State::unspecified; }
  constexpr bool present() const { return state_ == State::present; }
  constexpr T value() const { return value_; }  // 0 unless present
  constexpr bool operator==(const Option&) const = default;

 private:
  enum class State : uint8_t { unspecified, absent, present };
  State state_ = State::unspecified;
  T value_{};
};

struct Segment {
  std::optional<uint16_t> source{}, destination{};  // ports
  // Compared on SYN, FIN, RST and ACK; PSH, URG and the ECN bits only when asked for.
  std::optional<Flags> flags{};
  std::optional<uint32_t> seq{}, ack{};
  std::optional<uint16_t> window{};  // as in the header, not scaled
  Option<uint16_t> mss{};
  Option<uint8_t> wscale{};
  Option<bool> sack_permitted{};
  Option<uint32_t> tsval{}, tsecr{};
  std::optional<std::string> payload{};
  std::optional<size_t> length{};  // of the payload; follows from it when sending

  bool operator==(const Segment&) const = default;
};

// One difference between a wanted and a captured segment, for the failure text.
struct Difference {
  std::string field, wanted, got;
};

// Empty when every specified field of `wanted` is so in `got`.
std::vector<Difference> differences(const Segment& wanted, const Segment& got);
inline bool matches(const Segment& wanted, const Segment& got) {
  return differences(wanted, got).empty();
}

// "[S.]", "[F.]", "[R]" as tcpdump prints them.
std::string show(Flags flags);
// "[F.] seq 27 ack 1 win 16 TS val 9 ecr 8 length 0"; what is not specified is left out.
std::string show(const Segment& segment);
// "seq: expected 5 (0x5), got 6 (0x6); ..."
std::string show(const std::vector<Difference>& differences);

// Octets of sequence space: payload, and one each for SYN and FIN.
uint32_t sequence_length(const Segment& segment);

}  // namespace twlab::wire
