// The TCP header in a frame of any capture, also of one that was cut short by the snap length.
//
// Not wire/codec: that one takes whole, well-formed Ethernet frames and nothing else, which is
// right for evidence. Here the payload may be missing and only its length is wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "os/address.h"
#include "wire/segment.h"

namespace twlab::explain {

// Absolute numbers in host order, as on the wire.
struct Header {
  Endpoint source, destination;
  wire::Flags flags{};
  uint32_t seq = 0, ack = 0;
  uint32_t length = 0;  // of the payload on the wire, whether it was captured or not
  uint16_t window = 0;  // not scaled
  uint16_t ip_id = 0;   // of IPv4; 0 in IPv6, and where the sender sets none
  // Options that were not captured count as absent.
  std::optional<uint32_t> tsval, tsecr;
  std::optional<uint16_t> mss;
  std::optional<uint8_t> wscale;
  bool sack_permitted = false;

  bool has(wire::Flags flag) const { return wire::has(flags, flag); }
  bool bare_syn() const { return has(wire::SYN) && !has(wire::ACK); }
  // Octets of sequence space, and the number after the last one.
  uint32_t octets() const { return length + has(wire::SYN) + has(wire::FIN); }
  uint32_t end() const { return seq + octets(); }
};

// How far `number` is after `base`, modulo 2^32: negative when it is before.
inline int32_t distance(uint32_t number, uint32_t base) {
  return static_cast<int32_t>(number - base);
}

enum class Content : uint8_t {
  tcp,
  other,      // no IP, or not TCP in it
  fragment,   // of an IP packet: what belongs together is not put together
  cut_short,  // captured too little for the TCP header
  malformed   // lengths that contradict one another
};

// `link` is libpcap's DLT_ number, one that can_read() knows; `length` that of the frame on the
// wire, of which `bytes` is the captured beginning. The header is filled for Content::tcp only.
// VLAN tags and IPv6 extension headers are passed over. Never throws.
Content dissect(int link, std::span<const uint8_t> bytes, size_t length, Header& header) noexcept;

// Ethernet, Linux cooked captures (SLL and SLL2), raw IP, and BSD's loopback.
bool can_read(int link);

}  // namespace twlab::explain
