// Orderly ends, lost segments, and states.
#include <gmock/gmock.h>

#include "explain_fixture.h"

namespace twlab::explain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Frames = std::vector<uint64_t>;

class ExplainClose : public Explaining {};

TEST_F(ExplainClose, FourSegments) {
  Tape tape;
  Talk(tape).open().close();
  Result result = explain(tape);
  const Connection& c = only(result);
  EXPECT_EQ(c.ending, Ending::closed);
  EXPECT_EQ(c.closed_first, 0);
  EXPECT_FALSE(c.remarkable());
  EXPECT_EQ(path(c, 0), "SYN_SENT 1, ESTABLISHED 2, FIN_WAIT_1 4, FIN_WAIT_2 5, TIME_WAIT 6");
  // That the last ACK arrived is not to be seen.
  EXPECT_EQ(path(c, 1), "SYN_RECEIVED 2, ESTABLISHED 3, CLOSE_WAIT 4, LAST_ACK 6, CLOSED 7?");
  ASSERT_TRUE(find(c, Kind::close));
  EXPECT_EQ(find(c, Kind::close)->frames, (Frames{4, 5, 6, 7}));
  EXPECT_EQ(find(c, Kind::close)->claim, Illustrates::close_four_segments);
  ASSERT_EQ(c.time_wait.size(), 1u);
  EXPECT_EQ(c.time_wait[0].side, 0u);
  EXPECT_EQ(c.time_wait[0].from.frame, 6u);
  EXPECT_EQ(c.time_wait[0].end, Stay::End::capture);
}

TEST_F(ExplainClose, SilenceForSecondsShowsThatTheLastAckArrived) {
  Tape tape;
  Talk(tape).open().close();
  tape.wait(3s);
  Talk(tape, {}, 40001).client(SYN);
  Result result = explain(tape);
  EXPECT_EQ(path(result.told[0], 1),
            "SYN_RECEIVED 2, ESTABLISHED 3, CLOSE_WAIT 4, LAST_ACK 6, CLOSED 7");
  EXPECT_EQ(find(result.told[0], Kind::time_wait)->text,
            "the client is left in TIME_WAIT from frame 6 on; the capture ends 3.000 s later");
}

TEST_F(ExplainClose, TheServerFirstInThreeSegments) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.server(FIN | ACK, 26);
  talk.client(FIN | ACK);
  talk.server(ACK);
  Result result = explain(tape);
  const Connection& c = only(result);
  EXPECT_EQ(c.closed_first, 1);
  EXPECT_EQ(path(c, 1), "SYN_RECEIVED 2, ESTABLISHED 3, FIN_WAIT_1 4, TIME_WAIT 5");
  EXPECT_EQ(path(c, 0), "SYN_SENT 1, ESTABLISHED 2, CLOSE_WAIT 4, LAST_ACK 5, CLOSED 6?");
  EXPECT_EQ(find(c, Kind::close)->frames, (Frames{4, 5, 6}));
  EXPECT_THAT(c.octets, ElementsAre(0, 26));
}

TEST_F(ExplainClose, LastAckLost) {
  Tape tape;
  Talk talk(tape);
  talk.open().close();
  tape.wait(204ms);
  talk.again(1);     // frame 8
  talk.client(ACK);  // frame 9
  Result result = explain(tape);
  const Connection& c = only(result);
  const Finding* lost = find(c, Kind::last_ack_lost);
  ASSERT_TRUE(lost);
  EXPECT_EQ(
      lost->text,
      "the last ACK (frame 7) did not arrive or came too late: FIN again in frame 8, 204.2 ms "
      "after the first, answered by another ACK in frame 9");
  EXPECT_EQ(lost->frames, (Frames{7, 8, 9}));
  EXPECT_EQ(lost->claim, Illustrates::timewait_answers_late_fin);
  EXPECT_EQ(path(c, 1), "SYN_RECEIVED 2, ESTABLISHED 3, CLOSE_WAIT 4, LAST_ACK 6, CLOSED 9?");
  EXPECT_FALSE(find(c, Kind::fin_unanswered));
}

TEST_F(ExplainClose, RepeatedFinFindsNothing) {
  Tape tape;
  Talk talk(tape);
  talk.open().close();
  tape.wait(204ms);
  talk.again(1);
  talk.raw(0, {.flags = RST});
  Result result = explain(tape);
  const Connection& c = only(result);
  ASSERT_TRUE(find(c, Kind::last_ack_lost));
  EXPECT_EQ(find(c, Kind::last_ack_lost)->claim, Illustrates::timewait_without_it_rst);
  EXPECT_EQ(c.ending, Ending::closed);
}

