// Accepted sockets all have the listening port, and nothing else appears on the wire. Looked at
// twice: by sock_diag and every answer of 20,000 connections, and frame by frame for the captured
// ones.
#include <set>

#include "lab/lab.h"
using namespace twlab;

namespace {

std::set<uint16_t> local_ports(Host& host) {
  std::set<uint16_t> ports;
  for (const auto& socket : host.sockets()) ports.insert(socket.tuple.local.port);
  return ports;
}

// From which ports the host sent.
std::set<uint16_t> sending_ports(Lab& lab, Host& host) {
  std::set<uint16_t> ports;
  for (const Seen& seen : lab.trace(host))
    if (seen.outgoing) ports.insert(*seen.segment.source);
  return ports;
}

}  // namespace

LAB(ports_server_uses_one_port,
    {.name = "ports.server-uses-one-port",
     .story = "10,000 accepted connections that stay ESTABLISHED and 10,000 in TIME_WAIT: which "
              "local ports do sockets have, from which ports do frames come?",
     .claims = {"ports.server-uses-one-port"},
     .control = "a client's host with 1,000 connections has 1,000 ports, in sock_diag, and sends "
                "from more than one",
     .needs = 5s,
     .heavy = true}) {
  constexpr size_t kEach = 10'000, kDialled = 1'000;
  auto server = lab.kernel_and_crowd("server");
  // A host with little memory keeps fewer: by default half as many as its hash table has buckets
  // (tcp_sk_init).
  server.host.set("net.ipv4.tcp_max_tw_buckets", "262144");
  Section& one = lab.section("20,000 accepted connections");
  Socket listener = server.host.listen(5000, 20'000);
  CrowdResult closed = server.crowd.connect(listener, kEach);
  CrowdResult open = server.crowd.connect(listener, kEach, Ending::none);
  auto waiting = server.host.count(TIME_WAIT), established = server.host.count(ESTABLISHED);
  one.equal("sockets", waiting.count + established.count, 2 * kEach,
            {closed.id, open.id, waiting.id, established.id});
  one.equal("their local ports", fmt::format("{}", fmt::join(local_ports(server.host), " ")),
            "5000", {waiting.id, established.id});
  one.equal("ports that the captured frames came from",
            fmt::format("{}", fmt::join(sending_ports(lab, server.host), " ")), "5000");
  one.equal("of all answers to handshakes and closes, those that came from another port",
            closed.other_port + open.other_port, 0u, {closed.id, open.id});

  auto client = lab.kernel_and_crowd("client");
  Section& control = lab.control("the host of the client");
  CrowdResult dialled = client.crowd.dial(80, kDialled);
  control.equal("local ports of its sockets", local_ports(client.host).size(), kDialled,
                {dialled.id});
  size_t ports = sending_ports(lab, client.host).size();
  control.is("ports that the captured frames came from", ports > 1, "more than 1",
             fmt::format("{}", ports), {dialled.id});

  lab.judge("ports.server-uses-one-port", one, control)
      .because(fmt::format("{} accepted sockets have {} local port; a client's {} connections have "
                           "{}",
                           waiting.count + established.count, local_ports(server.host).size(),
                           kDialled, local_ports(client.host).size()));
}
