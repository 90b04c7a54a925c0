// The arithmetic behind frames that are written a hundred thousand a second.
#include <gtest/gtest.h>

#include <random>

#include "wire/checksum.h"

namespace twlab::wire {
namespace {

constexpr Family kFamilies[] = {Family::inet, Family::inet6};
constexpr Mac kSource{2, 0, 0, 0, 0, 1}, kDestination{2, 0, 0, 0, 0, 2};

std::vector<uint8_t> random_bytes(std::mt19937& random, size_t size) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

TEST(Checksum, IsThatOfTheRfcsExamples) {
  const uint8_t rfc1071[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(fold(sum_words(rfc1071)), 0x220d);
  const uint8_t odd[] = {0x12, 0x34, 0x56};
  EXPECT_EQ(sum_words(odd), 0x1234u + 0x5600u);
  EXPECT_EQ(sum_words(0x12345678u), 0x1234u + 0x5678u);
  // RFC 1624 section 4: where RFC 1141's equation gives 0xffff.
  EXPECT_EQ(updated(0xdd2f, 0x5555, 0x3285), 0x0000);
}

TEST(Checksum, UpdatedIsTheSameAsMadeAnew) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = random_bytes(random, 40);
    // Words of only ones and only zeros are where the two zeros of one's complement differ.
    for (size_t at = 0; at < bytes.size(); at += 2)
      if (random() % 4 == 0) bytes[at] = bytes[at + 1] = random() % 2 ? 0xff : 0x00;
    bytes[0] = 0x45;  // some bit is always set, as in any header
    uint16_t before = fold(sum_words(bytes));
    size_t at = 2 * (1 + random() % 12), size = 2 * (1 + random() % 7);
    std::span<uint8_t> part(&bytes[at], size);
    uint32_t old = sum_words(part);
    auto fresh = random_bytes(random, size);
    if (i % 3 == 0) fresh.assign(size, i % 2 ? 0xff : 0x00);
    std::copy(fresh.begin(), fresh.end(), part.begin());
    ASSERT_EQ(updated(before, old, sum_words(part)), fold(sum_words(bytes)));
  }
}

Segment with_timestamps(Segment segment) {
  segment.tsval = segment.tsecr = 0u;
  return segment;
}

TEST(Stamp, WritesWhatTheCodecEncodes) {
  std::mt19937 random(2);
  const Segment syn{
      .flags = SYN, .window = 64240, .mss = 1440, .wscale = uint8_t{7}, .sack_permitted = true};
  const Segment ack{.flags = ACK, .window = 502}, fin{.flags = FIN | ACK, .window = 0};
  for (Family family : kFamilies)
    for (const Segment& base :
         {syn, with_timestamps(syn), ack, with_timestamps(ack), fin, with_timestamps(fin)}) {
      Stamp stamp(family, kSource, kDestination, base);
      for (int i = 0; i < 500; ++i) {
        Envelope envelope{kSource, kDestination, {}, {}};
        for (Endpoint* end : {&envelope.source, &envelope.destination}) {
          end->address = Address::any(family);
          auto bytes = random_bytes(random, end->address.size());
          std::copy(bytes.begin(), bytes.end(), end->address.bytes.begin());
          end->port = static_cast<uint16_t>(random());
        }
        // Every number at its bounds, too.
        auto number = [&] {
          return i % 5 == 0 ? (random() % 2 ? ~0u : 0u) : static_cast<uint32_t>(random());
        };
        StampFields fields{.source = envelope.source.address.bytes.data(),
                           .destination = envelope.destination.address.bytes.data(),
                           .source_port = envelope.source.port,
                           .destination_port = envelope.destination.port,
                           .seq = number(),
                           .ack = number(),
                           .tsval = number(),
                           .tsecr = number()};
        Segment wanted = base;
        wanted.seq = fields.seq;
        wanted.ack = fields.ack;
        if (base.tsval.present()) wanted.tsval = fields.tsval, wanted.tsecr = fields.tsecr;
        std::array<uint8_t, Stamp::largest> written{};
        stamp.write(written.data(), fields);
        Bytes frame(written.begin(), written.begin() + static_cast<ptrdiff_t>(stamp.size()));
        ASSERT_EQ(frame, encode(envelope, wanted));
        ASSERT_TRUE(decode(frame)->checksums_correct);
      }
    }
}

}  // namespace
}  // namespace twlab::wire
