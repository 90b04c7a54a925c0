// More than 65,535 sockets on one server port: what must differ is the whole tuple, and clients on
// several addresses have more than 65,535 of those between them. One address has no more.
#include "lab/lab.h"
using namespace twlab;

LAB(ports_server_not_limited,
    {.name = "ports.server-not-limited-to-65535",
     .story =
         "Clients on several addresses open 40,000 connections that stay ESTABLISHED and 40,000 "
         "that the server closes, all to one port.",
     .claims = {"ports.server-not-limited-to-65535"},
     .control = "80,000 connections from one client address leave no more than its 65,535 ports",
     .needs = 10s,
     .heavy = true}) {
  constexpr size_t kEach = 40'000, kPorts = 65'535;
  auto several = lab.kernel_and_crowd("server");
  several.host.set("net.ipv4.tcp_max_tw_buckets", "262144");
  Section& many = lab.section("several client addresses");
  Socket listener = several.host.listen(5000, 50'000);
  CrowdResult closed = several.crowd.connect(listener, kEach);
  CrowdResult open = several.crowd.connect(listener, kEach, Ending::none);
  auto established = several.host.count(ESTABLISHED, 5000);
  auto waiting = several.host.count(TIME_WAIT, 5000);
  many.is("sockets at port 5000", established.count + waiting.count > kPorts, "more than 65535",
          fmt::format("{} ESTABLISHED, {} TIME_WAIT", established.count, waiting.count),
          {open.id, closed.id, established.id, waiting.id});

  Host& other = lab.host("other");
  other.set("net.ipv4.tcp_max_tw_buckets", "262144");
  // After its last port the crowd would go on with the next address: its first tuples come again.
  Crowd& one = lab.crowd(other, {.first = 1, .count = kPorts});
  Socket second = other.listen(5000);
  Section& control = lab.control("one client address");
  CrowdResult first = one.connect(second, kPorts);
  CrowdResult again = one.connect_again(second, 0, 2 * kEach - kPorts);
  auto left = other.count(TIME_WAIT, 5000);
  control.equal("connections served", first.ended + again.ended, 2 * kEach, {first.id, again.id});
  control.equal("sockets at port 5000", left.count, kPorts, {left.id});

  lab.judge("ports.server-not-limited-to-65535", many, control)
      .because(fmt::format("{} sockets at one server port, {} ESTABLISHED and {} in TIME_WAIT; as "
                           "many connections from one client address left {}",
                           established.count + waiting.count, established.count, waiting.count,
                           left.count));
}
