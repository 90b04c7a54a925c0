#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "report/ladder.h"
#include "report/ladder_rows.h"
#include "report/text.h"
#include "report/transit.h"
#include "report_fixture.h"

namespace twlab::report {
namespace {

const auto data = Script::segment(PSH | ACK, 100, 1, "hello");

size_t occurrences(const std::string& text, const std::string& what) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++n;
  return n;
}

Ladder only(const Recording& recording, const LadderOptions& options) {
  auto all = ladders(recording, options);
  EXPECT_EQ(all.size(), 1u);
  return all.at(0);
}

std::vector<const Arrow*> arrows(const Ladder& ladder) {
  std::vector<const Arrow*> all;
  for (const auto& row : ladder.rows)
    if (row.arrow) all.push_back(&*row.arrow);
  return all;
}

TEST(Transits, BothEndsOfAFrameAreOne) {
  Script script;
  script.passed(true, data, 1ms);
  auto all = transits(script.recording);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].sent_number, 1u);
  EXPECT_EQ(all[0].arrived_number, 2u);
  EXPECT_FALSE(all[0].slow());
}

TEST(Transits, SameFramesArriveInTheirOrder) {
  Script script;
  script.sent(true, data, 0ms);
  script.sent(true, data, 1ms);
  script.arrived(true, data, 2ms);
  script.arrived(true, data, 3ms);
  auto all = transits(script.recording);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].arrived_number, 3u);
  EXPECT_EQ(all[1].arrived_number, 4u);
}

// The first of two equal frames was dropped: the second's arrival is not the first's.
TEST(Transits, ARepetitionExplainsAnArrivalBetter) {
  Script script;
  script.sent(true, data, 0ms);
  script.passed(true, data, 200ms);
  auto all = transits(script.recording);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].arrived, nullptr);
  EXPECT_EQ(all[1].arrived_number, 3u);
}

TEST(Transits, ACopyArrivesUnsent) {
  Script script;
  script.passed(true, data, 0ms);
  script.arrived(true, data, 30ms);
  auto all = transits(script.recording);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].sent, nullptr);
}

TEST(Transits, ThePacketServesWhereThereAreNoBytes) {
  Script script;
  script.passed(true, data, 0ms);
  for (auto& event : script.recording.events) std::get<wire::Frame>(event.what).bytes.clear();
  EXPECT_EQ(transits(script.recording).size(), 1u);
}

TEST(Transits, WhatIsNoTcpIsLeftOut) {
  Script script;
  wire::Frame arp;
  arp.bytes.assign(60, 0);
  script.add(arp);
  script.passed(true, data, 1ms);
  auto all = transits(script.recording);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].sent_number, 2u);
}

TEST(RelativeNumbers, CountFromTheFirstSynOfEachDirection) {
  Script script;
  auto packet = [&](bool client, wire::Flags flags, uint32_t seq, uint32_t ack) {
    return *script.frame(client, Script::segment(flags, seq, ack), 0s, true).packet;
  };
  RelativeNumbers numbers;
  const uint32_t c = 0xffffffff, s = 500;
  EXPECT_EQ(numbers.of(packet(true, ACK, 42, 43)).seq, 42);  // no SYN yet: as on the wire
  EXPECT_EQ(numbers.of(packet(true, SYN, c, 0)).seq, 0);
  auto answer = numbers.of(packet(false, SYN | ACK, s, c + 1));
  EXPECT_EQ(answer.seq, 0);
  EXPECT_EQ(answer.ack, 1);
  EXPECT_EQ(numbers.of(packet(true, FIN | ACK, c + 27, s + 1)).seq, 27);  // past 2^32
  EXPECT_EQ(numbers.of(packet(true, ACK, c - 5, s + 1)).seq, -5);
  EXPECT_EQ(numbers.of(packet(true, SYN, c + 1000, 0)).seq, 1000);  // near: the same numbers
  EXPECT_EQ(numbers.of(packet(true, SYN, c + (1u << 30), 0)).seq, 0);
  EXPECT_EQ(numbers.of(packet(true, ACK, c + (1u << 30) + 7, s + 1)).seq, 7);
}

TEST(LadderRows, StatesStandBesideWhatCausedThem) {
  Ladder l = only(closing(), {});
  auto fin = std::find_if(l.rows.begin(), l.rows.end(), [](const Row& row) {
    return row.arrow && row.arrow->label == "[F.] seq 1 ack 1";
  });
  ASSERT_NE(fin, l.rows.end());
  ASSERT_TRUE(fin->cells[0] && fin->cells[1]);
  EXPECT_EQ(fin->cells[0]->text, "FIN_WAIT_1");
  EXPECT_EQ(fin->cells[1]->text, "CLOSE_WAIT");
}

