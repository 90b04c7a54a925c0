// Very many crafted endpoints: what they do to a host, and what is recorded of it.
#include <algorithm>
#include <set>

#include "net/counters.h"
#include "net/slab.h"
#include "support.h"

using namespace twlab;

class CrowdTest : public TestbedTest {
 protected:
  void SetUp() override {
    TestbedTest::SetUp();
    if (!lab) return;
    auto made = lab->kernel_and_crowd();
    host = &made.host;
    crowd = &made.crowd;
  }
  std::vector<const wire::Frame*> frames() {
    lab->collect();
    std::vector<const wire::Frame*> found;
    for (const Event& event : lab->recording().events)
      if (const auto* frame = std::get_if<wire::Frame>(&event.what); frame && frame->packet)
        found.push_back(frame);
    return found;
  }
  Host* host = nullptr;
  Crowd* crowd = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Families, CrowdTest, both_families, family_name);

TEST_P(CrowdTest, LeavesAServerThatClosesFirstInTimeWait) {
  Socket listener = host->listen(5000);
  CrowdResult result = crowd->connect(listener, 1000);
  EXPECT_EQ(result.opened, 1000u);
  EXPECT_EQ(result.established, 1000u);
  EXPECT_EQ(result.ended, 1000u);
  EXPECT_EQ(result.refused, 0u);
  EXPECT_EQ(result.other_port, 0u);
  EXPECT_EQ(host->count(TIME_WAIT, 5000).count, 1000u);
  EXPECT_EQ(host->count(TIME_WAIT, 5001).count, 0u);
  EXPECT_EQ(host->sockstat("TCP.tw").count, 1000u);
  EXPECT_EQ(host->state(crowd->tuple(listener, 999)), TIME_WAIT);
  EXPECT_EQ(host->state(crowd->tuple(listener, 1000)), CLOSED);
  // Each connection three frames each way, at least: under load some are repeated.
  EXPECT_GE(result.traffic.received, 3 * result.uncaptured);
  EXPECT_GE(result.traffic.sent, 3 * result.uncaptured);
}

TEST_P(CrowdTest, CapturesTheFirstAndTheLastConnections) {
  Socket listener = host->listen(5000);
  CrowdResult result = crowd->connect(listener, 1000);
  std::set<Endpoint> clients;
  for (const wire::Frame* frame : frames()) {
    EXPECT_TRUE(frame->packet->checksums_correct);
    clients.insert(frame->outgoing ? frame->packet->destination : frame->packet->source);
  }
  std::set<Endpoint> wanted;
  for (size_t i : {0, 1, 2, 997, 998, 999}) wanted.insert(crowd->tuple(listener, i).remote);
  EXPECT_EQ(clients, wanted);
  EXPECT_EQ(result.uncaptured, 994u);
  EXPECT_EQ(lab->finish().recording.frames_lost, 0u);
}

TEST_P(CrowdTest, StaysEstablishedWithoutDescriptors) {
  host->set("net.core.somaxconn", "3000");
  Socket listener = host->listen(5000, 3000);
  CrowdResult result = crowd->connect(listener, 2000, Ending::none);
  EXPECT_EQ(result.established, 2000u);
  EXPECT_EQ(host->count(ESTABLISHED).count, 2000u);
}

TEST_P(CrowdTest, LeavesNothingWhenItClosesFirst) {
  Socket listener = host->listen(5000);
  EXPECT_EQ(crowd->connect(listener, 500, Ending::crowd_first).ended, 500u);
  EXPECT_GT(crowd->visit(listener, 0, 500), 0s);
  EXPECT_EQ(host->sockets().size(), 1u);  // the listener
}

TEST_P(CrowdTest, ComesAgainFromTuplesInTimeWait) {
  Socket listener = host->listen(5000);
  crowd->connect(listener, 500);
  EXPECT_EQ(crowd->connect_again(listener, 100, 200).ended, 200u);
  EXPECT_EQ(host->count(TIME_WAIT).count, 500u);
}

TEST_P(CrowdTest, HearsThatItIsRefused) {
  Socket nobody = host->socket();
  nobody.need(nobody.bind(host->at(5000)));
  CrowdResult result = crowd->connect(nobody, 3, Ending::none);
  EXPECT_EQ(result.refused, 3u);
  EXPECT_EQ(result.established, 0u);
}