TEST_F(ExplainClose, AckOfTheFirstFinLost) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.client(FIN | ACK);
  talk.server(ACK);
  tape.wait(204ms);
  talk.again(0);
  talk.server(ACK);
  talk.server(FIN | ACK);
  talk.client(ACK);
  Result result = explain(tape);
  const Connection& c = only(result);
  ASSERT_TRUE(find(c, Kind::fin_ack_lost));
  EXPECT_EQ(find(c, Kind::fin_ack_lost)->frames, (Frames{5, 6, 7}));
  EXPECT_FALSE(find(c, Kind::last_ack_lost));
  EXPECT_EQ(path(c, 0), "SYN_SENT 1, ESTABLISHED 2, FIN_WAIT_1 4, FIN_WAIT_2 7, TIME_WAIT 8");
}

TEST_F(ExplainClose, FinWithoutAnswer) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.client(FIN | ACK);
  for (Duration wait : {200ms, 400ms, 800ms}) {
    tape.wait(wait);
    talk.again(0);
  }
  Result result = explain(tape);
  const Connection& c = only(result);
  const Finding* unanswered = find(c, Kind::fin_unanswered);
  ASSERT_TRUE(unanswered);
  EXPECT_EQ(unanswered->frames, (Frames{4, 5, 6, 7}));
  EXPECT_THAT(unanswered->text, HasSubstr("repeated 3 times (frame 5, 6, 7), waiting 200.1 ms, "
                                          "400.1 ms, 800.1 ms"));
  EXPECT_EQ(unanswered->claim, Illustrates::fin_wait_1_eight_retries);
  EXPECT_EQ(path(c, 0), "SYN_SENT 1, ESTABLISHED 2, FIN_WAIT_1 4");
  EXPECT_EQ(c.ending, Ending::half_closed);
  EXPECT_FALSE(find(c, Kind::peer_silent));
}

TEST_F(ExplainClose, FinAnsweredAfterRepetition) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.client(FIN | ACK);
  tape.wait(200ms);
  talk.again(0);
  talk.server(FIN | ACK);
  talk.client(ACK);
  Result result = explain(tape);
  const Finding* unanswered = find(only(result), Kind::fin_unanswered);
  ASSERT_TRUE(unanswered);
  EXPECT_THAT(unanswered->text, HasSubstr("was acknowledged only in frame 6; repeated once"));
}

TEST_F(ExplainClose, HalfClosed) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.client(FIN | ACK);
  talk.server(ACK);
  talk.server(ACK, 500);
  talk.client(ACK);
  tape.wait(5s);
  talk.server(FIN | ACK);
  talk.client(ACK);
  Result result = explain(tape);
  const Finding* half = find(only(result), Kind::half_closed);
  ASSERT_TRUE(half);
  EXPECT_EQ(half->text,
            "the client is in FIN_WAIT_2 and the server in CLOSE_WAIT from frame 5 on; the server "
            "closed 5.000 s later (frame 8), and sent 500 octets meanwhile");
  EXPECT_EQ(half->frames, (Frames{5, 8}));
}

TEST_F(ExplainClose, HalfClosedToTheEnd) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.client(FIN | ACK);
  talk.server(ACK);
  tape.wait(90s);
  Talk(tape, {}, 40001).client(SYN);
  Result result = explain(tape);
  const Connection& c = result.told.at(0);
  EXPECT_EQ(c.ending, Ending::half_closed);
  ASSERT_TRUE(find(c, Kind::half_closed));
  EXPECT_EQ(find(c, Kind::half_closed)->claim, Illustrates::close_wait_forever);
  EXPECT_EQ(path(c, 1), "SYN_RECEIVED 2, ESTABLISHED 3, CLOSE_WAIT 4");
}

TEST_F(ExplainClose, Simultaneous) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.client_lost(FIN | ACK);  // not there yet when the server closes
  talk.raw(1, {.flags = FIN | ACK});
  talk.raw(0, {.flags = ACK, .ack = talk.next(1) + 1});
  talk.raw(1, {.flags = ACK, .seq = talk.next(1) + 1, .ack = talk.next(0)});
  Result result = explain(tape);
  const Connection& c = only(result);
  ASSERT_TRUE(find(c, Kind::simultaneous_close));
  EXPECT_EQ(find(c, Kind::simultaneous_close)->frames, (Frames{4, 5, 6, 7}));
  EXPECT_EQ(c.closed_first, -1);
  EXPECT_EQ(path(c, 0), "SYN_SENT 1, ESTABLISHED 2, FIN_WAIT_1 4, CLOSING 5, TIME_WAIT 7?");
  EXPECT_EQ(path(c, 1), "SYN_RECEIVED 2, ESTABLISHED 3, FIN_WAIT_1 5, CLOSING 4, TIME_WAIT 6?");
  EXPECT_EQ(c.time_wait.size(), 2u);
  EXPECT_FALSE(find(c, Kind::close));
}

