// The text ladder of a recording that grows: in the end all of it was given, each line once.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "report/ladder.h"
#include "report/text.h"
#include "report_fixture.h"

namespace twlab::report {
namespace {

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::ranges::sort(lines);
  return lines;
}

Recording part_of(const Recording& whole, const Event& event) {
  Recording part;
  part.interfaces = whole.interfaces;
  part.events = {event};
  return part;
}

// Nothing decides before the end.
Recording undecided() {
  Recording recording = closing();
  for (Event& event : recording.events)
    if (auto* frame = std::get_if<wire::Frame>(&event.what)) frame->decisive = false;
  return recording;
}

TEST(LadderStream, GivesEachLineOfTheLadderOnceInWhateverPieces) {
  Recording recording = undecided();
  Recording as_seen = recording;  // calls stand where they returned
  for (Event& event : as_seen.events)
    if (auto* call = std::get_if<net::Call>(&event.what)) event.time = call->end;
  as_seen.sort();
  const std::string whole = ladder_text(as_seen);
  for (Duration settling : {Duration(0), LadderStream::settling}) {
    LadderStream stream{{}};
    std::string text;
    for (const Event& event : recording.events) {
      stream.add(part_of(recording, event));
      if (settling > 0s) text += stream.lines_until(event.time - settling);
    }
    text += stream.lines_until(Time::max());
    EXPECT_EQ(text, whole);
    EXPECT_EQ(stream.lines_until(Time::max()), "");
  }
}

TEST(LadderStream, GivesLinesOnlyWhenTheyHaveSettled) {
  Script script;
  script.passed(true, Script::segment(SYN, 5, 0), 0ms);
  LadderStream stream{{}};
  stream.add(script.recording);
  EXPECT_EQ(stream.lines_until(Script::at(-1ms)), "");
  EXPECT_NE(stream.lines_until(Script::at(0ms)).find("[S] seq 0 -------------->|"),
            std::string::npos);
  EXPECT_EQ(stream.lines_until(Script::at(0ms)), "");
}

TEST(LadderStream, AStateThatIsLateStandsAlone) {
  Script script;
  script.passed(true, Script::segment(SYN, 5, 0), 0ms);
  LadderStream stream{{}};
  stream.add(script.recording);
  stream.lines_until(Script::at(1s));
  script.recording.events.clear();
  script.state("server", net::TcpState::CLOSED, net::TcpState::SYN_RECV, 1ms);
  stream.add(script.recording);
  std::string late = stream.lines_until(Script::at(1s));
  EXPECT_NE(late.find("| SYN_RECV\n"), std::string::npos) << late;
  EXPECT_EQ(late.find("[S]"), std::string::npos) << late;
}

TEST(LadderStream, WhatIsHeldIsUnderWayAndWhatIsDroppedIsLost) {
  Script script;
  auto fin = Script::segment(FIN | ACK, 1, 1);
  script.sent(true, fin, 0ms);
  LadderStream stream{{}};
  stream.add(script.recording);
  EXPECT_NE(stream.lines_until(Script::at(1s)).find("---~|"), std::string::npos);
  script.arrived(true, fin, 2s);
  stream.add(script.recording);
  std::string arrival = stream.lines_until(Script::at(3s));
  EXPECT_NE(arrival.find("|~---"), std::string::npos) << arrival;
  EXPECT_NE(arrival.find("2.000 s"), std::string::npos) << arrival;

  Script lost;
  lost.sent(true, fin, 0ms);
  LadderStream other{{}};
  other.add(lost.recording);
  std::get<wire::Frame>(lost.recording.events[0].what).note = "dropped by the relay";
  other.add(lost.recording);
  std::string text = other.lines_until(Script::at(1s));
  EXPECT_NE(text.find("---x|"), std::string::npos) << text;
  EXPECT_NE(text.find("dropped by the relay"), std::string::npos) << text;
}

TEST(LadderText, FitsIntoItsColumns) {
  for (size_t columns : {72, 80, 99, 100}) {
    LadderOptions options;
    options.columns = columns;
    size_t widest = 0;
    for (const std::string& line : sorted_lines(ladder_text(closing(), options)))
      widest = std::max(widest, width(line));
    EXPECT_LE(widest, columns);
    EXPECT_GT(widest, columns - 3);
  }
}

TEST(LadderText, ColoursMoveNothing) {
  LadderOptions colourful;
  colourful.colour = true;
  std::string coloured = ladder_text(closing(), colourful), plain;
  EXPECT_NE(coloured.find("\x1b[32m"), std::string::npos);
  for (size_t i = 0; i < coloured.size(); ++i)
    if (coloured[i] == '\x1b')
      i = coloured.find('m', i);
    else
      plain += coloured[i];
  EXPECT_EQ(sorted_lines(plain), sorted_lines(ladder_text(closing())));
}

}  // namespace
}  // namespace twlab::report
