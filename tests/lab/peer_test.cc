// The crafted peer: nobody answers for it, and what it sends is what it was told.
#include "support.h"

using namespace twlab;

class PeerTest : public TestbedTest {};
INSTANTIATE_TEST_SUITE_P(Families, PeerTest, both_families, family_name);

TEST_P(PeerTest, NoKernelAnswersForIt) {
  auto [host, peer] = lab->kernel_and_peer();
  Socket socket = host.socket();
  Pending connecting = socket.start_connect({peer.address(), 7000});
  lab->wait(300ms, "an answer that must not come");
  EXPECT_FALSE(connecting.done());
  auto frames = lab->trace(host);
  ASSERT_GE(frames.size(), 1u);
  for (const Seen& seen : frames) {
    EXPECT_TRUE(seen.outgoing) << "somebody answered: " << wire::show(seen.segment);
    EXPECT_EQ(*seen.segment.flags, SYN);
  }
  // Only then does the peer itself answer, and the same call succeeds.
  PeerConnection accepted = peer.accept(7000);
  auto result = connecting.wait(2s);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->ok()) << net::show(*result);
}

TEST_P(PeerTest, TheCaptureHoldsOnlyWhatTheLabCausedWithCorrectChecksums) {
  auto [host, peer] = lab->kernel_and_peer();
  lab->listener(host, 5000);
  auto connection = peer.connect(40000, host.at(5000));
  lab->wait(300ms, "frames nobody asked for");
  size_t frames = 0;
  for (const Event& event : lab->recording().events) {
    const auto* frame = std::get_if<wire::Frame>(&event.what);
    if (!frame) continue;
    ++frames;
    ASSERT_TRUE(frame->packet) << "a frame that is no TCP: "
                               << testing::PrintToString(frame->bytes);
    EXPECT_TRUE(frame->packet->checksums_correct);
  }
  EXPECT_EQ(frames, 6u) << "three segments, each seen at both ends";
}

TEST_P(PeerTest, FillsInWhatIsNotSaid) {
  auto [host, peer] = lab->kernel_and_peer();
  lab->listener(host, 5000);
  auto connection = peer.connect(40000, host.at(5000), {.iss = 7});
  EXPECT_EQ(connection.snd_nxt(), 8u);
  Socket accepted = lab->listener(host).accept();
  connection.send({.payload = "hello"});
  EXPECT_EQ(accepted.recv().data, "hello");
  EXPECT_EQ(connection.snd_nxt(), 13u);
  auto answer = connection.expect({.flags = ACK, .ack = 13});
  ASSERT_TRUE(answer) << answer.report();
  EXPECT_TRUE(answer.segment().tsval.present());
}

TEST_P(PeerTest, AForgedSegmentLeavesItsNumbersAlone) {
  auto [host, peer] = lab->kernel_and_peer();
  lab->listener(host, 5000);
  auto connection = peer.connect(40000, host.at(5000));
  uint32_t before = connection.snd_nxt();
  connection.send({.seq = before + 1'000'000, .payload = "far away"});
  EXPECT_EQ(connection.snd_nxt(), before);
}

TEST_P(PeerTest, WithoutTimestampsNoSegmentHasThem) {
  auto [host, peer] = lab->kernel_and_peer();
  lab->listener(host, 5000);
  auto connection = peer.connect(40000, host.at(5000), {.timestamps = false});
  connection.send({.payload = "x"});
  ASSERT_TRUE(connection.expect({.flags = ACK, .ack = connection.snd_nxt()}));
  for (const Seen& seen : lab->trace(host)) EXPECT_FALSE(seen.segment.tsval.present());
}

TEST_P(PeerTest, AFailedExpectationTellsEveryFrameAndHowItDiffers) {
  auto [host, peer] = lab->kernel_and_peer();
  auto connection = peer.open(40000, host.at(5000), {.iss = 100});
  connection.send({.flags = SYN});  // nobody listens
  auto answer = connection.expect({.flags = SYN | ACK, .ack = 101}, 200ms);
  EXPECT_FALSE(answer);
  EXPECT_NE(answer.report().find("[R.]"), std::string::npos) << answer.report();
  EXPECT_NE(answer.report().find("flags: expected [S.], got [R.]"), std::string::npos)
      << answer.report();
}

TEST_P(PeerTest, AcceptGivesUpInWords) {
  auto [host, peer] = lab->kernel_and_peer();
  EXPECT_THROW(peer.accept(7000, {}, 50ms), std::runtime_error);
}
