#include "wire/segment.h"

#include <gtest/gtest.h>

namespace twlab::wire {
namespace {

// A segment as the codec would hand it over: everything is specified.
Segment captured() {
  return {.source = 5000,
          .destination = 30202,
          .flags = FIN | PSH | ACK,
          .seq = 27,
          .ack = 1,
          .window = 16,
          .mss = absent,
          .wscale = uint8_t{7},
          .sack_permitted = absent,
          .tsval = 9u,
          .tsecr = 8u,
          .payload = "late",
          .length = 4};
}

TEST(Segment, WhatIsNotSpecifiedIsIgnored) {
  EXPECT_TRUE(matches({}, captured()));
  EXPECT_TRUE(matches(captured(), captured()));
}

TEST(Segment, EachFieldIsCompared) {
  struct {
    Segment wanted;
    const char* text;
  } cases[] = {
      {{.source = 5001}, "source: expected 5001 (0x1389), got 5000 (0x1388)"},
      {{.destination = 1}, "destination: expected 1 (0x1), got 30202 (0x75fa)"},
      {{.flags = RST}, "flags: expected [R], got [FP.]"},
      {{.seq = 26}, "seq: expected 26 (0x1a), got 27 (0x1b)"},
      {{.ack = 4294967295}, "ack: expected 4294967295 (0xffffffff), got 1 (0x1)"},
      {{.window = 0}, "window: expected 0 (0x0), got 16 (0x10)"},
      {{.mss = 1460}, "mss: expected 1460 (0x5b4), got absent"},
      {{.wscale = uint8_t{8}}, "wscale: expected 8 (0x8), got 7 (0x7)"},
      {{.wscale = absent}, "wscale: expected absent, got 7 (0x7)"},
      {{.sack_permitted = true}, "sack_permitted: expected present, got absent"},
      {{.tsval = 10}, "tsval: expected 10 (0xa), got 9 (0x9)"},
      {{.tsval = absent}, "tsval: expected absent, got 9 (0x9)"},
      {{.tsecr = 0}, "tsecr: expected 0 (0x0), got 8 (0x8)"},
      {{.payload = "l\"\n"}, R"(payload: expected "l\"\x0a", got "late")"},
      {{.length = 0}, "length: expected 0 (0x0), got 4 (0x4)"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_FALSE(matches(c.wanted, captured()));
    EXPECT_EQ(show(differences(c.wanted, captured())), c.text);
  }
}

TEST(Segment, EqualFieldsMatch) {
  for (const Segment& wanted : std::vector<Segment>{
           {.source = 5000, .destination = 30202},
           {.seq = 27, .ack = 1, .window = 16},
           {.mss = absent, .wscale = uint8_t{7}, .sack_permitted = absent},
           {.sack_permitted = false},  // another word for absent
           {.tsval = 9, .tsecr = 8},
           {.payload = "late"},
           {.length = 4},
       }) {
    EXPECT_TRUE(matches(wanted, captured())) << show(wanted);
  }
}

TEST(Segment, AllDifferencesAreTold) {
  EXPECT_EQ(show(differences({.flags = ACK, .seq = 5, .ack = 1}, {.flags = ACK, .seq = 6})),
            "seq: expected 5 (0x5), got 6 (0x6); ack: expected 1 (0x1), got unspecified");
}

// An option can be unspecified, absent or present, on either side.
TEST(Segment, OptionsHaveThreeStates) {
  Segment any, none{.tsval = absent}, zero{.tsval = 0u}, one{.tsval = 1u};
  struct {
    const Segment &wanted, &got;
    bool match;
  } cases[] = {
      {any, any, true},   {any, none, true},   {any, zero, true},  {none, none, true},
      {none, any, false}, {none, zero, false}, {zero, zero, true}, {zero, none, false},
      {zero, any, false}, {one, one, true},    {one, zero, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(matches(c.wanted, c.got), c.match) << show(c.wanted) << " / " << show(c.got);
  }
}

TEST(Segment, DecidingFlagsAreComparedExactlyOthersOnlyWhenAskedFor) {
  struct {
    Flags wanted, got;
    bool match;
  } cases[] = {
      {ACK, ACK, true},
      {ACK, ACK | PSH, true},
      {ACK, ACK | URG | ECE | CWR, true},
      {ACK | PSH, ACK, false},
      {ACK | PSH, ACK | PSH | ECE, true},
      {SYN, SYN | ECE | CWR, true},
      {SYN | ECE, SYN, false},
      {ACK, FIN | ACK, false},
      {ACK, RST | ACK, false},
      {RST, RST | ACK, false},
      {SYN, SYN | ACK, false},
      {FIN | ACK, ACK, false},
      {Flags{}, PSH, true},
      {Flags{}, ACK, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(matches({.flags = c.wanted}, {.flags = c.got}), c.match)
        << show(c.wanted) << " / " << show(c.got);
  }
}

TEST(Segment, LengthFollowsFromThePayload) {
  EXPECT_TRUE(matches({.length = 3}, {.payload = "abc"}));
  EXPECT_FALSE(matches({.length = 3}, {}));
}

TEST(Segment, FlagsReadAsInTcpdump) {
  EXPECT_EQ(show(Flags{}), "[none]");
  EXPECT_EQ(show(SYN), "[S]");
  EXPECT_EQ(show(SYN | ACK), "[S.]");
  EXPECT_EQ(show(ACK), "[.]");
  EXPECT_EQ(show(FIN | PSH | ACK), "[FP.]");
  EXPECT_EQ(show(RST | ACK), "[R.]");
  EXPECT_EQ(show(Flags(0xff)), "[FSRP.UEW]");
}

TEST(Segment, ShowsWhatIsSpecified) {
  EXPECT_EQ(show(captured()), "[FP.] seq 27 ack 1 win 16 TS val 9 ecr 8 wscale 7 length 4");
  EXPECT_EQ(show(Segment{}), "");
  EXPECT_EQ(show(Segment{.flags = SYN | ACK, .mss = 1460, .sack_permitted = true, .tsval = absent}),
            "[S.] mss 1460 sackOK no TS");
  EXPECT_EQ(show(Segment{.source = 5000, .flags = RST, .seq = 1, .ack = 0}), "5000 > *: [R] seq 1");
  EXPECT_EQ(show(Segment{.flags = RST, .ack = 7}), "[R] ack 7");
  EXPECT_EQ(show(Segment{.mss = absent, .wscale = absent, .sack_permitted = absent, .tsecr = 3}),
            "no mss no sackOK TS ecr 3 no wscale");
  EXPECT_EQ(show(Segment{.payload = "ab"}), "length 2 \"ab\"");
}

TEST(Segment, LongPayloadsAreCutShort) {
  EXPECT_EQ(show(Segment{.payload = std::string(1000, 'x')}),
            "length 1000 \"" + std::string(48, 'x') + "\"... of 1000 bytes");
}

TEST(Segment, SequenceLengthCountsSynFinAndPayload) {
  EXPECT_EQ(sequence_length({}), 0u);
  EXPECT_EQ(sequence_length({.flags = ACK}), 0u);
  EXPECT_EQ(sequence_length({.flags = SYN | ACK}), 1u);
  EXPECT_EQ(sequence_length({.flags = SYN | FIN, .payload = "abc"}), 5u);
  EXPECT_EQ(sequence_length(captured()), 5u);
  EXPECT_EQ(sequence_length({.length = 10}), 10u);
}

}  // namespace
}  // namespace twlab::wire