TEST_F(ExplainClose, DelayedAckOfTheFin) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.client(FIN | ACK);
  tape.wait(41ms);
  talk.server(ACK);
  Result late = explain(tape);
  ASSERT_TRUE(find(only(late), Kind::fin_acked_late));
  EXPECT_EQ(find(only(late), Kind::fin_acked_late)->frames, (Frames{4, 5}));

  // As slow a network is no delayed ACK.
  Tape far;
  Talk distant(far);
  distant.client(SYN);
  far.wait(41ms);
  distant.server(SYN | ACK);
  distant.client(ACK);
  distant.client(FIN | ACK);
  far.wait(41ms);
  distant.server(ACK);
  Result result = explain(far);
  EXPECT_FALSE(find(only(result), Kind::fin_acked_late));
}

// Whether B had closed before the capture is not known, until it closes or sends something.
TEST_F(ExplainClose, BegunBeforeTheCapture) {
  Tape tape;
  Talk talk(tape, {.client = 100, .server = 200});
  talk.client(ACK);
  talk.server(ACK);
  talk.client(FIN | ACK);
  talk.server(ACK);
  Result unclear = explain(tape);
  EXPECT_EQ(only(unclear).ending, Ending::unclear);
  EXPECT_EQ(only(unclear).closed_first, -1);
  EXPECT_FALSE(only(unclear).begun);
  EXPECT_EQ(path(only(unclear), 0), "unknown 1");
  EXPECT_TRUE(only(unclear).findings.empty());

  talk.server(FIN | ACK);
  talk.client(ACK);
  Result clear = explain(tape);
  EXPECT_EQ(only(clear).ending, Ending::closed);
  EXPECT_EQ(only(clear).closed_first, 0);
  EXPECT_EQ(path(only(clear), 0), "unknown 1, FIN_WAIT_1 3, FIN_WAIT_2 4, TIME_WAIT 5");
  EXPECT_EQ(path(only(clear), 1), "unknown 2, CLOSE_WAIT 3, LAST_ACK 5, CLOSED 6?");
}

TEST_F(ExplainClose, DataOfBothSidesShowThatNeitherHadClosed) {
  Tape tape;
  Talk talk(tape, {.client = 100, .server = 200});
  talk.client(ACK, 10);
  talk.server(ACK, 10);
  talk.client(FIN | ACK);
  Result result = explain(tape);
  EXPECT_EQ(path(only(result), 0), "unknown 1, ESTABLISHED 2, FIN_WAIT_1 3");
}

TEST_F(ExplainClose, SimultaneousOpen) {
  Tape tape;
  Talk talk(tape);
  talk.client_lost(SYN);
  talk.server_lost(SYN);
  talk.raw(0, {.flags = SYN | ACK, .seq = talk.next(0) - 1, .ack = talk.next(1)});
  talk.raw(1, {.flags = SYN | ACK, .seq = talk.next(1) - 1, .ack = talk.next(0)});
  Result result = explain(tape);
  EXPECT_EQ(result.connections, 1u);
  EXPECT_THAT(path(only(result), 0), HasSubstr("SYN_SENT 1, SYN_RECEIVED 2"));
}

TEST_F(ExplainClose, NothingAnswersTheSyn) {
  Tape tape;
  Talk talk(tape);
  talk.client(SYN);
  tape.wait(1s);
  talk.again(0);
  Result result = explain(tape);
  EXPECT_EQ(only(result).ending, Ending::unanswered);
  ASSERT_TRUE(find(only(result), Kind::syn_unanswered));
  EXPECT_EQ(find(only(result), Kind::syn_unanswered)->frames, (Frames{1, 2}));

  talk.server(SYN | ACK);
  Result answered = explain(tape);
  EXPECT_FALSE(find(only(answered), Kind::syn_unanswered));
}

TEST_F(ExplainClose, TheOtherSideIsGone) {
  Tape tape;
  Talk talk(tape);
  talk.open();
  talk.client(ACK | PSH, 100);
  for (int i = 0; i < 4; ++i) {
    tape.wait(300ms);
    talk.again(0);
  }
  Result gone = explain(tape);
  ASSERT_TRUE(find(only(gone), Kind::peer_silent));
  EXPECT_EQ(find(only(gone), Kind::peer_silent)->frames, (Frames{2, 5, 8}));
  EXPECT_EQ(only(gone).ending, Ending::open);

  talk.server(ACK);
  Result back = explain(tape);
  EXPECT_FALSE(find(only(back), Kind::peer_silent));
}

}  // namespace
}  // namespace twlab::explain
