#include "report/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "os/file.h"
#include "report/write.h"
#include "report_fixture.h"
#include "wire/codec.h"

namespace twlab::report {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A connection of the client's, with all numbers that differ from run to run.
struct Numbers {
  uint32_t client = 1000, server = 77, clock = 5;
  uint16_t port = 40000;
  Duration pause = 200ms;  // before the server's FIN
  uint32_t last_ack_behind = 0;
};

Recording recorded(const Numbers& n) {
  Script script;
  Duration now{};
  auto pass = [&](bool from_client, wire::Flags flags, uint32_t seq, uint32_t ack) {
    auto segment = Script::segment(flags, seq, ack);
    segment.tsval = n.clock + static_cast<uint32_t>(now / 1ms) + (from_client ? 0 : 7'000'000);
    segment.tsecr = 0u;
    for (bool outgoing : {true, false}) {
      auto frame = script.frame(from_client, segment, now += 10us, outgoing);
      (from_client ? frame.packet->source : frame.packet->destination).port = n.port;
      script.add(frame);
    }
  };
  pass(true, SYN, n.client, 0);
  pass(false, SYN | ACK, n.server, n.client + 1);
  pass(true, ACK, n.client + 1, n.server + 1);
  pass(true, FIN | ACK, n.client + 1, n.server + 1);
  pass(false, ACK, n.server + 1, n.client + 2);
  now += n.pause;
  pass(false, FIN | ACK, n.server + 1, n.client + 2);
  pass(true, ACK, n.client + 2, n.server + 2 - n.last_ack_behind);
  return std::move(script.recording);
}

std::string fields(const Recording& a, const Recording& b) {
  auto difference = first_difference(a, b);
  return difference ? difference->fields : "none";
}

TEST(SameTime, WithinAQuarterOfASecondOrAnEighth) {
  EXPECT_TRUE(same_time(0ms, 250ms));
  EXPECT_FALSE(same_time(0ms, 251ms));
  EXPECT_FALSE(same_time(1s, 2s));
  EXPECT_TRUE(same_time(60s, 64s));
  EXPECT_FALSE(same_time(60s, 70s));
  EXPECT_TRUE(same_time(-64s, -60s));
}

TEST(FirstDifference, NotInWhatIsChosenAnewEachTime) {
  Numbers other{0xffffffff, 0x80000000, 0xfffffff0, 51234, 300ms, 0};
  EXPECT_EQ(fields(recorded({}), recorded(other)), "none");
}

TEST(FirstDifference, InANumber) {
  Numbers behind{.client = 9, .port = 50000, .last_ack_behind = 1};
  auto difference = first_difference(recorded({}), recorded(behind));
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->sender, "192.0.2.1:p1 > 192.0.2.2:5000");
  EXPECT_EQ(difference->number, 4u);
  EXPECT_EQ(difference->fields, "ack");
  EXPECT_EQ(difference->a, "+0.000 s [.] seq 2 ack 2 win 502 TS val 200 ecr none length 0");
  EXPECT_EQ(difference->b, "+0.000 s [.] seq 2 ack 1 win 502 TS val 200 ecr none length 0");
}

TEST(FirstDifference, InTime) {
  EXPECT_EQ(fields(recorded({}), recorded({.pause = 460ms})), "TSval, time");
  EXPECT_EQ(fields(recorded({.pause = 60s}), recorded({.pause = 63s})), "none");
}

TEST(FirstDifference, IsTheEarliest) {
  auto difference = first_difference(recorded({}), recorded({.pause = 2s, .last_ack_behind = 1}));
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->sender, "192.0.2.2:5000 > 192.0.2.1:p1");
  EXPECT_EQ(difference->number, 3u);
}

TEST(FirstDifference, ASegmentThatOnlyOneHas) {
  Script one, two;
  for (Script* script : {&one, &two}) {
    script->passed(true, Script::segment(SYN, 5, 0), 0us);
    script->passed(true, Script::segment(SYN, 5, 0), 1s);
    script->state("client", net::TcpState::CLOSED, net::TcpState::SYN_SENT, 5s);
  }
  one.passed(true, Script::segment(SYN, 5, 0), 3s);
  one.recording.sort();
  auto difference = first_difference(one.recording, two.recording);
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->number, 3u);
  EXPECT_THAT(difference->a, HasSubstr("+2.000 s [S] seq 0"));
  EXPECT_EQ(difference->b, "");
  EXPECT_EQ(difference->fields, "");
}

TEST(FirstDifference, NotWhereTheOtherRecordingEnds) {
  Script one, two;
  for (Script* script : {&one, &two}) script->passed(true, Script::segment(SYN, 5, 0), 0us);
  one.passed(true, Script::segment(SYN, 5, 0), 200ms);
  EXPECT_FALSE(first_difference(one.recording, two.recording));
  one.passed(true, Script::segment(SYN, 5, 0), 1200ms);
  ASSERT_TRUE(first_difference(one.recording, two.recording));
  EXPECT_EQ(first_difference(two.recording, one.recording)->number, 3u);
}

