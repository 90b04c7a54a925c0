// A socket is its five-tuple: one local port can be in TIME_WAIT towards one port of a server and
// at the same time connected to another. The article's own example, from one local port.
#include "lab/lab.h"
using namespace twlab;

LAB(ports_five_tuple, {.name = "ports.five-tuple",
                       .story = "A client whose range is a single port leaves it in TIME_WAIT "
                                "towards port 5000 of a server "
                                "and connects from it to port 22.",
                       .claims = {"ports.five-tuple"},
                       .control = "the same destination port: the five-tuple is taken",
                       .needs = 0s}) {
  auto [client, server] = lab.two_kernels();
  client.set("net.ipv4.tcp_tw_reuse", "0");
  client.set("net.ipv4.ip_local_port_range", "40000 40000");
  auto first = lab.connect(client, server, 5000);
  Tuple waiting = lab.into_time_wait(client, first.client, first.server);
  lab.listener(server, 22);

  Section& other = lab.section("another destination port");
  Socket second = client.socket();
  Result connected = second.connect(server.at(22));
  other.equal("connect to port 22", net::errno_name(connected.error), "0", {connected.id});
  other.equal("local port", second.tuple().local.port, waiting.local.port, {connected.id});
  other.equal("the socket to port 22", net::name(client.state(second.tuple())), "ESTABLISHED");
  other.equal("the socket to port 5000, meanwhile", net::name(client.state(waiting)), "TIME_WAIT");

  Section& same = lab.control("the same destination port");
  Result refused = client.socket().connect(server.at(5000));
  same.equal("connect to port 5000", net::errno_name(refused.error), "EADDRNOTAVAIL", {refused.id});

  lab.judge("ports.five-tuple", other, same);
}
