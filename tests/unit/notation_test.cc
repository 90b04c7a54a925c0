// Text to segments and back, and what is said of text that is none.
#include "wire/notation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/codec.h"

namespace twlab::wire {
namespace {

using ::testing::StartsWith;

Segment parsed(std::string_view text) {
  return parse_segment(text).segment;
}

std::string complaint(std::string_view text) {
  try {
    parse_segment(text);
    return "";
  } catch (const BadNotation& error) {
    return error.what();
  }
}

TEST(Notation, OfOneWhoTypes) {
  EXPECT_EQ(parsed("S seq 1000 tsval 5"), (Segment{.flags = SYN, .seq = 1000, .tsval = 5}));
  EXPECT_EQ(parsed("[F.]"), (Segment{.flags = FIN | ACK}));
  EXPECT_EQ(parsed("."), (Segment{.flags = ACK}));
  EXPECT_EQ(parsed("none"), (Segment{.flags = Flags{}}));
  EXPECT_EQ(parsed("SFRP.UEW"), (Segment{.flags = Flags(0xff)}));
  EXPECT_EQ(parsed(""), Segment{});
  EXPECT_EQ(parsed("seq 0xffffffff"), (Segment{.seq = 0xffffffff}));
  EXPECT_EQ(parsed("P. \"a\\r\\n\\x00\\\"\\\\\""),
            (Segment{.flags = PSH | ACK, .payload = std::string("a\r\n\0\"\\", 6)}));
  EXPECT_EQ(parsed("no TS no mss no wscale no sackOK length 0"), (Segment{.mss = absent,
                                                                          .wscale = absent,
                                                                          .sack_permitted = absent,
                                                                          .tsval = absent,
                                                                          .tsecr = absent,
                                                                          .length = 0}));
}

TEST(Notation, OfTcpdump) {
  Segment syn{.source = 40000,
              .destination = 5000,
              .flags = SYN,
              .seq = 3000000000,
              .window = 64240,
              .mss = 1460,
              .wscale = 7,
              .sack_permitted = true,
              .tsval = 5,
              .tsecr = 0,
              .length = 0};
  Written four = parse_segment(
      "14:23:01.123456 IP 192.0.2.1.40000 > 192.0.2.2.5000: Flags [S], seq 3000000000, win 64240, "
      "options [mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7], length 0");
  EXPECT_EQ(four.segment, syn);
  EXPECT_EQ(four.source, "192.0.2.1");
  EXPECT_EQ(four.destination, "192.0.2.2");
  Written six = parse_segment(
      "2026-11-21 14:23:01.123456 to-server Out IP6 2001:db8::1.40000 > 2001:db8::2.5000: "
      "Flags [S], seq 3000000000, win 64240, options [mss 1460,sackOK,TS val 5 ecr 0,nop,wscale "
      "7], length 0");
  EXPECT_EQ(six.segment, syn);
  EXPECT_EQ(six.source, "2001:db8::1");
  EXPECT_EQ(six.destination, "2001:db8::2");
  Segment data = parsed(
      "1732203303.123456 IP 192.0.2.1.40000 > 192.0.2.2.80: Flags [P.], seq 1:74, ack 1, win 502, "
      "length 73: HTTP: GET / HTTP/1.1");
  EXPECT_EQ(data, (Segment{.source = 40000,
                           .destination = 80,
                           .flags = PSH | ACK,
                           .seq = 1,
                           .ack = 1,
                           .window = 502,
                           .length = 73}));
}

TEST(Notation, OfTheLadder) {
  Written line = parse_segment("|----- 5000>40000 [F.] seq 27 ack -5 length 3 ----~|");
  EXPECT_EQ(line.segment, (Segment{.source = 5000,
                                   .destination = 40000,
                                   .flags = FIN | ACK,
                                   .seq = 27,
                                   .ack = 0u - 5,
                                   .length = 3}));
  EXPECT_FALSE(line.seq_relative);
  EXPECT_TRUE(line.ack_relative);
  EXPECT_EQ(parsed("o--- [R] seq 1 ---x"), (Segment{.flags = RST, .seq = 1}));
  EXPECT_TRUE(parse_segment(". seq +1").seq_relative);
}

TEST(Notation, OfHostsAndPorts) {
  auto ends = [](std::string_view text) {
    Written w = parse_segment(text);
    auto port = [](auto& p) { return p ? std::to_string(*p) : "-"; };
    return w.source + " " + port(w.segment.source) + " " + w.destination + " " +
           port(w.segment.destination);
  };
  EXPECT_EQ(ends("40000 > 5000: S"), " 40000  5000");
  EXPECT_EQ(ends("40000 > 5000 S"), " 40000  5000");
  EXPECT_EQ(ends("* > 5000: S"), " -  5000");
  EXPECT_EQ(ends("client > server.80: S"), "client - server 80");
  EXPECT_EQ(ends("192.0.2.1 > server:80 S"), "192.0.2.1 - server 80");
  EXPECT_EQ(ends("2001:db8::1 > 2001:db8::2.80: S"), "2001:db8::1 - 2001:db8::2 80");
}

// What show() prints of a wanted segment says all of it; of a captured one it leaves the ports and
// the data to others.
TEST(Notation, ReadsWhatIsShown) {
  const Segment wanted[] = {
      {.flags = SYN, .seq = 1000, .tsval = 5},
      {.source = 1, .destination = 65535, .flags = RST | ACK, .seq = 4294967295, .ack = 7},
      {.flags = FIN | PSH | ACK, .window = 0, .tsval = 1, .tsecr = 2, .length = 0},
      {.flags = ACK,
       .mss = absent,
       .wscale = absent,
       .sack_permitted = absent,
       .tsval = absent,
       .tsecr = absent},
      {.seq = 5, .payload = "say \"no\"\\\n\x7f", .length = 11},
      {.flags = SYN | ACK, .mss = 1460, .wscale = 0, .sack_permitted = true, .tsecr = 9},
  };
  for (const Segment& segment : wanted) EXPECT_EQ(parsed(show(segment)), segment) << show(segment);

  Envelope envelope{.source = {Address::parse("192.0.2.1"), 40000},
                    .destination = {Address::parse("192.0.2.2"), 5000}};
  for (const Segment& segment : wanted) {
    Segment sent = segment;
    if (!sent.payload) sent.length.reset();
    Packet packet = *decode(encode(envelope, sent));
    Written read = parse_segment(show(packet));
    EXPECT_EQ(encode(envelope, read.segment.length == 0 ? read.segment : sent),
              encode(envelope, sent))
        << show(packet);
    EXPECT_TRUE(matches(read.segment, packet.segment));
    EXPECT_EQ(read.source, "192.0.2.1");
  }
}

struct Wrong {
  const char* text;
  const char* why;
  const char* marks;  // below the text
};

TEST(Notation, EveryErrorPointsAtTheWord) {
  for (auto [text, why, marks] : std::initializer_list<Wrong>{
           {"S seq 1000 tsvl 5", "'tsvl' is not known", "           ^~~~"},
           {"[SX]", "'X' is no flag", "  ^"},
           {"Flags SS", "this flag is there twice", "       ^"},
           {"Flags", "behind 'Flags' they are missing", "     ^"},
           {"S F seq 1", "there are flags already", "  ^"},
           {"s seq 1", "'s' is not known", "^"},
           {"[S seq 1", "this '[' is not closed", "^"},
           {"S] seq 1", "a ']' without a '['", " ^"},
           {"[[S]]", "a '[' within brackets", " ^"},
           {"S seq", "behind seq a number is missing", "  ^~~"},
           {"S seq x", "seq is a number, not 'x'", "      ^"},
           {"S seq 4294967296", "seq is 4294967295 at most", "      ^~~~~~~~~~"},
           {"S seq 99999999999999999999", "seq is 4294967295 at most",
            "      ^~~~~~~~~~~~~~~~~~~~"},
           {"S seq 1 seq 2", "seq is there twice", "        ^~~"},
           {". seq 1:70000", "more than 65535 octets", "      ^~~~~~~"},
           {". seq 1:x", "seq is a number", "      ^~~"},
           {". seq 1:5 length 7", "the numbers of seq make it 4", "                 ^"},
           {". ack", "behind ack a number is missing", "  ^~~"},
           {". win 65536", "win is 65535 at most", "      ^~~~~"},
           {". win -1", "win is a number", "      ^~"},
           {"S mss", "behind mss a number is missing", "  ^~~"},
           {"S mss 1 mss 2", "mss is there twice", "        ^~~"},
           {"S wscale 256", "wscale is 255 at most", "         ^~~"},
           {"S TS 5", "behind TS stands val N or ecr N", "  ^~"},
           {"S tsval 1 TS val 2", "TS val is there twice", "             ^~~"},
           {"S no", "behind no stands", "  ^~"},
           {"S no seq", "behind no stands", "     ^~~"},
           {". sack 1", "'sack' cannot be written", "  ^~~~"},
           {". length 70000", "length is 65535 at most", "         ^~~~~"},
           {". length", "behind length a number is missing", "  ^~~~~~"},
           {". length 3 \"ab\"", "the data has a length of 2", "         ^"},
           {". seq 1:4 \"ab\"", "the data has a length of 2", "      ^~~"},
           {". \"ab", "this '\"' is not closed", "  ^"},
           {". \"a\\q\"", "behind a '\\' stands", "    ^~"},
           {". \"a\" \"b\"", "data is there twice", "      ^~~"},
           {"> 5000: S", "there is nothing before '>'", "^"},
           {"40000 >", "behind '>' a destination is missing", "       ^"},
           {"1 > server.http: S", "'http' is no number of a port", "    ^~~~~~~~~~~~"},
           {"70000 > 1: S", "a port is 65535 at most", "^~~~~"},
           {"1.2.3.4.5.6 > 1: S", "this is no address", "^~~~~~~~~~~"},
       }) {
    std::string said = complaint(text);
    EXPECT_THAT(said, StartsWith(why)) << text;
    EXPECT_THAT(said, ::testing::EndsWith(std::string("\n  ") + text + "\n  " + marks)) << text;
  }
}

}  // namespace
}  // namespace twlab::wire
