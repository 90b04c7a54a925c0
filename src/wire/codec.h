// Segments to Ethernet frames and back. The only place that knows libtins.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "os/address.h"
#include "wire/frame.h"
#include "wire/segment.h"

namespace twlab::wire {

using Mac = std::array<uint8_t, 6>;

// What a segment travels in. Both endpoints are of one family, and it decides the IP version.
struct Envelope {
  Mac source_mac{}, destination_mac{};
  Endpoint source, destination;
  uint8_t ttl = 64;  // hop limit in IPv6
};

// The whole frame, not padded, with correct checksums. A number that the segment does not specify
// is 0, its flags none, its window 64240, its options absent; its ports, where specified, override
// the envelope's. Options stand in Linux's order (RFC 9293 section 3.2, RFC 7323): mss, sackOK, TS,
// nop, wscale; TS alone as nop, nop, TS. Throws std::invalid_argument when `length` is not that of
// the payload, the payload fits no packet, or the families differ.
Bytes encode(const Envelope& envelope, const Segment& segment);

// Every field of the packet's segment is specified. Nothing for whatever is not one whole,
// well-formed TCP segment in IPv4 or IPv6: other protocols, fragments, IPv6 extension headers, VLAN
// tags, frames cut short, options that overrun the header or have a wrong length. Bytes after the
// end of the IP packet are Ethernet padding. Wrong checksums are no reason to refuse. Never throws.
std::optional<Packet> decode(std::span<const uint8_t> frame) noexcept;

// As tcpdump: "192.0.2.1.5000 > 192.0.2.2.30202: [F.] seq 27 ack 1 win 16 length 0".
std::string show(const Packet& packet);

}  // namespace twlab::wire
