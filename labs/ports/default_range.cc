// The default range of local ports is about 30,000 ports, 32768 to 61000. The kernel's own default
// has ended at 60999 since the range was made to begin on an even and end on an odd port
// (Linux 4.2, inet_init_net()); the article's figure is that of the kernels before.
#include "lab/lab.h"
using namespace twlab;

LAB(ports_default_range,
    {.name = "ports.default-range",
     .story =
         "A fresh namespace, with nothing set, is asked for its range; a client connects from it.",
     .claims = {"ports.default-range"},
     .control = "a range that was set is read back, and ports come from it alone",
     .needs = 0s}) {
  std::string value = os::read_sysctl(os::Namespace::create(), "net.ipv4.ip_local_port_range");
  std::istringstream numbers(value);
  unsigned first = 0, last = 0;
  numbers >> first >> last;

  Section& fresh = lab.section("a fresh namespace");
  fresh.is("size", last - first + 1 >= 25000 && last - first + 1 <= 35000,
           "25,000 to 35,000 (about 30,000)", fmt::format("{} ports", last - first + 1));
  fresh.equal("first port", first, 32768u);
  fresh.is("last port", last == 61000 || last == 60999, "61000, or one less",
           fmt::format("{}", last));

  auto [client, server] = lab.two_kernels();
  client.set("net.ipv4.ip_local_port_range", "20000 20001");
  Section& changed = lab.control("a range of two ports");
  changed.equal("read back", client.get("net.ipv4.ip_local_port_range"), "20000 20001");
  auto connection = lab.connect(client, server);
  uint16_t port = connection.client.tuple().local.port;
  changed.is("local port of a connection", port == 20000 || port == 20001, "20000 or 20001",
             fmt::format("{}", port));
  lab.judge("ports.default-range", fresh, changed)
      .because(
          fmt::format("a fresh namespace has {} to {}, {} ports", first, last, last - first + 1));
}
