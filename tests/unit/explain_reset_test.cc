// Each cause of a RST, and that an orderly end has none (explain_close_test.cc).
#include <gmock/gmock.h>

#include "explain_fixture.h"

namespace twlab::explain {
namespace {

using testing::HasSubstr;
using Frames = std::vector<uint64_t>;

class ExplainReset : public Explaining {
 protected:
  void expect(const Tape& tape, Illustrates claim, const char* words, Ending ending) {
    Result result = explain(tape);
    const Finding* reset = find(only(result), Kind::reset);
    ASSERT_TRUE(reset);
    EXPECT_EQ(reset->claim, claim);
    EXPECT_THAT(reset->text, HasSubstr(words));
    EXPECT_EQ(only(result).ending, ending);
  }
  Tape tape;
  Talk talk{tape};
};

TEST_F(ExplainReset, NobodyListens) {
  talk.client(SYN);
  talk.raw(1, {.flags = RST | ACK, .seq = 0});
  expect(tape, Illustrates::nothing, "nobody listens at 192.0.2.2:80", Ending::refused);
}

TEST_F(ExplainReset, ClientDoesNotWantTheAnswer) {
  talk.client(SYN);
  talk.server(SYN | ACK);
  talk.raw(0, {.flags = RST});
  expect(tape, Illustrates::nothing, "does not want the SYN+ACK (frame 2)", Ending::reset);
  EXPECT_EQ(path(only(explain(tape)), 0), "SYN_SENT 1, CLOSED 3?");
}

TEST_F(ExplainReset, Abort) {
  talk.open();
  talk.client(ACK | PSH, 10);
  talk.server(ACK);
  talk.raw(0, {.flags = RST | ACK});
  expect(tape, Illustrates::linger_zero_rst, "the client aborted", Ending::reset);
  EXPECT_EQ(path(only(explain(tape)), 1), "SYN_RECEIVED 2, ESTABLISHED 3, CLOSED 6?");
}

TEST_F(ExplainReset, UnreadData) {
  talk.open();
  talk.client(ACK | PSH, 10);
  talk.server(ACK);
  talk.raw(1, {.flags = RST | ACK});
  expect(tape, Illustrates::beyond_unread_data_rst, "still unread (the last came in frame 4)",
         Ending::reset);
}

TEST_F(ExplainReset, DataAfterClose) {
  talk.open();
  talk.client(FIN | ACK);
  talk.server(ACK);
  talk.server(ACK | PSH, 10);
  talk.raw(0, {.flags = RST});
  expect(tape, Illustrates::fin_stands_in_for_time_wait,
         "data in frame 6 came after the client had closed (frame 4)", Ending::reset);
}

TEST_F(ExplainReset, FinWait2Over) {
  talk.open();
  talk.client(FIN | ACK);
  talk.server(ACK);
  tape.wait(70s);
  talk.server(FIN | ACK);
  talk.raw(0, {.flags = RST});
  expect(tape, Illustrates::fin_expires_straight_to_closed,
         "came 70.00 s after the client's own had been acknowledged", Ending::reset);
}

TEST_F(ExplainReset, NoSocketAnyMore) {
  talk.open();
  tape.wait(600s);
  talk.client(ACK | PSH, 10);
  talk.raw(1, {.flags = RST, .seq = talk.got(0)});
  expect(tape, Illustrates::nothing, "it answers frame 4: the server knows nothing", Ending::reset);
}

TEST_F(ExplainReset, EndsTimeWait) {
  talk.open().close();
  talk.raw(1, {.flags = RST});
  expect(tape, Illustrates::beyond_rfc1337, "it ends the TIME_WAIT of the client early",
         Ending::closed);
  Result result = explain(tape);
  EXPECT_EQ(only(result).time_wait.at(0).end, Stay::End::reset);
  EXPECT_EQ(only(result).time_wait.at(0).until.frame, 8u);
}

TEST_F(ExplainReset, GaveUp) {
  talk.open();
  talk.server(FIN | ACK);
  talk.client(ACK, 10);
  for (int i = 0; i < 5; ++i) {
    tape.wait(1s);
    talk.again(0);
  }
  talk.raw(0, {.flags = RST | ACK});
  expect(tape, Illustrates::beyond_keepalive_close_wait, "gave up after 5 segments", Ending::reset);
}

TEST_F(ExplainReset, ForgedBySomethingBetween) {
  talk.open();
  talk.raw(1, {.flags = RST});
  talk.server(ACK | PSH, 10);
  talk.client(ACK);
  expect(tape, Illustrates::nothing, "probably not its own, since it went on in frame 5",
         Ending::open);
  EXPECT_EQ(path(only(explain(tape)), 1), "SYN_RECEIVED 2, ESTABLISHED 3");
}

TEST_F(ExplainReset, OvertakesData) {
  talk.open();
  talk.raw(0, {.flags = RST | ACK, .seq = talk.next(0) + 10});
  talk.client(ACK | PSH, 10);
  expect(tape, Illustrates::linger_zero_rst, "the client aborted", Ending::reset);
}

TEST_F(ExplainReset, OutsideTheWindow) {
  talk.open();
  talk.raw(1, {.flags = RST, .seq = talk.next(1) + 1000});
  tape.wait(1s);
  talk.client(ACK | PSH, 10);
  expect(tape, Illustrates::beyond_challenge_ack,
         "Its number is not the one that the client expects. The client went on in frame 5",
         Ending::open);
}

}  // namespace
}  // namespace twlab::explain
