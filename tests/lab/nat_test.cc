// A router that masquerades: the server sees one address, each client its own answers.
#include "support.h"

using namespace twlab;

class NatTest : public TestbedTest {};
INSTANTIATE_TEST_SUITE_P(Families, NatTest, both_families, family_name);

TEST_P(NatTest, TwoClientsBehindOneAddress) {
  auto [first, second, router, server] = lab->two_clients_behind_nat();
  Socket& listener = lab->listener(server, 5000);
  for (Host* client : {&first, &second}) {
    Socket socket = client->socket();
    socket.need(socket.connect(server.at(5000)));
    Socket accepted = listener.accept();
    EXPECT_EQ(accepted.tuple().remote.address, router.address());
    EXPECT_EQ(socket.tuple().local.address, client->address());
    socket.send(client->name());
    EXPECT_EQ(accepted.recv().data, client->name());
  }
  // The router's capture shows both sides of the translation.
  bool inside = false, outside = false;
  for (const Event& event : lab->recording().events) {
    const auto* frame = std::get_if<wire::Frame>(&event.what);
    if (!frame || !frame->packet || event.host != "router") continue;
    inside |= frame->packet->source.address == first.address();
    outside |= frame->packet->source.address == router.address() && frame->outgoing;
  }
  EXPECT_TRUE(inside);
  EXPECT_TRUE(outside);
}
