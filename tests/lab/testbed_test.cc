// Hosts, sockets, processes and verdicts on a live kernel.
#include "net/settings.h"
#include "support.h"

using namespace twlab;

class LabTest : public TestbedTest {};
INSTANTIATE_TEST_SUITE_P(Families, LabTest, both_families, family_name);

TEST_P(LabTest, EveryHostGetsThePinnedSettings) {
  Host& host = lab->host("one");
  for (const auto& setting : net::pinned_settings())
    if (host.has(setting.name)) {
      EXPECT_EQ(host.get(setting.name), setting.value) << setting.name;
    }
}

TEST_P(LabTest, ARunsOwnSettingsGoBeforeThePinnedOnes) {
  Lab other(info, GetParam(), [](const std::string&, Time) {}, {{"net.ipv4.tcp_fin_timeout", "7"}});
  EXPECT_EQ(other.host("one").get("net.ipv4.tcp_fin_timeout"), "7");
  EXPECT_EQ(lab->host("one").get("net.ipv4.tcp_fin_timeout"), "60");
}

// On a machine that is not the lab's own.
TEST_P(LabTest, SettingsThatAllHostsHaveInCommonAreLeftAlone) {
  SharedSettings first(false);
  Lab other(
      info, GetParam(), [](const std::string&, Time) {}, {}, {}, {}, &first);
  Host& host = other.host("one");
  EXPECT_FALSE(host.has("net.ipv4.tcp_max_orphans"));
  EXPECT_THROW(host.set("net.ipv4.tcp_max_orphans", "1"), NotMeasurable);
  EXPECT_THROW(other.default_of("net.ipv4.tcp_no_such_thing"), FeatureAbsent);
  EXPECT_EQ(other.default_of("net.ipv4.tcp_timestamps"), "1");
}

TEST_P(LabTest, CallsAreRecordedWithResultAndErrno) {
  auto [client, server] = lab->two_kernels();
  Socket socket = client.socket();
  Result result = socket.connect(server.at(9));
  EXPECT_EQ(result.result, -1);
  EXPECT_EQ(net::errno_name(result.error), "ECONNREFUSED");
  bool found = false;
  for (const Event& event : lab->recording().events)
    if (event.id == result.id) {
      found = true;
      EXPECT_EQ(std::get<net::Call>(event.what).name, "connect");
      EXPECT_EQ(event.host, "client");
    }
  EXPECT_TRUE(found);
}

TEST_P(LabTest, ACallThatNeverReturnsIsInterrupted) {
  auto [host, peer] = lab->kernel_and_peer();
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  sigaction(SIGUSR1, &nothing, nullptr);
  Socket socket = host.socket();
  Time begin = os::now();
  {
    Pending pending = socket.start_connect({peer.address(), 7000});
    EXPECT_FALSE(pending.wait(50ms));
  }
  EXPECT_LT(os::now() - begin, 5s);
}

TEST_P(LabTest, KillingAProcessClosesItsSockets) {
  auto [client_host, server_host] = lab->two_kernels();
  auto [client, server] = lab->connect(client_host, server_host);
  Process& process = lab->process(server_host, {&server});
  auto before = server_host.find(server.tuple());
  ASSERT_TRUE(before);
  EXPECT_EQ(before->state, ESTABLISHED);
  EXPECT_TRUE(process.owns(before->inode));
  process.kill();
  EXPECT_EQ(client.recv().result, 0);
}

TEST_P(LabTest, StatesAreSampledInOrder) {
  auto [client_host, server_host] = lab->two_kernels();
  auto [client, server] = lab->connect(client_host, server_host);
  client.close();
  server.recv();
  lab->await_state(client_host, client.tuple(), FIN_WAIT_2);
  server.close();
  lab->await_state(client_host, client.tuple(), TIME_WAIT);
  LabResult result = lab->finish();
  std::vector<net::TcpState> states;
  for (const Event& event : result.recording.events)
    if (const auto* change = std::get_if<StateChange>(&event.what))
      if (event.host == "client" && change->state != change->before)
        states.push_back(change->state);
  EXPECT_EQ(states, (std::vector{ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT}));
  EXPECT_EQ(result.recording.frames_lost, 0u);
  EXPECT_EQ(result.recording.counters["client"]["TcpExt.TW"], 1);
}

TEST_P(LabTest, AwaitingAStateThatDoesNotComeSaysWhatThereIs) {
  auto [client_host, server_host] = lab->two_kernels();
  auto [client, server] = lab->connect(client_host, server_host);
  try {
    lab->await_state(client_host, client.tuple(), TIME_WAIT, 50ms);
    FAIL() << "it came";
  } catch (const Unexpected& error) {
    EXPECT_NE(std::string(error.what()).find("is ESTABLISHED, not TIME_WAIT"), std::string::npos)
        << error.what();
  }
}

// --- verdicts ------------------------------------------------------------------------------------

class VerdictTest : public TestbedTest {
 protected:
  ClaimVerdict judge(int wanted, int control_wanted) {
    Section& section = lab->section("main");
    section.equal("a number", 1, wanted);
    Section& control = lab->control("changed");
    control.equal("another", 2, control_wanted);
    lab->judge("test.claim", section, control);
    return lab->finish().verdicts.at(0);
  }
};
INSTANTIATE_TEST_SUITE_P(Families, VerdictTest, testing::Values(Family::inet), family_name);

TEST_P(VerdictTest, ConfirmedWhenAllHolds) {
  EXPECT_EQ(judge(1, 2).verdict, Verdict::confirmed);
}

TEST_P(VerdictTest, RefutedWhenACheckFails) {
  ClaimVerdict verdict = judge(5, 2);
  EXPECT_EQ(verdict.verdict, Verdict::refuted);
  EXPECT_EQ(verdict.reason, "a number: wanted 5, got 1");
}

TEST_P(VerdictTest, NoControlNoVerdict) {
  EXPECT_EQ(judge(1, 5).verdict, Verdict::inconclusive);
}

TEST_P(VerdictTest, AFailedControlAlsoSpoilsARefutation) {
  EXPECT_EQ(judge(5, 5).verdict, Verdict::inconclusive);
}

TEST_P(VerdictTest, WithoutAnyCheckNothingIsConcluded) {
  Section& section = lab->section("main");
  Section& control = lab->control("changed");
  control.equal("a number", 1, 1);
  lab->judge("test.claim", section, control);
  EXPECT_EQ(lab->finish().verdicts.at(0).verdict, Verdict::inconclusive);
}

TEST_P(VerdictTest, NeitherWantedNorRefutingIsUnclear) {
  Section& section = lab->section("main");
  EXPECT_FALSE(section.either("an answer", "silence", "SYN+ACK", {"RST", "ACK"}));
  EXPECT_EQ(section.outcome(), Outcome::unclear);
  EXPECT_FALSE(section.either("an answer", "RST", "SYN+ACK", {"RST", "ACK"}));
  EXPECT_EQ(section.outcome(), Outcome::fails);
}
