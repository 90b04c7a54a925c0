// Four-tuples used again, and segments that come late.
#include <gmock/gmock.h>

#include "explain_fixture.h"

namespace twlab::explain {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Frames = std::vector<uint64_t>;

class ExplainReuse : public Explaining {
 protected:
  // The server closes first and is left in TIME_WAIT: frames 1 to 7.
  Talk former(Talk::Start start = {.timestamps = true}) {
    Talk talk(tape, start);
    talk.open();
    talk.server(FIN | ACK);
    talk.client(ACK);
    talk.client(FIN | ACK);
    talk.server(ACK);
    return talk;
  }
  const Finding& reuse(const Result& result) {
    EXPECT_EQ(result.connections, 2u);
    const Finding* found = find(result.told.at(1), Kind::reuse);
    EXPECT_TRUE(found);
    static const Finding none{};
    return found ? *found : none;
  }
  Tape tape;
};

TEST_F(ExplainReuse, NewerTimestamp) {
  former();
  tape.wait(5s);
  Talk(tape, {.client = 500, .server = 9000, .timestamps = true, .client_clock = 200}).open();
  Result result = explain(tape);
  EXPECT_EQ(
      reuse(result).text,
      "SYN in frame 8 on the four-tuple of connection 1, 5.000 s after its end (frame 6); the "
      "server was in TIME_WAIT: acceptable because its timestamp 200 is newer than 100 in "
      "frame 6; accepted in frame 9");
  EXPECT_EQ(reuse(result).frames, (Frames{6, 8, 9}));
  EXPECT_EQ(reuse(result).claim, Illustrates::reuse_server_accepts_syn);
  const Stay& stay = result.told[0].time_wait.at(0);
  EXPECT_EQ(stay.side, 1u);
  EXPECT_EQ(stay.end, Stay::End::reuse);
  EXPECT_EQ(stay.until.frame, 9u);
}

TEST_F(ExplainReuse, HigherNumber) {
  former({});
  Talk(tape, {.client = 2000, .server = 9000}).open();
  EXPECT_THAT(reuse(explain(tape)).text,
              HasSubstr("acceptable because its sequence number is 999 above the last one"));
}

TEST_F(ExplainReuse, NotAcceptable) {
  Talk old = former();
  Talk talk(tape, {.client = 500, .timestamps = true, .client_clock = 50});
  talk.client(SYN);
  old.server(ACK);  // the TIME_WAIT's answer
  Result result = explain(tape);
  EXPECT_THAT(reuse(result).text,
              AllOf(HasSubstr("its timestamp 50 is older than 100 in frame 6"),
                    HasSubstr("answered by an ACK that is none of the SYN in frame 9"),
                    HasSubstr("not accepted")));
  EXPECT_EQ(result.told[0].time_wait.at(0).end, Stay::End::capture);

  tape = {};
  former({});
  Talk(tape, {.client = 500}).client(SYN);
  EXPECT_THAT(reuse(explain(tape)).text, HasSubstr("neither its timestamp nor its sequence number "
                                                   "(502 below the last one)"));
}

TEST_F(ExplainReuse, OfTheClientsOwnTimeWait) {
  Talk(tape).open().close();
  tape.wait(2s);
  Talk(tape, {.client = 2000, .server = 9000}).open();
  Result result = explain(tape);
  EXPECT_THAT(reuse(result).text,
              AllOf(HasSubstr("the client was in TIME_WAIT, which its own system gave up"),
                    HasSubstr("nothing of it was left at the server")));
  EXPECT_EQ(reuse(result).claim, Illustrates::reuse_client_needs_tw_reuse);
  EXPECT_EQ(result.told[0].time_wait.at(0).until.frame, 8u);

  tape = {};
  Talk(tape).open().close();
  tape.wait(61s);
  Talk(tape, {.client = 2000, .server = 9000}).open();
  Result later = explain(tape);
  EXPECT_THAT(reuse(later).text, HasSubstr("TIME_WAIT of 60 s was over"));
  EXPECT_EQ(reuse(later).claim, Illustrates::timewait_sixty_seconds);
}

TEST_F(ExplainReuse, AnotherPortIsNone) {
  former();
  Talk(tape, {.client = 2000, .timestamps = true}, 40001).open();
  Result result = explain(tape);
  EXPECT_EQ(result.connections, 2u);
  EXPECT_FALSE(find(result.told[1], Kind::reuse));
}

TEST_F(ExplainReuse, ARepeatedSynIsNone) {
  Talk talk(tape);
  talk.client(SYN);
  tape.wait(1s);
  talk.again(0);
  talk.server(SYN | ACK);
  Result result = explain(tape);
  EXPECT_EQ(result.connections, 1u);
  EXPECT_FALSE(find(only(result), Kind::reuse));
}

// The last ACK was lost, and the server is still in LAST_ACK: a challenge ACK, a RST to it, and the
// repeated SYN connects.
TEST_F(ExplainReuse, MeetsLastAck) {
  Talk old(tape);
  old.open();
  old.client(FIN | ACK);
  old.server(ACK);
  old.server(FIN | ACK);
  old.client_lost(ACK);
  tape.wait(2s);
  Talk next(tape, {.client = 90'000, .server = 95'000});
  next.client_lost(SYN);                           // frame 8
  old.raw(1, {.flags = ACK});                      // frame 9
  next.raw(0, {.flags = RST, .seq = old.got(1)});  // frame 10
  tape.wait(10ms);
  next.raw(0, {.flags = SYN, .seq = 90'000});                       // frame 11
  next.raw(1, {.flags = SYN | ACK, .seq = 95'000, .ack = 90'001});  // frame 12
  Result result = explain(tape);
  EXPECT_THAT(
      reuse(result).text,
      HasSubstr("the server was still in LAST_ACK; answered by an ACK that is none of the SYN in "
                "frame 9; to which the client sent a RST in frame 10; accepted in frame 12"));
  EXPECT_EQ(reuse(result).claim, Illustrates::last_ack_connect_fails);
  const Finding* reset = find(result.told[0], Kind::reset);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->claim, Illustrates::last_ack_connect_fails);
  EXPECT_EQ(reset->frames, (Frames{9, 10}));

  // Both ladders have what the two connections have in common.
  EXPECT_EQ(explain(tape.pcap(), {}, 1).drawn.segments.size(), 9u);
  EXPECT_EQ(explain(tape.pcap(), {}, 2).drawn.segments.size(), 5u);
}

TEST_F(ExplainReuse, LateDuplicateOfTheFormerConnection) {
  Talk old(tape);
  old.open();
  old.client(ACK | PSH, 10);
  old.close();
  Talk next(tape, {.client = 500'000'000, .server = 600'000'000});
  next.open();
  old.raw(0, {.flags = ACK | PSH, .seq = 1001, .payload = std::string(10, 'x')});
  next.server(ACK);
  Result result = explain(tape);
  const Finding* late = find(result.told.at(1), Kind::late_duplicate);
  ASSERT_TRUE(late);
  EXPECT_THAT(late->text, HasSubstr("is a segment of connection 1, which had this four-tuple "
                                    "before; its number does not fit the present window"));
  EXPECT_EQ(late->claim, Illustrates::timewait_misfit_dropped);

  next.client(ACK | PSH, 10);
  EXPECT_TRUE(find(explain(tape).told.at(1), Kind::late_duplicate));
}

TEST_F(ExplainReuse, LateDuplicateThatFits) {
  Talk old(tape, {.timestamps = true});
  old.open();
  old.client(ACK | PSH, 5000);
  old.close();
  Talk next(tape, {.client = 1500, .server = 9000, .timestamps = true, .client_clock = 200});
  next.open();
  old.raw(0, {.flags = ACK | PSH, .seq = 2001, .tsval = 100u, .payload = std::string(4000, 'x')});
  Result result = explain(tape);
  const Finding* late = find(result.told.at(1), Kind::late_duplicate);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->claim, Illustrates::timewait_old_duplicate_corrupts);
}

class ExplainLate : public ExplainReuse {};

TEST_F(ExplainLate, CopyHeldUp) {
  Talk talk(tape);
  talk.open();
  uint64_t frame = talk.client(ACK | PSH, 10);
  tape.set_ip_id(frame, 77);
  talk.server(ACK);
  talk.client(ACK | PSH, 10);
  talk.server(ACK);
  tape.wait(500ms);
  tape.copy(frame);
  Result result = explain(tape);
  const Finding* late = find(only(result), Kind::late_duplicate);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->frames, (Frames{4, 8}));
  EXPECT_EQ(only(result).copies, 1u);
}