TEST(LadderRows, LongWaitsAreBreaks) {
  Ladder l = only(closing(), {});
  std::vector<std::string> waits;
  for (const auto& row : l.rows)
    if (row.kind == Row::Kind::wait) waits.push_back(row.text);
  EXPECT_EQ(waits, (std::vector<std::string>{"199.0 ms", "60.00 s"}));
}

TEST(LadderRows, HeldFramesThatCrossArriveLater) {
  Script script;
  auto fin = Script::segment(FIN | ACK, 1, 1);
  script.sent(true, fin, 0ms);
  script.sent(false, fin, 1ms);
  script.arrived(true, fin, 30ms);
  script.arrived(false, fin, 31ms);
  Ladder l = only(script.recording, {});
  ASSERT_EQ(l.rows.size(), 4u);
  EXPECT_EQ(l.rows[0].arrow->arrival, 2u);
  EXPECT_EQ(l.rows[1].arrow->arrival, 3u);
  EXPECT_EQ(l.rows[2].kind, Row::Kind::arrival);
}

TEST(LadderRows, ALostFrameHeadsForItsDestination) {
  Script script;
  script.sent(false, data, 0ms);
  Ladder l = only(script.recording, {});
  ASSERT_EQ(arrows(l).size(), 1u);
  EXPECT_TRUE(arrows(l)[0]->lost);
  EXPECT_EQ(arrows(l)[0]->from, 1u);
  EXPECT_EQ(arrows(l)[0]->to, 0u);
}

TEST(LadderRows, DecidingStatesAreMarked) {
  Script script;
  script.state("client", net::TcpState::ESTABLISHED, net::TcpState::ESTABLISHED, 1ms);
  EventId id = script.state("client", net::TcpState::ESTABLISHED, net::TcpState::CLOSED, 100ms);
  LadderOptions options;
  options.evidence = {id};
  Ladder l = only(script.recording, options);
  ASSERT_EQ(l.rows.size(), 1u);  // of timers alone nothing is shown
  EXPECT_TRUE(l.rows[0].cells[0]->decisive);
}

TEST(LadderRows, LongRecordingsAreCutButNotWhatDecides) {
  Script script;
  for (int i = 0; i < 1000; ++i) {
    auto segment = Script::segment(ACK, i, 1);
    auto frame = script.frame(true, segment, i * 1ms, true);
    frame.decisive = i == 500;
    script.add(frame);
    script.arrived(true, segment, i * 1ms + 5us);
  }
  LadderOptions options;
  options.keep = 10;
  Ladder l = only(script.recording, options);
  EXPECT_EQ(l.rows.size(), 10 + 1 + 1 + 1 + 10u);
  EXPECT_EQ(l.rows[10].text, "… 490 more");
  EXPECT_TRUE(l.rows[11].arrow->decisive);
  EXPECT_EQ(l.rows[12].text, "… 489 more");
  for (size_t i = 0; i < l.rows.size(); ++i) {
    if (l.rows[i].arrow) {
      EXPECT_EQ(l.rows[i].arrow->arrival, i);
    }
  }
}

TEST(LadderRows, ACallIsCutBeforeItsResult) {
  Cell cell;
  cell.text = "bind(3, [2001:db8::1]:5000";
  cell.tail = ") = -1 EADDRINUSE";
  EXPECT_EQ(show(cell, 100), "bind(3, [2001:db8::1]:5000) = -1 EADDRINUSE");
  EXPECT_EQ(show(cell, 28), "bind(3, [2…) = -1 EADDRINUSE");
  EXPECT_LE(width(show(cell, 10)), 10u);
}

TEST(LadderRows, ConnectionsAreNamedWhereThereAreSeveral) {
  Script script;
  script.recording.add(Script::at(0ms), "", Note{Note::Kind::section, "one"});
  script.passed(true, data, 1ms);
  script.recording.add(Script::at(2ms), "", Note{Note::Kind::section, "two"});
  script.passed(true, data, 3ms);
  auto other = script.frame(false, data, 4ms, true);
  other.packet->source.port = 5001;
  script.add(other);
  Ladder l = only(script.recording, {});
  auto shown = arrows(l);
  ASSERT_EQ(shown.size(), 3u);
  EXPECT_EQ(shown[0]->label, "[P.] seq 100 ack 1 length 5");
  EXPECT_TRUE(shown[1]->label.starts_with("40000>5000 [P.]")) << shown[1]->label;
  EXPECT_TRUE(shown[2]->label.starts_with("5001>40000 [P.]")) << shown[2]->label;
}