TEST_P(CrowdTest, GivesUpWhenNobodyAnswers) {
  host->set("net.ipv4.tcp_syncookies", "0");
  Socket listener = host->listen(5000, 0);
  CrowdResult result = crowd->connect(listener, 3, Ending::none);
  EXPECT_LT(result.established, 3u);
  EXPECT_EQ(result.refused, 0u);
}

TEST_P(CrowdTest, ServesAHostThatClosesFirst) {
  std::string range = host->get("net.ipv4.ip_local_port_range");
  CrowdResult result = crowd->dial(80, 3000);
  EXPECT_EQ(result.ended, 3000u);
  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(host->get("net.ipv4.ip_local_port_range"), range);
  std::set<uint16_t> ports;
  for (const auto& socket : host->sockets()) {
    EXPECT_EQ(socket.state, TIME_WAIT);
    EXPECT_EQ(socket.tuple.remote, crowd->at(80));
    ports.insert(socket.tuple.local.port);
  }
  EXPECT_EQ(ports.size(), 3000u);
}

TEST_P(CrowdTest, TellsWhenTheHostHasNoPortLeft) {
  host->set("net.ipv4.ip_local_port_range", "40000 40099");
  CrowdResult result = crowd->dial(80, 200);
  EXPECT_EQ(result.error, EADDRNOTAVAIL);
  EXPECT_EQ(result.ended, 100u);
  EXPECT_EQ(host->count(TIME_WAIT).count, 100u);
}

TEST_P(CrowdTest, AnswersWheneverTheLabWaits) {
  Socket socket = host->socket();
  EXPECT_TRUE(socket.connect(crowd->at(80)).ok());
}

TEST_P(CrowdTest, AHostMayHaveATableOfItsOwn) try {
  Host& own = lab->host_with_table("own", 512);
  EXPECT_EQ(own.get("net.ipv4.tcp_ehash_entries"), "512");
  // A negative number: of the table that it shares.
  EXPECT_EQ(lab->host("other").get("net.ipv4.tcp_ehash_entries").substr(0, 1), "-");
} catch (const NotMeasurable& reason) {
  GTEST_SKIP() << reason.what();
}

TEST_P(CrowdTest, KnowsTheSizesOfTheKernelsStructs) try {
  auto whole = lab->struct_size("tcp_sock"), waiting = lab->struct_size("tcp_timewait_sock");
  ASSERT_TRUE(whole && waiting);
  EXPECT_GT(whole->bytes, waiting->bytes);
  EXPECT_GT(waiting->bytes, 100u);
  EXPECT_FALSE(lab->struct_size("no_such_struct"));
} catch (const NotMeasurable& reason) {
  GTEST_SKIP() << reason.what();
}

TEST(KernelTexts, Sockstat) {
  auto values = net::parse_sockstat(
      "sockets: used 76\nTCP: inuse 17 orphan 0 tw 89262 alloc 17 mem 1\nUDP: inuse 3 mem 2\n");
  EXPECT_EQ(values.size(), 5u);
  EXPECT_EQ(values["TCP.tw"], 89262);
  EXPECT_TRUE(net::parse_sockstat("").empty());
}

TEST(KernelTexts, Slabinfo) {
  std::string text =
      "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> ...\n"
      "tw_sock_TCPv6         32     48    256   16    1 : tunables    0    0    0 : slabdata      "
      "2 "
      "     3      0\ntw_sock_TCP           30     32    256   16    1 : tunables    0    0\n";
  auto slab = net::find_slab(text, "tw_sock_TCPv6");
  ASSERT_TRUE(slab);
  EXPECT_EQ(slab->object_size, 256u);
  EXPECT_EQ(slab->objects, 32u);
  EXPECT_EQ(slab->bytes % (3 * 4096), 0u);
  EXPECT_FALSE(net::find_slab(text, "tw_sock_TCP"));  // cut short
  EXPECT_FALSE(net::find_slab(text, "TCP"));
  EXPECT_FALSE(net::find_slab("", "TCP"));
}
