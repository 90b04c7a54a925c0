// When every local port towards a destination is in TIME_WAIT, connect() fails with "Cannot assign
// requested address" (EADDRNOTAVAIL), and another destination port of the same server is not
// affected:
// __inet_hash_connect() looks for a port that is free towards this destination.
#include "lab/lab.h"
using namespace twlab;

LAB(ports_exhaustion,
    {.name = "ports.exhaustion",
     .story = "A client with a range of eight ports leaves each in TIME_WAIT towards one port of a "
              "server, connects there once more, and then to another port.",
     .claims = {"ports.exhaustion", "ports.other-destination"},
     .control = "two ports more in the range; and, for the other destination, the same one",
     .needs = 0s}) {
  auto [client, server] = lab.two_kernels();
  constexpr unsigned kFirst = 40000, kPorts = 8;
  client.set("net.ipv4.tcp_tw_reuse", "0");
  client.set("net.ipv4.ip_local_port_range", fmt::format("{} {}", kFirst, kFirst + kPorts - 1));
  std::vector<Tuple> used;
  for (unsigned i = 0; i < kPorts; ++i) {
    auto one = lab.connect(client, server);
    used.push_back(lab.into_time_wait(client, one.client, one.server));
  }
  auto connect = [&, &client = client, &server = server](uint16_t port) {
    lab.listener(server, port);
    return client.socket().connect(server.at(port));
  };

  Section& exhausted = lab.section("all eight ports are in TIME_WAIT");
  size_t waiting = 0;
  for (const Tuple& tuple : used) waiting += client.state(tuple) == TIME_WAIT;
  exhausted.equal("of its ports in TIME_WAIT", waiting, kPorts);
  Result same = connect(5000);
  exhausted.equal("connect to the same destination", net::errno_name(same.error), "EADDRNOTAVAIL",
                  {same.id});

  Section& elsewhere = lab.section("another destination port");
  Result other = connect(5001);
  elsewhere.equal("connect to another port of the server", net::errno_name(other.error), "0",
                  {other.id});

  Section& still = lab.control("the same destination, once more");
  Result again = connect(5000);
  still.equal("connect", net::errno_name(again.error), "EADDRNOTAVAIL", {again.id});

  // Two, since __inet_hash_connect() makes the number of ports even and may leave the odd one out.
  Section& more = lab.control("two ports more in the range");
  client.set("net.ipv4.ip_local_port_range", fmt::format("{} {}", kFirst, kFirst + kPorts + 1));
  Result free = connect(5000);
  more.equal("connect to the same destination", net::errno_name(free.error), "0", {free.id});

  lab.judge("ports.exhaustion", exhausted, more);
  lab.judge("ports.other-destination", elsewhere, still);
}
