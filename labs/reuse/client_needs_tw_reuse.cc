// A client that has no local port left towards a server connects again once tcp_tw_reuse is 1. Its
// range has one port, which it has in TIME_WAIT. The kernel looks at the setting in
// tcp_twsk_unique(), and only a second after the close (reuse.newer-timestamp).
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr uint16_t kFrom = 40000;  // local port of the first case

// The range of the client is one port from now on.
void only_port(Host& client, uint16_t port) {
  client.set("net.ipv4.ip_local_port_range", fmt::format("{0} {0}", port));
}

struct Retry {
  Result result;
  uint16_t port = 0;  // the local one
};

// One more connect with just this local port to choose from.
Retry connect_again(Host& client, const Endpoint& server, uint16_t port, const char* tw_reuse) {
  only_port(client, port);
  client.set("net.ipv4.tcp_tw_reuse", tw_reuse);
  Socket socket = client.socket();
  Result result = socket.connect(server);
  return {result, socket.tuple().local.port};
}

}  // namespace

LAB(reuse_client_needs_tw_reuse,
    {.name = "reuse.client-needs-tw-reuse",
     .story =
         "A client with one local port to choose from has it in TIME_WAIT towards a server and "
         "connects there again, with tcp_tw_reuse at 1.",
     .claims = {"reuse.client-needs-tw-reuse"},
     .control = "tcp_tw_reuse 0: connect fails with EADDRNOTAVAIL",
     .needs = 2200ms}) {
  auto [client, server] = lab.two_kernels();
  client.set("net.ipv4.tcp_tw_reuse", "0");
  std::vector<Tuple> old;
  for (uint16_t port : {kFrom, uint16_t(kFrom + 1), uint16_t(kFrom + 2)}) {
    only_port(client, port);
    auto connection = lab.connect(client, server);
    old.push_back(lab.into_time_wait(client, connection.client, connection.server));
  }
  lab.wait(2100ms, "the first second of TIME_WAIT, by a clock of whole seconds, to pass");

  Section& with = lab.section("tcp_tw_reuse = 1");
  EventId mark = lab.mark();
  Retry second = connect_again(client, server.at(5000), kFrom, "1");
  with.equal("connect", net::errno_name(second.result.error), "0", {second.result.id});
  with.equal("from the local port that was in TIME_WAIT", second.port, kFrom, {second.result.id});
  auto segments = lab.trace(client, old[0], mark);
  with.equal("SYN on the wire", count(segments, {.flags = SYN}), 1u,
             segments.empty() ? Section::Evidence{} : Section::Evidence{segments[0].id});

  Section& without = lab.control("tcp_tw_reuse = 0");
  mark = lab.mark();
  Retry refused = connect_again(client, server.at(5000), kFrom + 1, "0");
  without.equal("connect", net::errno_name(refused.result.error), "EADDRNOTAVAIL",
                {refused.result.id});
  without.equal("segments on the wire", lab.trace(client, old[1], mark).size(), 0u);
  without.equal("the old connection", net::name(client.state(old[1])), "TIME_WAIT");

  // Told and not judged: the value 2, where a kernel has it, is for loopback.
  std::string two = "not known";
  try {
    two = net::errno_name(connect_again(client, server.at(5000), kFrom + 2, "2").result.error);
  } catch (const std::system_error&) {
  }
  lab.judge("reuse.client-needs-tw-reuse", with, without)
      .because(fmt::format("connect returns {} with tcp_tw_reuse 1, {} with 0, {} with 2",
                           net::errno_name(second.result.error),
                           net::errno_name(refused.result.error), two));
}
