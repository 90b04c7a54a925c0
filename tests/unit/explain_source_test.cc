// Files, link types and headers; and whatever else may come in.
#include <gmock/gmock.h>
#include <pcap/dlt.h>

#include <random>

#include "explain_fixture.h"

namespace twlab::explain {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using wire::Bytes;

class ExplainSource : public Explaining {
 protected:
  std::string refused(const std::string& path) {
    try {
      Source source(path);
      return "accepted";
    } catch (const BadCapture& error) {
      return error.what();
    }
  }
  static Tape closed() {
    Tape tape;
    Talk(tape).open().close();
    return tape;
  }
  // The link type of a pcap file made by classic_pcap().
  static std::string with_link(std::string pcap, uint8_t link) {
    pcap[20] = static_cast<char>(link);
    return pcap;
  }
};

TEST_F(ExplainSource, PcapAndPcapngSayTheSame) {
  Tape tape = closed();
  for (const std::string& bytes : {tape.pcap(), tape.pcapng()}) {
    Result result = explain(bytes);
    EXPECT_EQ(broken, "");
    EXPECT_EQ(only(result).ending, Ending::closed);
    EXPECT_EQ(result.last.frame, 7u);
    EXPECT_EQ(result.last.time - result.first.time, 600us);
  }
}

TEST_F(ExplainSource, WhatIsNoCapture) {
  EXPECT_THAT(refused(folder() / "missing"), HasSubstr("missing: No such file"));
  EXPECT_THAT(refused(folder()), HasSubstr("a folder; a capture is a file"));
  EXPECT_THAT(refused(file("empty", "")), HasSubstr("empty: empty"));
  EXPECT_THAT(refused(file("text", "all work and no play makes")),
              AllOf(HasSubstr("text: neither pcap nor pcapng"), HasSubstr("zcat")));
  EXPECT_THAT(refused(file("short", closed().pcap().substr(0, 10))), HasSubstr("short: "));
  EXPECT_THAT(refused(file("wlan", with_link(closed().pcap(), 127))),
              AllOf(HasSubstr("link type IEEE802_11_RADIO"), HasSubstr("is not read")));
}

TEST_F(ExplainSource, ATruncatedFileTellsHowFarItGot) {
  std::string bytes = closed().pcap();
  Result result = explain(bytes.substr(0, bytes.size() - 10));
  EXPECT_THAT(broken, HasSubstr("broken after frame 6: truncated dump file"));
  EXPECT_EQ(path(only(result), 1), "SYN_RECEIVED 2, ESTABLISHED 3, CLOSE_WAIT 4, LAST_ACK 6");
}

TEST_F(ExplainSource, NoFramesAtAll) {
  Result result = explain(closed().pcap().substr(0, 24));
  EXPECT_EQ(broken, "");
  EXPECT_EQ(result.connections, 0u);
}

TEST_F(ExplainSource, CutByTheSnapLength) {
  Tape tape;
  Talk talk(tape, {.timestamps = true});
  talk.open();
  talk.client(ACK | PSH, 1000);
  talk.close();
  for (size_t snap : {34 + 16, 34 + 20, 34 + 25, 34 + 32}) {
    Analysis analysis;
    uint64_t number = 0;
    for (const auto& frame : tape.frames) {
      Header header;
      auto captured = std::span(frame.bytes).first(std::min(snap, frame.bytes.size()));
      Content content = dissect(DLT_EN10MB, captured, frame.bytes.size(), header);
      EXPECT_EQ(content, Content::tcp) << snap;
      analysis.add(content, header, {++number, frame.time});
    }
    Result result = analysis.finish();
    EXPECT_EQ(only(result).ending, Ending::closed);
    EXPECT_THAT(only(result).octets, ElementsAre(1000, 0));
  }
}

// The headers that link types and the IP versions put in front of the same segment.
class ExplainHeader : public testing::TestWithParam<bool> {
 protected:
  ExplainHeader() {
    bool six = GetParam();
    Endpoint from{Address::parse(six ? "2001:db8::1" : "192.0.2.1"), 40000},
        to{Address::parse(six ? "2001:db8::2" : "192.0.2.2"), 80};
    frame = wire::encode({{2}, {4}, from, to},
                         {.flags = SYN, .seq = 7u, .mss = 1460, .wscale = 7, .tsval = 5u});
    ip.assign(frame.begin() + 14, frame.end());
    type = {frame[12], frame[13]};
  }
  void expect(int link, const Bytes& bytes) {
    Header header;
    ASSERT_EQ(dissect(link, bytes, bytes.size(), header), Content::tcp) << link;
    EXPECT_EQ(header.source.port, 40000);
    EXPECT_EQ(header.destination.port, 80);
    EXPECT_EQ(show(header.source.address), GetParam() ? "2001:db8::1" : "192.0.2.1");
    EXPECT_EQ(header.seq, 7u);
    EXPECT_EQ(header.octets(), 1u);
    EXPECT_EQ(header.mss, 1460);
    EXPECT_EQ(header.wscale, 7);
    EXPECT_EQ(header.tsval, 5u);
    // Whatever is missing at its end, it is not read beyond.
    for (size_t size = 0; size < bytes.size(); ++size) {
      Bytes part(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      dissect(link, part, bytes.size(), header);
      dissect(link, part, part.size(), header);
    }
  }
  static Bytes joined(Bytes first, const Bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }
  Bytes frame, ip, type;
};

INSTANTIATE_TEST_SUITE_P(Families, ExplainHeader, testing::Bool());

TEST_P(ExplainHeader, LinkTypes) {
  expect(DLT_EN10MB, frame);
  expect(DLT_RAW, ip);
  expect(GetParam() ? DLT_IPV6 : DLT_IPV4, ip);
  expect(DLT_NULL, joined({0, 0, 0, 0}, ip));
  expect(DLT_LOOP, joined({0, 0, 0, 0}, ip));
  Bytes sll(14), sll2 = type;
  sll2.resize(20);
  expect(DLT_LINUX_SLL, joined(joined(sll, type), ip));
  expect(DLT_LINUX_SLL2, joined(sll2, ip));
}

TEST_P(ExplainHeader, VlanTags) {
  Bytes macs(frame.begin(), frame.begin() + 12), one{0x81, 0, 0, 5};
  expect(DLT_EN10MB, joined(joined(joined(macs, one), type), ip));
  Bytes two = joined({0x88, 0xa8, 0, 9}, one);
  expect(DLT_EN10MB, joined(joined(joined(macs, two), type), ip));
}

TEST_P(ExplainHeader, ExtensionsAndFragments) {
  Header header;
  if (!GetParam()) {
    ip[6] = 0x20;  // more fragments
    EXPECT_EQ(dissect(DLT_RAW, ip, ip.size(), header), Content::fragment);
    return;
  }
  Bytes base(ip.begin(), ip.begin() + 40), tcp(ip.begin() + 40, ip.end());
  auto with = [&](uint8_t next, const Bytes& extension) {
    Bytes packet = joined(joined(base, extension), tcp);
    packet[6] = next;
    packet[5] = static_cast<uint8_t>(packet.size() - 40);
    return packet;
  };
  expect(DLT_RAW, with(0, {6, 0, 1, 4, 0, 0, 0, 0}));                           // hop by hop
  expect(DLT_RAW, with(0, {60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0}));  // and destination
  expect(DLT_RAW, with(44, {6, 0, 0, 0, 0, 0, 0, 1}));  // whole all the same
  Bytes fragment = with(44, {6, 0, 0, 1, 0, 0, 0, 1});
  EXPECT_EQ(dissect(DLT_RAW, fragment, fragment.size(), header), Content::fragment);
}

TEST_P(ExplainHeader, PaddingIsNoPayload) {
  Bytes padded = joined(frame, Bytes(20));
  expect(DLT_EN10MB, padded);
}

TEST_P(ExplainHeader, WhatIsNotTcp) {
  Header header;
  Bytes udp = ip;
  udp[GetParam() ? 6 : 9] = 17;
  EXPECT_EQ(dissect(DLT_RAW, udp, udp.size(), header), Content::other);
  Bytes arp = frame;
  arp[12] = 8, arp[13] = 6;
  EXPECT_EQ(dissect(DLT_EN10MB, arp, arp.size(), header), Content::other);
  EXPECT_EQ(dissect(DLT_RAW, std::span(ip).first(30), ip.size(), header), Content::cut_short);
  Bytes overrun = ip;
  overrun[GetParam() ? 4 : 2] = 0xff;
  EXPECT_EQ(dissect(DLT_RAW, overrun, overrun.size(), header), Content::malformed);
  Bytes option = ip;
  option[(GetParam() ? 40 : 20) + 21] = 0;  // the length of the first option
  EXPECT_EQ(dissect(DLT_RAW, option, option.size(), header), Content::malformed);
}

// Bytes of captures changed at random: no crash, no endless loop, no memory that is not its own
// (under the sanitizers), and the counts still add up.
TEST_F(ExplainSource, AnythingAtAll) {
  Tape tape;
  Talk first(tape, {.timestamps = true}), second(tape, {}, 40001);
  first.open();
  second.open();
  first.client(ACK | PSH, 100);
  second.server(FIN | ACK, 20);
  first.close();
  second.client(FIN | ACK);
  Talk(tape, {.client = 70'000, .timestamps = true, .client_clock = 200}).open().close();
  second.again(1);
  const std::string originals[] = {tape.pcap(), tape.pcapng()};
  std::mt19937 random(1);
  auto below = [&random](size_t limit) { return random() % limit; };
  size_t analysed = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = originals[round % 2];
    // Mostly inside the frames, where they get past libpcap.
    for (size_t changes = 1 + below(8); changes > 0; --changes) {
      size_t at = below(10) ? 24 + below(bytes.size() - 24) : below(bytes.size());
      bytes[at] = static_cast<char>(below(3) ? random() : (below(2) ? 0xff : 0));
    }
    if (below(10) == 0) bytes.resize(below(bytes.size()) + 1);
    try {
      Limits limits{.tracked = 1 + below(4), .kept = 1 + below(4), .segments = 1 + below(4)};
      Result result = explain(bytes, limits, 1 + below(3));
      uint64_t frames = 0, endings = 0;
      for (uint64_t count : result.contents) frames += count;
      for (uint64_t count : result.endings) endings += count;
      EXPECT_EQ(frames, result.last.frame);
      EXPECT_EQ(endings, result.connections);
      EXPECT_EQ(result.told.size() + result.not_told, result.connections);
      for (const Connection& connection : result.told)
        for (const Finding& finding : connection.findings)
          for (uint64_t frame : finding.frames) EXPECT_TRUE(frame && frame <= result.last.frame);
      ++analysed;
    } catch (const BadCapture&) {
    }
  }
  EXPECT_GT(analysed, 1000u);
}

// The same with fields of segments, which any frame may have.
TEST_F(ExplainSource, AnySegments) {
  std::mt19937 random(2);
  const uint32_t numbers[] = {0,    1,    999,        1000,        1001, 1011,
                              5000, 5001, 0x7fffffff, 0x80000000u, ~0u};
  auto number = [&] { return random() % 8 ? numbers[random() % std::size(numbers)] : random(); };
  for (int round = 0; round < 300; ++round) {
    Analysis analysis({.tracked = 3, .kept = 2, .segments = 2}, 1 + random() % 4);
    Stamp at{0, Time(1s)};
    for (int i = 0; i < 300; ++i) {
      Header header;
      size_t from = random() % 2;
      for (Endpoint* end : {&header.source, &header.destination})
        *end = {Address::parse("192.0.2.1"), static_cast<uint16_t>(1 + (from ^= 1))};
      if (random() % 8 == 0) header.source.port = static_cast<uint16_t>(random() % 5);
      header.flags = wire::Flags(random() % 4 ? uint8_t(0x10 | (random() % 8)) : uint8_t(random()));
      header.seq = static_cast<uint32_t>(number());
      header.ack = static_cast<uint32_t>(number());
      header.length = random() % 3 ? 0 : random() % 1500;
      header.window = static_cast<uint16_t>(random());
      header.ip_id = static_cast<uint16_t>(random() % 3);
      if (random() % 2) header.tsval = static_cast<uint32_t>(number());
      if (random() % 4 == 0) header.wscale = static_cast<uint8_t>(random());
      ++at.frame;
      // Clocks go back, too.
      at.time += std::chrono::milliseconds(static_cast<int>(random() % 4000) - 500);
      if (random() % 100 == 0) at.time += 300s;
      analysis.add(Content::tcp, header, at);
    }
    Result result = analysis.finish();
    EXPECT_EQ(result.told.size() + result.not_told, result.connections);
  }
}

TEST_F(ExplainSource, BoundsAreKeptAndSaid) {
  Tape tape;
  for (uint16_t port = 1; port <= 20; ++port) {
    Talk talk(tape, {}, port);
    talk.open();
    if (port % 2) talk.close();
  }
  Result all = explain(tape);
  EXPECT_EQ(all.told.size(), 20u);
  EXPECT_EQ(all.let_go, 0u);
  EXPECT_EQ(all.not_told, 0u);

  Result few = explain(tape.pcap(), {.tracked = 4, .kept = 3}, 19);
  EXPECT_EQ(few.connections, 20u);
  // Those that were over went first.
  EXPECT_EQ(few.let_go, 6u);
  EXPECT_EQ(few.not_told, 16u);
  EXPECT_EQ(few.told.back().number, 19u);
  EXPECT_EQ(few.endings[static_cast<size_t>(Ending::closed)], 10u);
}

TEST_F(ExplainSource, OfALongConnectionBothEndsAreDrawn) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  for (int i = 0; i < 50; ++i) talk.client(ACK, 10);
  talk.close();
  Result result = explain(tape.pcap(), {.segments = 5}, 1);
  EXPECT_EQ(result.drawn.segments.size(), 10u);
  EXPECT_EQ(result.drawn.omitted, 47u);
  EXPECT_EQ(result.drawn.segments.front().at.frame, 1u);
  EXPECT_EQ(result.drawn.segments[5].at.frame, 53u);
  EXPECT_EQ(result.drawn.segments.back().at.frame, 57u);
  EXPECT_TRUE(explain(tape.pcap(), {}, 2).drawn.segments.empty());
}

}  // namespace
}  // namespace twlab::explain
