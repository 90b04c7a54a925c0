// ip_local_port_range is where a client's ports are chosen from; an accepted socket has the
// listener's port (inet_csk_clone_lock()) and needs none.
#include "lab/lab.h"
using namespace twlab;

namespace {

void narrow(Host& host) {
  host.set("net.ipv4.ip_local_port_range", "40000 40009");
}

}  // namespace

LAB(ports_range_irrelevant,
    {.name = "ports.range-irrelevant-to-server",
     .story =
         "A server whose ip_local_port_range has 10 ports gets 5,000 connections that it keeps.",
     .claims = {"ports.range-irrelevant-to-server"},
     .control = "a client with the same 10 ports connects to one destination: 10 connections, then "
                "no more",
     .needs = 3s,
     .heavy = true}) {
  constexpr size_t kCount = 5'000;
  auto server = lab.kernel_and_crowd("server");
  narrow(server.host);
  Section& accepts = lab.section("a server with a range of 10 ports");
  Socket listener = server.host.listen(5000, 10'000);
  CrowdResult crowd = server.crowd.connect(listener, kCount, Ending::none);
  auto established = server.host.count(ESTABLISHED, 5000);
  accepts.equal("ESTABLISHED sockets at port 5000 after 5,000 clients came", established.count,
                kCount, {crowd.id, established.id});
  CrowdResult later = server.crowd.connect(listener, 3, Ending::none);
  accepts.equal("of 3 clients more, accepted", later.established, 3u, {later.id});

  auto client = lab.kernel_and_crowd("client");
  narrow(client.host);
  Section& control = lab.control("a client with a range of 10 ports");
  std::vector<Socket> sockets;
  Result last{};
  while (sockets.size() < 100) {
    sockets.push_back(client.host.socket());
    last = sockets.back().connect(client.crowd.at(80));
    if (!last.ok()) break;
  }
  control.equal("connections before the first that failed", sockets.size() - 1, 10u, {last.id});
  control.equal("errno of that", net::errno_name(last.error), "EADDRNOTAVAIL", {last.id});

  lab.judge("ports.range-irrelevant-to-server", accepts, control)
      .because(fmt::format("a server with 10 ports in its range had {} connections ESTABLISHED at "
                           "once; a client with 10 had {}, then {}",
                           established.count, sockets.size() - 1, net::errno_name(last.error)));
}