TEST(FirstDifference, NotWhetherAnAckRides) {
  auto make = [](bool alone, Duration before) {
    Script script;
    script.passed(false, Script::segment(SYN, 5, 0), 0us);
    if (alone) script.passed(true, Script::segment(ACK, 7, 6), 10ms);
    script.passed(true, Script::segment(FIN | ACK, 7, 6), 10ms + before);
    return std::move(script.recording);
  };
  EXPECT_EQ(fields(make(true, 5ms), make(false, 5ms)), "none");
  EXPECT_EQ(fields(make(false, 5ms), make(true, 5ms)), "none");
  EXPECT_EQ(fields(make(true, 160ms), make(false, 160ms)), "flags");
}

TEST(FirstDifference, ALostSegment) {
  Script one, two;
  one.passed(true, Script::segment(SYN, 5, 0), 0us);
  two.sent(true, Script::segment(SYN, 5, 0), 0us);
  auto difference = first_difference(one.recording, two.recording);
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->fields, "lost");
  EXPECT_THAT(difference->b, HasSubstr(", lost"));
}

// A second connection between the same ports, and an answer to it with the first one's numbers.
TEST(FirstDifference, NumbersOfSeveralConnectionsOfOneName) {
  auto make = [](uint32_t first, uint32_t second, uint32_t answer_behind) {
    Script script;
    script.passed(true, Script::segment(SYN, first, 0), 0us);
    script.passed(true, Script::segment(RST, first + 27, 0), 10us);
    script.passed(true, Script::segment(SYN, second, 0), 20us);
    script.passed(false, Script::segment(ACK, 0, first + 27 - answer_behind), 30us);
    return std::move(script.recording);
  };
  EXPECT_EQ(fields(make(5, 1'000'000, 0), make(4'000'000'000, 1, 0)), "none");
  EXPECT_EQ(fields(make(5, 1'000'000, 0), make(4'000'000'000, 1, 1)), "ack");
}

class DiffTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("twlab-diff-test." + std::to_string(getpid()));
    fs::create_directory(folder_);
    one_ = small_run();
    two_ = small_run();
  }
  void TearDown() override { fs::remove_all(folder_); }

  RunSource written(const report::Run& run, const std::string& name) {
    write_all(run, folder_ / name);
    return open_run(folder_ / name);
  }

  fs::path folder_;
  report::Run one_, two_;
};

TEST_F(DiffTest, OfEqualRunsIsEmpty) {
  auto a = written(one_, "a"), b = written(two_, "b");
  Diff found = diff(a, b, true);
  EXPECT_EQ(found.compared, 4u);
  EXPECT_THAT(found.verdicts, IsEmpty());
  EXPECT_EQ(found.recordings, 2u);
  EXPECT_THAT(found.others, IsEmpty());
  EXPECT_THAT(show(found, a, b, true), HasSubstr("4 verdicts compared, none of them differ."));
}

TEST_F(DiffTest, AVerdictWithItsCheckAndSegment) {
  LabResult& changed = two_.results[0];
  changed.verdicts[0].verdict = Verdict::refuted;
  changed.sections[0].checks[0].outcome = Outcome::fails;
  changed.sections[0].checks[0].got = "5";
  changed.recording.events.erase(changed.recording.events.begin() + 3);  // the SYN's arrival
  auto a = written(one_, "a"), b = written(two_, "b");
  Diff found = diff(a, b, false);
  ASSERT_EQ(found.verdicts.size(), 1u);
  const VerdictDifference& verdict = found.verdicts[0];
  EXPECT_EQ(verdict.claim, "close.one");
  EXPECT_EQ(verdict.family, Family::inet);
  EXPECT_EQ(verdict.b.verdict, Verdict::refuted);
  ASSERT_TRUE(verdict.check);
  EXPECT_EQ(verdict.check->what, "closing: four segments");
  EXPECT_EQ(verdict.check->a, "holds: 4");
  EXPECT_EQ(verdict.check->b, "fails: 5");
  ASSERT_EQ(verdict.recordings.size(), 1u);
  ASSERT_TRUE(verdict.recordings[0].first);
  EXPECT_EQ(verdict.recordings[0].first->fields, "lost");
  std::string text = show(found, a, b, false);
  EXPECT_THAT(text, HasSubstr("close.one (inet)\n  A  confirmed: four segments were seen\n"));
  EXPECT_THAT(text, HasSubstr("4 verdicts compared, 1 of them differs."));
}

TEST_F(DiffTest, SegmentsAloneAreNoVerdict) {
  two_.results[1].recording.events.erase(two_.results[1].recording.events.begin() + 3);
  auto a = written(one_, "a"), b = written(two_, "b");
  EXPECT_THAT(diff(a, b, false).others, IsEmpty());
  Diff found = diff(a, b, true);
  EXPECT_THAT(found.verdicts, IsEmpty());
  ASSERT_EQ(found.others.size(), 1u);
  EXPECT_EQ(found.others[0].family, Family::inet6);
}

TEST_F(DiffTest, CapturesDoWhereThereAreNoRecordings) {
  for (report::Run* run : {&one_, &two_})
    for (LabResult& result : run->results)
      for (Event& event : result.recording.events)
        if (auto* frame = std::get_if<wire::Frame>(&event.what)) {
          const wire::Packet& packet = *frame->packet;
          frame->bytes = wire::encode({{}, {}, packet.source, packet.destination}, packet.segment);
        }
  auto& events = two_.results[0].recording.events;
  events.erase(events.begin() + 3);
  auto a = written(one_, "a"), b = written(two_, "b");
  auto others = diff(a, b, true).others;
  ASSERT_EQ(others.size(), 1u);
  for (const char* family : {"inet", "inet6"})
    fs::remove(folder_ / "a" / "close.lab" / (std::string(family) + ".json"));
  Diff found = diff(a, b, true);
  ASSERT_EQ(found.others.size(), 1u) << found.others[0].missing;
  ASSERT_TRUE(found.others[0].first) << found.others[0].missing;
  EXPECT_EQ(found.others[0].first->fields, others[0].first->fields);
  EXPECT_EQ(found.others[0].first->a, others[0].first->a);

  auto file = folder_ / "a" / "close.lab" / "inet.pcapng";
  std::string whole = os::read_file(file);
  for (size_t size : {whole.size() - 1, whole.size() / 2, size_t{9}}) {
    os::write_file_atomically(file, whole.substr(0, size));
    EXPECT_THAT(diff(a, b, true).others[0].missing, HasSubstr("inet.pcapng: not a"));
  }
}

TEST_F(DiffTest, VerdictsNeedNoRecordings) {
  two_.results[0].verdicts[0].verdict = Verdict::refuted;
  written(one_, "a");
  written(two_, "b");
  auto a = open_run(folder_ / "a" / "results.json"), b = open_run(folder_ / "b");
  Diff found = diff(a, b, false);
  ASSERT_EQ(found.verdicts.size(), 1u);
  EXPECT_EQ(found.verdicts[0].recordings[0].missing, "there is no recording in " + a.name);
  EXPECT_THROW(open_run(folder_ / "c"), std::system_error);
  EXPECT_THROW(open_run(folder_), std::runtime_error);  // which of the two is not said
}

TEST_F(DiffTest, TheRepetitionsThatDiffer) {
  auto again = one_.results[0];
  one_.results.push_back(again);
  again.verdicts[0].verdict = Verdict::refuted;
  again.recording.events.erase(again.recording.events.begin() + 3);
  two_.results.push_back(again);
  Diff found = diff(written(one_, "a"), written(two_, "b"), false);
  ASSERT_EQ(found.verdicts.size(), 1u);
  EXPECT_EQ(found.verdicts[0].b.verdict, Verdict::inconclusive);
  EXPECT_TRUE(found.verdicts[0].recordings[0].first);
}

TEST_F(DiffTest, WhatOnlyOneRunHas) {
  two_.results.pop_back();
  auto a = written(one_, "a"), b = written(two_, "b");
  Diff found = diff(a, b, false);
  EXPECT_THAT(found.only_a, ElementsAre("close.one (inet6)", "close.two (inet6)"));
  EXPECT_THAT(found.only_b, IsEmpty());
  EXPECT_THAT(show(found, a, b, false), HasSubstr("Only A has: close.one (inet6), close.two"));
  two_.results.clear();
  EXPECT_THROW(diff(a, written(two_, "c"), false), std::runtime_error);
}

TEST_F(DiffTest, FitsIntoEightyColumns) {
  two_.results[0].verdicts[0] = {
      "close.one", Verdict::refuted, std::string(50, 'x') + " " + std::string(50, 'y'), {}, ""};
  two_.results[0].recording.events.erase(two_.results[0].recording.events.begin() + 3);
  RunSource a{one_, {}, "a"}, b{two_, {}, "b"};
  Diff found = diff(a, b, true);
  found.verdicts[0].recordings[0].first =
      SegmentDifference{"192.0.2.1:p1 > 192.0.2.2:5000", 3, "ack",
                        "+0.000 s [S.] seq 0 ack 1 win 65160 mss 1460 wscale 7 sackOK TS val 0 "
                        "ecr 0 length 0",
                        ""};
  std::istringstream lines(show(found, a, b, true));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

}  // namespace
}  // namespace twlab::report
