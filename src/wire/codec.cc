#include "wire/codec.h"

#include <fmt/format.h>
#include <tins/ethernetII.h>
#include <tins/exceptions.h>
#include <tins/ip.h>
#include <tins/ipv6.h>
#include <tins/rawpdu.h>
#include <tins/tcp.h>
#include <tins/utils/checksum_utils.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace twlab::wire {
namespace {

using Span = std::span<const uint8_t>;

constexpr size_t kEthernetHeader = 14;
constexpr size_t kIpv6Header = 40;
constexpr size_t kLargestPacket = 65'535;
constexpr uint16_t kDefaultWindow = 64240;
constexpr uint8_t kTcp = IPPROTO_TCP;

uint16_t read16(Span bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

Tins::IPv4Address tins4(const Address& address) {
  uint32_t network_order;
  std::memcpy(&network_order, address.bytes.data(), sizeof network_order);
  return Tins::IPv4Address(network_order);
}

Tins::IPv6Address tins6(const Address& address) {
  return Tins::IPv6Address(address.bytes.data());
}

// The order and the padding of tcp_options_write() in Linux.
void add_options(Tins::TCP& tcp, const Segment& segment) {
  auto nop = [&tcp] { tcp.add_option(Tins::TCP::NOP, 0); };
  bool timestamps = segment.tsval.present() || segment.tsecr.present();
  bool sack = segment.sack_permitted.value();
  if (segment.mss.present()) tcp.mss(segment.mss.value());
  if (timestamps != sack) nop(), nop();
  if (sack) tcp.sack_permitted();
  if (timestamps) tcp.timestamp(segment.tsval.value(), segment.tsecr.value());
  if (segment.wscale.present()) {
    nop();
    tcp.winscale(segment.wscale.value());
  }
}

Tins::TCP tcp_header(const Envelope& envelope, const Segment& segment) {
  Tins::TCP tcp(segment.destination.value_or(envelope.destination.port),
                segment.source.value_or(envelope.source.port));
  tcp.flags(static_cast<uint8_t>(segment.flags.value_or(Flags{})));
  tcp.seq(segment.seq.value_or(0));
  tcp.ack_seq(segment.ack.value_or(0));
  tcp.window(segment.window.value_or(kDefaultWindow));
  add_options(tcp, segment);
  return tcp;
}

// A TCP segment found in a frame, not yet looked into.
struct Found {
  Address source, destination;
  Span bytes;
  bool ip_checksum_correct = true;
};

std::optional<Found> find_in_ipv4(Span ip) {
  if (ip.size() < 20 || ip[0] >> 4 != 4) return {};
  size_t header = (ip[0] & 0x0f) * 4u, total = read16(ip, 2);
  bool fragment = (read16(ip, 6) & 0x3fff) != 0;
  if (header < 20 || total < header || total > ip.size() || fragment || ip[9] != kTcp) return {};
  Found found;
  std::copy_n(ip.begin() + 12, 4, found.source.bytes.begin());
  std::copy_n(ip.begin() + 16, 4, found.destination.bytes.begin());
  found.bytes = ip.subspan(header, total - header);
  found.ip_checksum_correct = Tins::Utils::sum_range(ip.data(), ip.data() + header) == 0xffff;
  return found;
}

std::optional<Found> find_in_ipv6(Span ip) {
  if (ip.size() < kIpv6Header || ip[0] >> 4 != 6 || ip[6] != kTcp) return {};
  size_t length = read16(ip, 4);
  if (length > ip.size() - kIpv6Header) return {};
  Found found;
  found.source.family = found.destination.family = Family::inet6;
  std::copy_n(ip.begin() + 8, 16, found.source.bytes.begin());
  std::copy_n(ip.begin() + 24, 16, found.destination.bytes.begin());
  found.bytes = ip.subspan(kIpv6Header, length);
  return found;
}

std::optional<Found> find_tcp(Span frame) {
  if (frame.size() < kEthernetHeader) return {};
  switch (read16(frame, 12)) {
    case 0x0800:
      return find_in_ipv4(frame.subspan(kEthernetHeader));
    case 0x86dd:
      return find_in_ipv6(frame.subspan(kEthernetHeader));
    default:
      return {};
  }
}

// RFC 9293 section 3.1: the sum over pseudo-header and segment, checksum included, is all ones.
bool checksum_correct(const Found& found) {
  auto length = static_cast<uint16_t>(found.bytes.size());
  uint32_t sum = found.source.family == Family::inet
                     ? Tins::Utils::pseudoheader_checksum(tins4(found.source),
                                                          tins4(found.destination), length, kTcp)
                     : Tins::Utils::pseudoheader_checksum(tins6(found.source),
                                                          tins6(found.destination), length, kTcp);
  sum += Tins::Utils::sum_range(found.bytes.data(), found.bytes.data() + length);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

// libtins' getters for options throw where the option is absent or its length is wrong, hence by
// hand. The last of several options of one kind counts, as in Linux. False: a length is wrong.
bool read_options(const Tins::TCP& tcp, Segment& segment) {
  segment.mss = absent;
  segment.wscale = absent;
  segment.sack_permitted = absent;
  segment.tsval = segment.tsecr = absent;
  for (const Tins::TCP::option& option : tcp.options()) {
    Span data(option.data_ptr(), option.data_size());
    auto read32 = [&data](size_t at) {
      return static_cast<uint32_t>(read16(data, at)) << 16 | read16(data, at + 2);
    };
    switch (option.option()) {
      case Tins::TCP::EOL:
        return true;  // what follows is padding, which libtins reads as options all the same
      case Tins::TCP::MSS:
        if (data.size() != 2) return false;
        segment.mss = read16(data, 0);
        break;
      case Tins::TCP::WSCALE:
        if (data.size() != 1) return false;
        segment.wscale = data[0];
        break;
      case Tins::TCP::SACK_OK:
        if (!data.empty()) return false;
        segment.sack_permitted = true;
        break;
      case Tins::TCP::TSOPT:
        if (data.size() != 8) return false;
        segment.tsval = read32(0);
        segment.tsecr = read32(4);
        break;
      default:
        break;
    }
  }
  return true;
}

}  // namespace

Bytes encode(const Envelope& envelope, const Segment& segment) {
  std::string_view payload;
  if (segment.payload) payload = *segment.payload;
  if (segment.length && *segment.length != payload.size()) {
    throw std::invalid_argument(fmt::format("a segment of length {} with a payload of {}",
                                            *segment.length, payload.size()));
  }
  Family family = envelope.source.address.family;
  if (envelope.destination.address.family != family) {
    throw std::invalid_argument("a segment from one address family to another");
  }

  Tins::TCP tcp = tcp_header(envelope, segment);
  if (!payload.empty()) {
    tcp.inner_pdu(new Tins::RawPDU(reinterpret_cast<const uint8_t*>(payload.data()),
                                   static_cast<uint32_t>(payload.size())));  // owned by `tcp`
  }
  Tins::EthernetII frame(Tins::EthernetII::address_type(envelope.destination_mac.data()),
                         Tins::EthernetII::address_type(envelope.source_mac.data()));
  if (family == Family::inet) {
    Tins::IP ip(tins4(envelope.destination.address), tins4(envelope.source.address));
    ip.ttl(envelope.ttl);
    ip.id(0);  // not needed, nothing may fragment it (RFC 6864)
    ip.flags(Tins::IP::DONT_FRAGMENT);
    frame.inner_pdu(ip / tcp);
  } else {
    Tins::IPv6 ip(tins6(envelope.destination.address), tins6(envelope.source.address));
    ip.hop_limit(envelope.ttl);
    frame.inner_pdu(ip / tcp);
  }
  size_t size = frame.inner_pdu()->size();
  if (size > kLargestPacket) {
    throw std::invalid_argument(fmt::format("a payload of {} fits no packet", payload.size()));
  }
  Bytes bytes = frame.serialize();
  // libtins pads short frames; a veth does not, and neither does Linux.
  bytes.resize(kEthernetHeader + size);
  return bytes;
}

std::optional<Packet> decode(std::span<const uint8_t> frame) noexcept try {
  std::optional<Found> found = find_tcp(frame);
  if (!found) return {};
  const Tins::TCP tcp(found->bytes.data(), static_cast<uint32_t>(found->bytes.size()));

  Packet packet;
  packet.source = {found->source, tcp.sport()};
  packet.destination = {found->destination, tcp.dport()};
  packet.checksums_correct = found->ip_checksum_correct && checksum_correct(*found);
  Segment& segment = packet.segment;
  segment.source = tcp.sport();
  segment.destination = tcp.dport();
  segment.flags = Flags(static_cast<uint8_t>(tcp.flags() & 0xff));
  segment.seq = tcp.seq();
  segment.ack = tcp.ack_seq();
  segment.window = tcp.window();
  if (!read_options(tcp, segment)) return {};
  Span payload = found->bytes.subspan(tcp.data_offset() * 4u);
  segment.payload.emplace(payload.begin(), payload.end());
  segment.length = payload.size();
  return packet;
} catch (const Tins::exception_base&) {
  return {};  // too short, or an option overruns the header
}

std::string show(const Packet& packet) {
  return fmt::format("{}.{} > {}.{}: {}{}", show(packet.source.address), packet.source.port,
                     show(packet.destination.address), packet.destination.port,
                     show(packet.segment), packet.checksums_correct ? "" : " (bad checksum)");
}

}  // namespace twlab::wire