TEST_F(ExplainLate, TwoSightsAtOnceAreNoFinding) {
  Talk talk(tape);
  for (int i = 0; i < 3; ++i) {
    i == 1 ? talk.server(SYN | ACK) : talk.client(i ? ACK : SYN);
    tape.copy(tape.frames.size());
  }
  Result result = explain(tape);
  EXPECT_EQ(only(result).copies, 3u);
  EXPECT_EQ(only(result).segments, 3u);
  EXPECT_FALSE(only(result).remarkable());
}

TEST_F(ExplainLate, OlderTimestampIsDropped) {
  Talk talk(tape, {.timestamps = true});
  talk.open();
  talk.client(ACK | PSH, 10);
  talk.server(ACK);
  talk.tick(50);
  talk.client(ACK | PSH, 10);
  talk.server(ACK);
  talk.raw(0, {.flags = ACK | PSH, .tsval = 120u, .payload = std::string(10, 'x')});
  talk.server(ACK);
  Result result = explain(tape);
  const Finding* paws = find(only(result), Kind::paws);
  ASSERT_TRUE(paws);
  EXPECT_EQ(
      paws->text,
      "the timestamp 120 of the client in frame 8 is older than 150 in frame 6, so PAWS drops "
      "it; frame 9 acknowledges nothing new");
  EXPECT_EQ(paws->claim, Illustrates::timestamps_paws_drops_duplicate);
}

