#include "wire/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

namespace twlab::wire {
namespace {

constexpr size_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40;

Envelope envelope(Family family) {
  bool inet = family == Family::inet;
  return {.source_mac = {2, 0, 0, 0, 0, 1},
          .destination_mac = {2, 0, 0, 0, 0, 2},
          .source = {Address::parse(inet ? "192.0.2.1" : "2001:db8::1"), 5000},
          .destination = {Address::parse(inet ? "192.0.2.2" : "2001:db8::2"), 30202}};
}

constexpr Family kFamilies[] = {Family::inet, Family::inet6};

// Where the TCP header begins.
size_t tcp_at(Family family) {
  return kEthernet + (family == Family::inet ? kIpv4 : kIpv6);
}

const Segment kSyn{.flags = SYN,
                   .seq = 0xfffffff0,
                   .ack = 0,
                   .window = 65535,
                   .mss = 1460,
                   .wscale = uint8_t{7},
                   .sack_permitted = true,
                   .tsval = 0x01020304u,
                   .tsecr = 0xffffffffu};

// The sum of RFC 1071 over some bytes; 0xffff over bytes that contain their own checksum.
uint32_t sum16(std::span<const uint8_t> bytes, uint32_t sum = 0) {
  for (size_t i = 0; i < bytes.size(); ++i) sum += i % 2 ? bytes[i] : bytes[i] << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

void repair_ipv4_checksum(Bytes& frame) {
  size_t header = (frame[kEthernet] & 15) * 4u;
  frame[kEthernet + 10] = frame[kEthernet + 11] = 0;
  uint32_t sum = ~sum16({&frame[kEthernet], header});
  frame[kEthernet + 10] = static_cast<uint8_t>(sum >> 8);
  frame[kEthernet + 11] = static_cast<uint8_t>(sum);
}

TEST(Codec, EveryFieldSurvivesTheRoundTrip) {
  Segment all_flags{.flags = Flags(0xff), .seq = 1, .ack = 4294967295, .window = 0};
  for (Family family : kFamilies) {
    for (Segment wanted :
         {kSyn, all_flags, Segment{.flags = ACK, .tsval = 5u, .tsecr = 0u, .payload = "hello"},
          Segment{.flags = FIN | ACK, .mss = absent, .tsval = absent},
          Segment{.wscale = uint8_t{0}, .payload = std::string("\0\n\xff", 3)},
          Segment{.sack_permitted = true, .payload = std::string(1460, 'x')}}) {
      SCOPED_TRACE(show(wanted));
      auto packet = decode(encode(envelope(family), wanted));
      ASSERT_TRUE(packet);
      EXPECT_EQ(show(differences(wanted, packet->segment)), "");
      EXPECT_EQ(packet->source, envelope(family).source);
      EXPECT_EQ(packet->destination, envelope(family).destination);
      EXPECT_TRUE(packet->checksums_correct);
    }
  }
}

TEST(Codec, WhatIsNotSpecifiedGetsItsDefaultAndIsSpecifiedWhenDecoded) {
  for (Family family : kFamilies) {
    auto packet = decode(encode(envelope(family), {}));
    ASSERT_TRUE(packet);
    Segment expected{.source = 5000,
                     .destination = 30202,
                     .flags = Flags{},
                     .seq = 0,
                     .ack = 0,
                     .window = 64240,
                     .mss = absent,
                     .wscale = absent,
                     .sack_permitted = absent,
                     .tsval = absent,
                     .tsecr = absent,
                     .payload = "",
                     .length = 0};
    EXPECT_EQ(packet->segment, expected) << show(differences(expected, packet->segment));
  }
}

TEST(Codec, PortsOfTheSegmentOverrideTheEnvelope) {
  auto packet = decode(encode(envelope(Family::inet), {.source = 1, .destination = 65535}));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->source.port, 1);
  EXPECT_EQ(packet->destination.port, 65535);
}

TEST(Codec, ContradictionsAreRefused) {
  Envelope mixed = envelope(Family::inet);
  mixed.destination = envelope(Family::inet6).destination;
  EXPECT_THROW(encode(mixed, {}), std::invalid_argument);
  EXPECT_THROW(encode(envelope(Family::inet), {.length = 3}), std::invalid_argument);
  EXPECT_THROW(encode(envelope(Family::inet), {.payload = "ab", .length = 3}),
               std::invalid_argument);
  for (Family family : kFamilies) {
    Segment huge{.payload = std::string(65536, 'x')};
    EXPECT_THROW(encode(envelope(family), huge), std::invalid_argument);
  }
}

TEST(Codec, FramesHaveTheExpectedBytes) {
  Bytes frame = encode(envelope(Family::inet), kSyn);
  const Bytes expected = {
      2,    0,    0,    0,    0,         2,         2,    0,    0,    0,    0, 1,
      8,    0,                                                                     // Ethernet
      0x45, 0,    0,    60,   0,         0,         0x40, 0,    64,   6,           // IPv4
      0xb6, 0xb8, 192,  0,    2,         1,         192,  0,    2,    2,           //
      0x13, 0x88, 0x75, 0xfa, 0xff,      0xff,      0xff, 0xf0, 0,    0,    0, 0,  // TCP
      0xa0, 2,    0xff, 0xff, frame[50], frame[51], 0,    0,                       //
      2,    4,    5,    0xb4, 4,         2,                                        // mss, sackOK
      8,    10,   1,    2,    3,         4,         0xff, 0xff, 0xff, 0xff, 1, 3,
      3,    7};  // TS, wscale
  EXPECT_EQ(frame, expected);
}

TEST(Codec, OptionsStandInLinuxOrder) {
  const std::vector<std::pair<Segment, Bytes>> cases = {
      {{.flags = ACK, .tsval = 1u, .tsecr = 2u}, {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}},
      {{.flags = SYN, .mss = 9, .sack_permitted = true}, {2, 4, 0, 9, 1, 1, 4, 2}},
      {{.flags = SYN, .wscale = uint8_t{3}}, {1, 3, 3, 3}},
      {{.flags = ACK}, {}},
  };
  for (Family family : kFamilies) {
    for (const auto& [segment, options] : cases) {
      Bytes frame = encode(envelope(family), segment);
      EXPECT_EQ(Bytes(frame.begin() + static_cast<ptrdiff_t>(tcp_at(family) + 20), frame.end()),
                options);
    }
  }
}

// Against the definition in RFC 9293 section 3.1, not against the codec's own idea of it.
TEST(Codec, ChecksumsAreCorrect) {
  for (Family family : kFamilies) {
    for (size_t length : {0, 1, 2, 999}) {
      Bytes frame = encode(envelope(family), {.tsval = 1u, .payload = std::string(length, 'y')});
      std::span all(frame);
      size_t addresses = family == Family::inet ? kEthernet + 12 : kEthernet + 8;
      auto tcp = all.subspan(tcp_at(family));
      uint32_t pseudo = 6 + static_cast<uint32_t>(tcp.size());
      pseudo = sum16(all.subspan(addresses, tcp_at(family) - addresses), pseudo);
      EXPECT_EQ(sum16(tcp, pseudo), 0xffffu);
      if (family == Family::inet6) continue;  // has no header checksum
      EXPECT_EQ(sum16(all.subspan(kEthernet, kIpv4)), 0xffffu);
    }
  }
}

TEST(Codec, PaddingIsNotPayload) {
  for (Family family : kFamilies) {
    Bytes frame = encode(envelope(family), {.flags = ACK, .payload = "ab"});
    frame.resize(frame.size() + 10, 0x55);
    auto packet = decode(frame);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->segment.payload, "ab");
    EXPECT_EQ(packet->segment.length, 2u);
    EXPECT_TRUE(packet->checksums_correct);
  }
}

TEST(Codec, FramesCutShortAreNoPackets) {
  for (Family family : kFamilies) {
    Bytes frame = encode(envelope(family), kSyn);
    for (size_t length = 0; length < frame.size(); ++length) {
      // A copy of just that size, so that a sanitizer sees a read beyond it.
      EXPECT_FALSE(decode(Bytes(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(length))))
          << length;
    }
  }
}

// A changed byte in what the checksums cover: either no packet any more, or one with a bad
// checksum.
TEST(Codec, EveryChangedByteIsNoticed) {
  for (Family family : kFamilies) {
    Bytes good = encode(envelope(family), {.flags = ACK, .tsval = 7u, .payload = "data"});
    size_t first = family == Family::inet ? kEthernet : kEthernet + 8;  // IPv6: the addresses
    for (size_t i = first; i < good.size(); ++i) {
      for (int change = 1; change < 256; ++change) {
        Bytes bad = good;
        bad[i] ^= static_cast<uint8_t>(change);
        auto packet = decode(bad);
        ASSERT_FALSE(packet && packet->checksums_correct) << name(family) << " byte " << i;
      }
    }
  }
}

TEST(Codec, GarbageIsSurvived) {
  std::mt19937 random(20150614);
  for (Family family : kFamilies) {
    Bytes good = encode(envelope(family), kSyn);
    for (int round = 0; round < 20'000; ++round) {
      Bytes bad = good;
      for (int flips = 1 + static_cast<int>(random() % 8); flips > 0; --flips) {
        bad[random() % bad.size()] = static_cast<uint8_t>(random());
      }
      bad.resize(random() % 4 ? bad.size() : random() % (bad.size() + 1));
      auto packet = decode(bad);
      EXPECT_TRUE(!packet || !show(*packet).empty());
    }
  }
}

TEST(Codec, MalformedFramesAreNoPackets) {
  struct Case {
    const char* what;
    size_t at;  // offset in the frame
    Bytes bytes;
  };
  size_t ip = kEthernet, tcp4 = tcp_at(Family::inet), tcp6 = tcp_at(Family::inet6);
  const Case inet[] = {
      {"ARP", 12, {8, 6}},
      {"VLAN", 12, {0x81, 0}},
      {"version 6", ip, {0x65}},
      {"header of 16", ip, {0x44}},
      {"header of 60", ip, {0x4f}},
      {"total length 0", ip + 2, {0, 0}},
      {"total length within the IP header", ip + 2, {0, 19}},
      {"total length within the TCP header", ip + 2, {0, 39}},
      {"total length within the options", ip + 2, {0, 59}},
      {"total length beyond the frame", ip + 2, {0, 61}},
      {"more fragments", ip + 6, {0x20, 0}},
      {"last fragment", ip + 6, {0, 1}},
      {"UDP", ip + 9, {17}},
      {"data offset 4", tcp4 + 12, {0x40}},
      {"data offset beyond the segment", tcp4 + 12, {0xf0}},
      {"mss of length 3", tcp4 + 20, {2, 3, 0, 1}},
      {"wscale of length 4", tcp4 + 36, {3, 4, 1, 1}},
      {"sackOK of length 4", tcp4 + 20, {4, 4, 1, 1}},
      {"timestamps of length 4", tcp4 + 20, {8, 4, 1, 1}},
      {"option of length 0", tcp4 + 20, {2, 0}},
      {"option of length 1", tcp4 + 20, {2, 1}},
      {"option overruns the header", tcp4 + 20, {8, 41}},
      {"option without a length", tcp4 + 36, {1, 1, 1, 3}},
  };
  const Case inet6[] = {
      {"version 4", ip, {0x40}},
      {"payload length 0", ip + 4, {0, 0}},
      {"payload length beyond the frame", ip + 4, {0, 41}},
      {"payload length within the options", ip + 4, {0, 39}},
      {"hop-by-hop options", ip + 6, {0}},
      {"fragment header", ip + 6, {44}},
      {"data offset 4", tcp6 + 12, {0x40}},
      {"option overruns the header", tcp6 + 20, {8, 41}},
  };
  auto expect_none = [](Family family, std::span<const Case> cases) {
    for (const Case& c : cases) {
      Bytes frame = encode(envelope(family), kSyn);
      std::copy(c.bytes.begin(), c.bytes.end(), frame.begin() + static_cast<ptrdiff_t>(c.at));
      EXPECT_FALSE(decode(frame)) << c.what;
    }
  };
  expect_none(Family::inet, inet);
  expect_none(Family::inet6, inet6);
}

TEST(Codec, UnknownOptionsAndWhatFollowsTheEndOfOptionsAreSkipped) {
  size_t options = tcp_at(Family::inet) + 20;
  Bytes frame = encode(envelope(Family::inet), kSyn);
  frame[options] = 0xfe;  // experimental, in place of the mss
  auto packet = decode(frame);
  ASSERT_TRUE(packet);
  EXPECT_FALSE(packet->segment.mss.present());
  EXPECT_TRUE(packet->segment.tsval.present());

  std::fill_n(frame.begin() + static_cast<ptrdiff_t>(options), 4, 0);
  packet = decode(frame);
  ASSERT_TRUE(packet);
  EXPECT_FALSE(packet->segment.tsval.present());
  EXPECT_EQ(packet->segment.payload, "");
}

TEST(Codec, Ipv4OptionsAreSkipped) {
  Bytes frame = encode(envelope(Family::inet), {.flags = ACK, .payload = "x"});
  const uint8_t nops[] = {1, 1, 1, 1};
  frame.insert(frame.begin() + kEthernet + kIpv4, std::begin(nops), std::end(nops));
  frame[kEthernet] = 0x46;
  frame[kEthernet + 3] = static_cast<uint8_t>(frame[kEthernet + 3] + 4);
  repair_ipv4_checksum(frame);
  auto packet = decode(frame);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->segment.payload, "x");
  EXPECT_TRUE(packet->checksums_correct);
}

TEST(Codec, ShowsPacketsAsTcpdumpDoes) {
  Segment fin{.flags = FIN | ACK, .seq = 27, .ack = 1, .window = 16};
  Bytes frame = encode(envelope(Family::inet), fin);
  EXPECT_EQ(show(*decode(frame)),
            "192.0.2.1.5000 > 192.0.2.2.30202: [F.] seq 27 ack 1 win 16 length 0");
  frame.back() ^= 1;  // the urgent pointer
  EXPECT_EQ(show(*decode(frame)),
            "192.0.2.1.5000 > 192.0.2.2.30202: [F.] seq 27 ack 1 win 16 length 0 (bad checksum)");
  EXPECT_EQ(show(*decode(encode(envelope(Family::inet6), fin))),
            "2001:db8::1.5000 > 2001:db8::2.30202: [F.] seq 27 ack 1 win 16 length 0");
}

}  // namespace
}  // namespace twlab::wire
