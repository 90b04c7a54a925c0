#include "explain/header.h"

#include <pcap/dlt.h>

#include <algorithm>

namespace twlab::explain {
namespace {

using Span = std::span<const uint8_t>;

constexpr uint16_t ipv4_type = 0x0800, ipv6_type = 0x86dd;
constexpr size_t ipv6_header = 40, tcp_header = 20;
// Ports, numbers and flags; the window follows. Less says nothing.
constexpr size_t least_of_tcp = 16;

uint16_t read16(Span bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

uint32_t read32(Span bytes, size_t at) {
  return static_cast<uint32_t>(read16(bytes, at)) << 16 | read16(bytes, at + 2);
}

// The captured part of a packet, and how long it was.
struct Part {
  Span bytes;
  size_t length = 0;

  bool captured(size_t octets) const { return bytes.size() >= octets; }
  Part after(size_t octets) const { return {bytes.subspan(octets), length - octets}; }
  // Without what follows the packet, such as Ethernet padding.
  Part first(size_t octets) const {
    return {bytes.first(std::min(octets, bytes.size())), std::min(octets, length)};
  }
};

// False when an option overruns the header or has a wrong length: the sender's stack would not have
// made it. Options that were not captured are passed over.
bool read_options(Part options, Header& header) {
  for (size_t at = 0; at < options.bytes.size();) {
    uint8_t kind = options.bytes[at];
    if (kind == 0) return true;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= options.length) return false;
    if (!options.captured(at + 2)) return true;
    size_t length = options.bytes[at + 1];
    if (length < 2 || at + length > options.length) return false;
    if (!options.captured(at + length)) return true;
    if (kind == 2 && length == 4) header.mss = read16(options.bytes, at + 2);
    if (kind == 3 && length == 3) header.wscale = options.bytes[at + 2];
    if (kind == 4 && length == 2) header.sack_permitted = true;
    if (kind == 8 && length == 10) {
      header.tsval = read32(options.bytes, at + 2);
      header.tsecr = read32(options.bytes, at + 6);
    }
    at += length;
  }
  return true;
}

Content read_tcp(Part tcp, Header& header) {
  if (tcp.length < tcp_header) return Content::malformed;
  if (!tcp.captured(least_of_tcp)) return Content::cut_short;
  size_t size = (tcp.bytes[12] >> 4) * 4u;
  if (size < tcp_header || size > tcp.length) return Content::malformed;
  header.source.port = read16(tcp.bytes, 0);
  header.destination.port = read16(tcp.bytes, 2);
  header.seq = read32(tcp.bytes, 4);
  header.ack = read32(tcp.bytes, 8);
  header.flags = wire::Flags(tcp.bytes[13]);
  header.window = read16(tcp.bytes, 14);
  header.length = static_cast<uint32_t>(tcp.length - size);
  if (!tcp.captured(tcp_header)) return Content::tcp;
  bool sound = read_options(tcp.first(size).after(tcp_header), header);
  return sound ? Content::tcp : Content::malformed;
}

Content read_ipv4(Part ip, Header& header) {
  if (!ip.captured(20)) return ip.length < 20 ? Content::malformed : Content::cut_short;
  size_t size = (ip.bytes[0] & 0x0f) * 4u, total = read16(ip.bytes, 2);
  // The sender's card cuts it up and writes the length: a capture before that may show 0.
  if (total == 0) total = ip.length;
  if (ip.bytes[0] >> 4 != 4 || size < 20 || total < size || total > ip.length)
    return Content::malformed;
  if (ip.bytes[9] != IPPROTO_TCP) return Content::other;
  if (read16(ip.bytes, 6) & 0x3fff) return Content::fragment;
  if (!ip.captured(size)) return Content::cut_short;
  header.ip_id = read16(ip.bytes, 4);
  std::copy_n(ip.bytes.begin() + 12, 4, header.source.address.bytes.begin());
  std::copy_n(ip.bytes.begin() + 16, 4, header.destination.address.bytes.begin());
  return read_tcp(ip.first(total).after(size), header);
}

// RFC 8200 section 4; the authentication header counts its length in units of 4.
Content read_ipv6(Part ip, Header& header) {
  if (!ip.captured(ipv6_header))
    return ip.length < ipv6_header ? Content::malformed : Content::cut_short;
  size_t payload = read16(ip.bytes, 4);
  if (payload == 0) payload = ip.length - ipv6_header;  // a jumbogram, or left to the card
  if (ip.bytes[0] >> 4 != 6 || payload > ip.length - ipv6_header) return Content::malformed;
  header.source.address.family = header.destination.address.family = Family::inet6;
  std::copy_n(ip.bytes.begin() + 8, 16, header.source.address.bytes.begin());
  std::copy_n(ip.bytes.begin() + 24, 16, header.destination.address.bytes.begin());

  uint8_t next = ip.bytes[6];
  Part rest = ip.first(ipv6_header + payload).after(ipv6_header);
  while (next != IPPROTO_TCP) {
    bool authentication = next == IPPROTO_AH, fragment = next == IPPROTO_FRAGMENT;
    if (!authentication && !fragment && next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
        next != IPPROTO_DSTOPTS && next != IPPROTO_MH)
      return Content::other;
    if (rest.length < 8) return Content::malformed;
    if (!rest.captured(8)) return Content::cut_short;
    // A fragment header on a whole packet is no fragment (RFC 6946).
    if (fragment && (read16(rest.bytes, 2) & 0xfff9)) return Content::fragment;
    size_t size = fragment         ? 8
                  : authentication ? (rest.bytes[1] + 2u) * 4
                                   : (rest.bytes[1] + 1u) * 8;
    if (size > rest.length) return Content::malformed;
    if (!rest.captured(size)) return Content::cut_short;
    next = rest.bytes[0];
    rest = rest.after(size);
  }
  return read_tcp(rest, header);
}

Content read_ip(Part ip, Header& header) {
  if (ip.bytes.empty()) return Content::cut_short;
  uint8_t version = ip.bytes[0] >> 4;
  return version == 4   ? read_ipv4(ip, header)
         : version == 6 ? read_ipv6(ip, header)
                        : Content::other;
}

// From the type at `at` on; VLAN tags are 4 octets each, the type stands at their end.
Content read_typed(Part frame, size_t at, size_t header_size, Header& header) {
  if (!frame.captured(header_size)) return Content::cut_short;
  uint16_t type = read16(frame.bytes, at);
  Part rest = frame.after(header_size);
  while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
    if (!rest.captured(4)) return Content::cut_short;
    type = read16(rest.bytes, 2);
    rest = rest.after(4);
  }
  return type == ipv4_type   ? read_ipv4(rest, header)
         : type == ipv6_type ? read_ipv6(rest, header)
                             : Content::other;
}

}  // namespace

bool can_read(int link) {
  switch (link) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_NULL:
    case DLT_LOOP:
      return true;
    default:
      return false;
  }
}

Content dissect(int link, Span bytes, size_t length, Header& header) noexcept {
  header = {};
  Part frame{bytes, std::max(length, bytes.size())};
  switch (link) {
    case DLT_EN10MB:
      return read_typed(frame, 12, 14, header);
    case DLT_LINUX_SLL:
      return read_typed(frame, 14, 16, header);
    case DLT_LINUX_SLL2:
      return read_typed(frame, 0, 20, header);
    case DLT_NULL:
    case DLT_LOOP:
      // Whose byte order the family has, and its number for IPv6, depend on the system; the
      // version that follows does not.
      return frame.captured(4) ? read_ip(frame.after(4), header) : Content::cut_short;
    default:
      return read_ip(frame, header);
  }
}

}  // namespace twlab::explain