TEST_F(ExplainLate, OlderTimestampOfOctetsSentBefore) {
  Talk talk(tape, {.timestamps = true});
  talk.open();
  talk.client(ACK | PSH, 10);
  talk.server(ACK);
  talk.tick(50);
  talk.client(ACK | PSH, 10);
  talk.server(ACK);
  talk.raw(0, {.flags = ACK | PSH, .seq = 1001, .tsval = 100u, .payload = std::string(10, 'x')});
  Result result = explain(tape);
  const Finding* late = find(only(result), Kind::late_duplicate);
  ASSERT_TRUE(late);
  EXPECT_THAT(late->text, HasSubstr("late duplicate of octets that were sent before"));
  EXPECT_FALSE(find(only(result), Kind::paws));
}

// What fills a gap is older than what came after it, and welcome.
TEST_F(ExplainLate, ReorderingIsNone) {
  Talk talk(tape, {.timestamps = true});
  talk.open();
  uint32_t seq = talk.next(0);
  talk.raw(0,
           {.flags = ACK | PSH, .seq = seq + 10, .tsval = 150u, .payload = std::string(10, 'x')});
  talk.raw(0, {.flags = ACK | PSH, .seq = seq, .tsval = 140u, .payload = std::string(10, 'x')});
  Result result = explain(tape);
  EXPECT_FALSE(only(result).remarkable());
}

TEST_F(ExplainLate, NumberOutOfReach) {
  Talk talk(tape);
  talk.open();
  talk.raw(0, {.flags = ACK | PSH, .seq = talk.next(0) + 1'000'000'000, .payload = "x"});
  talk.server(ACK);
  Result result = explain(tape);
  const Finding* outside = find(only(result), Kind::outside_window);
  ASSERT_TRUE(outside);
  EXPECT_EQ(outside->frames, (Frames{4, 5}));
  EXPECT_EQ(outside->claim, Illustrates::beyond_challenge_ack);

  // The next segment shows that the connection is as it was.
  talk.close();
  EXPECT_EQ(only(explain(tape)).ending, Ending::closed);
}

// Where the capture lost a gigabyte the numbers go on elsewhere, and that is no finding each time.
TEST_F(ExplainLate, AHoleInTheCapture) {
  Talk talk(tape);
  talk.open();
  uint32_t seq = talk.next(0) + 1'000'000'000;
  for (uint32_t i = 0; i < 20; ++i)
    talk.raw(0, {.flags = ACK, .seq = seq + 100 * i, .payload = std::string(100, 'x')});
  Result result = explain(tape);
  EXPECT_TRUE(find(only(result), Kind::outside_window));  // one
}

}  // namespace
}  // namespace twlab::explain
