// The relay does to frames just what its rules say, and nothing without them.
#include "support.h"

using namespace twlab;

class RelayTest : public TestbedTest {
 protected:
  // Segments with payload that arrived at the server, as their payloads.
  std::vector<std::string> arrived(Host& server) {
    std::vector<std::string> payloads;
    for (const Seen& seen : lab->trace(server))
      if (!seen.outgoing && *seen.segment.length > 0) payloads.push_back(*seen.segment.payload);
    return payloads;
  }
};
INSTANTIATE_TEST_SUITE_P(Families, RelayTest, both_families, family_name);

TEST_P(RelayTest, PassesEverythingWithoutRules) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  client.send("hello");
  EXPECT_EQ(server.recv().data, "hello");
  client.close();
  EXPECT_EQ(server.recv().result, 0);
  server.close();
  lab->await_state(client_host, client.tuple(), TIME_WAIT);
  size_t out = 0, in = 0;
  for (const Seen& seen : lab->trace(client_host)) ++(seen.outgoing ? out : in);
  for (const Seen& seen : lab->trace(server_host)) --(seen.outgoing ? in : out);
  EXPECT_EQ(out, 0u);
  EXPECT_EQ(in, 0u);
}

TEST_P(RelayTest, DropsAsManyAsItWasTold) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  auto rule = relay.drop(from_client, {.length = 5}, 1);
  client.send("hello");
  EXPECT_EQ(server.recv().data, "hello") << "the kernel repeats it, and the second one passes";
  EXPECT_EQ(relay.matched(rule), 1u);
  EXPECT_EQ(arrived(server_host), std::vector<std::string>{"hello"});
  EXPECT_GE(client_host.counter("Tcp.RetransSegs"), 1);
}

TEST_P(RelayTest, HoldsUntilReleased) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  auto rule = relay.hold(from_client, {.flags = FIN | ACK}, Relay::always);
  client.close();
  lab->until([&, &relay = relay] { return relay.matched(rule) >= 1; }, 1s);
  EXPECT_EQ(client_host.state(client.tuple()), FIN_WAIT_1);
  EXPECT_EQ(server_host.state(server.tuple()), ESTABLISHED);
  EXPECT_GE(relay.release(rule), 1u);
  EXPECT_EQ(server_host.state(server.tuple()), CLOSE_WAIT);
}

TEST_P(RelayTest, ReleasesOneAtATimeInOrder) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  auto rule = relay.hold(from_client, {.length = 1}, 2);
  client.send("a");
  client.send("b");
  ASSERT_TRUE(lab->until([&, &relay = relay] { return relay.held(rule).size() == 2; }, 1s));
  relay.release(rule, 1);
  EXPECT_EQ(server.recv().data, "a");
  relay.release(rule, 1);
  EXPECT_EQ(server.recv().data, "b");
}

TEST_P(RelayTest, DelaysByATime) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  relay.delay(from_client, {.length = 5}, 100ms);
  Time sent = os::now();
  client.send("hello");
  server.recv();
  EXPECT_GE(os::now() - sent, 100ms);
}

TEST_P(RelayTest, Repeats) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  relay.repeat(from_client, {.length = 5}, 2);
  client.send("hello");
  EXPECT_EQ(server.recv().data, "hello");
  lab->wait(50ms, "anything more");
  EXPECT_EQ(arrived(server_host), (std::vector<std::string>{"hello", "hello", "hello"}));
  EXPECT_FALSE(server.readable()) << "the kernel takes it once";
}

TEST_P(RelayTest, CopiesForLater) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  auto rule = relay.copy(from_client, {.length = 5});
  client.send("hello");
  EXPECT_EQ(server.recv().data, "hello");
  EXPECT_EQ(relay.release(rule), 1u);
  EXPECT_EQ(arrived(server_host).size(), 2u);
}

TEST_P(RelayTest, SwapsTwo) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  relay.swap(from_client, {.payload = "a"});
  client.set_option(IPPROTO_TCP, 1 /* TCP_NODELAY */, 1);
  client.send("a");
  client.send("b");
  ASSERT_TRUE(lab->until([&, &host = server_host] { return arrived(host).size() >= 2; }, 1s));
  // The client may take the gap for a loss and repeat "a" as well.
  auto payloads = arrived(server_host);
  EXPECT_EQ(payloads[0] + payloads[1], "ba");
  std::string data;
  while (data.size() < 2) data += server.recv().data;
  EXPECT_EQ(data, "ab") << "the kernel puts them in order";
}

TEST_P(RelayTest, ACancelledRuleActsNoMore) {
  auto [client_host, server_host, relay, from_client, from_server] = lab->two_kernels_relayed();
  auto [client, server] = lab->connect(client_host, server_host);
  auto rule = relay.drop(from_client, {.length = 5}, Relay::always);
  relay.cancel(rule);
  client.send("hello");
  EXPECT_EQ(server.recv().data, "hello");
  EXPECT_EQ(relay.matched(rule), 0u);
}
