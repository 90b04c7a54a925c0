// "So one host can be connected to about 30,000 servers at a time": the number of local ports is no
// such limit, because a port can be used towards any number of destinations at once
// (ports.five-tuple). Shown with a range of eight ports.
#include "lab/lab.h"
using namespace twlab;

LAB(ports_thirty_thousand_servers,
    {.name = "ports.thirty-thousand-servers",
     .story = "A client with a range of eight ports connects to 32 servers, one on each port of a "
              "host, and "
              "keeps all connections.",
     .claims = {"ports.thirty-thousand-servers"},
     .control = "the same number of connections to one server: these are limited by the ports",
     .needs = 0s}) {
  auto [client, server] = lab.two_kernels();
  constexpr unsigned kPorts = 8, kServers = 32;
  client.set("net.ipv4.ip_local_port_range", "40000 40007");

  // How many of `kServers` connections are there at a time; `port` gives the destination of each.
  auto connected = [&, &client = client, &server = server](auto port) {
    std::vector<Socket> sockets;
    EventId last = 0;
    size_t count = 0;
    for (unsigned i = 0; i < kServers; ++i) {
      lab.listener(server, port(i));
      Result result = sockets.emplace_back(client.socket()).connect(server.at(port(i)));
      count += result.ok();
      last = result.id;
    }
    return std::pair{count, last};
  };

  Section& many = lab.section("to many servers");
  auto [to_many, last] = connected([](unsigned i) { return uint16_t(6000 + i); });
  many.is("connections at a time, with eight local ports", to_many <= kPorts,
          "no more than there are ports (8)", fmt::format("{}", to_many), {last});

  Section& one = lab.control("to one server");
  auto [to_one, refused] = connected([](unsigned) { return uint16_t(5000); });
  one.equal("connections at a time, with eight local ports", to_one, kPorts, {refused});

  lab.judge("ports.thirty-thousand-servers", many, one)
      .because(fmt::format(
          "{} connections at a time from {} local ports to as many servers; to one server {}",
          to_many, kPorts, to_one));
}