TEST(LadderRows, HostsThatNeverMeetHaveLaddersOfTheirOwn) {
  Script script;
  script.recording.interfaces.push_back({"closer", {Address::parse("192.0.2.3")}});
  script.recording.interfaces.push_back({"peer", {Address::parse("192.0.2.254")}});
  script.recording.interfaces.push_back({"idle", {}});
  script.recording.add(Script::at(0ms), "", Note{Note::Kind::section, "one"});
  script.passed(true, data, 1ms);
  script.recording.add(Script::at(2ms), "", Note{Note::Kind::section, "two"});
  auto lost = script.frame(true, data, 3ms, true);  // is for nobody but the peer
  lost.interface = 2;
  lost.packet->destination.address = Address::parse("192.0.2.254");
  script.add(lost);
  auto all = ladders(script.recording, {});
  ASSERT_EQ(all.size(), 2u);
  ASSERT_EQ(all[1].lifelines.size(), 2u);
  EXPECT_EQ(all[1].lifelines[0].host, "closer");
  EXPECT_EQ(all[1].lifelines[1].host, "peer");
  ASSERT_EQ(all[1].rows.size(), 2u);
  EXPECT_EQ(all[1].rows[0].text, "two");
  EXPECT_TRUE(all[1].rows[1].arrow->lost);
  EXPECT_EQ(all[1].begin, all[0].begin);
}

TEST(LadderRows, AHostWithTwoLinksStandsInTheMiddle) {
  Script script;
  script.recording.interfaces = {{"router", {}}, {"client", {}}, {"router", {}}, {"server", {}}};
  Ladder l = only(script.recording, {});
  ASSERT_EQ(l.lifelines.size(), 3u);
  EXPECT_EQ(l.lifelines[1].host, "router");
}

TEST(LadderSvg, EscapesWhateverTheLabSays) {
  Script script;
  auto frame = script.frame(true, data, 0ms, true);
  frame.note = "<script>\"&'\x01\xff";
  script.add(frame);
  script.recording.add(Script::at(1ms), "", Note{Note::Kind::section, "a < b & c"});
  std::string svg = ladder_svg(script.recording);
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_NE(svg.find("&lt;script&gt;&quot;&amp;&#39;\uFFFD\uFFFD"), std::string::npos);
  EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_EQ(occurrences(svg, "<svg "), occurrences(svg, "</svg>"));
  EXPECT_EQ(occurrences(svg, "<g "), occurrences(svg, "</g>"));
  EXPECT_EQ(occurrences(svg, "<text "), occurrences(svg, "</text>"));
}

TEST(LadderSvg, MarksDecidingAndLostFramesNotByColourAlone) {
  std::string svg = ladder_svg(closing());
  EXPECT_EQ(occurrences(svg, "class=\"segment decisive\""), 1u);
  EXPECT_EQ(occurrences(svg, "◆"), 1u);
  EXPECT_NE(svg.find("this is the answer that decides"), std::string::npos);
  EXPECT_EQ(occurrences(svg, "class=\"cross\""), 0u);

  Script script;
  script.sent(true, data, 0ms);
  EXPECT_EQ(occurrences(ladder_svg(script.recording), "class=\"cross\""), 1u);
}

TEST(LadderSvg, EachArrowHasTheWholeHeader) {
  std::string svg = ladder_svg(closing());
  EXPECT_NE(svg.find("<title>192.0.2.1:40000 &gt; 192.0.2.2:5000: [S] seq 4000000000"),
            std::string::npos);
  EXPECT_NE(svg.find("frame 1 of the capture"), std::string::npos);
}

TEST(LadderSvg, AnEmptyRecordingIsADrawingToo) {
  EXPECT_NE(ladder_svg(Recording()).find("</svg>"), std::string::npos);
  EXPECT_FALSE(ladder_text(Recording()).empty());
}

TEST(LadderText, FitsIntoAHundredColumns) {
  Script script;
  script.recording = closing();
  script.recording.add(Script::at(61s), "", Note{Note::Kind::section, std::string(300, 'x')});
  script.recording.add(Script::at(61s), "", Note{Note::Kind::remark, std::string(300, 'y')});
  script.call("server", std::string(200, 'z'), 61s);
  std::istringstream lines(ladder_text(script.recording));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(width(line), 100u) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(LadderText, ShowsTheClose) {
  std::string text = ladder_text(closing());
  EXPECT_NE(text.find("FIN_WAIT_1 |----------- [F.] seq 1 ack 1 ---------->| CLOSE_WAIT"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("<--------- * [F.] seq 1 ack 2 ----------|"), std::string::npos) << text;
}

}  // namespace
}  // namespace twlab::report
