// The article reads in inet_csk_get_port() that sk_reuse, the flag that port selection tests, is
// set by tcp_tw_reuse. It is SO_REUSEADDR that sets it (sk_setsockopt()); bind() never looks at
// tcp_tw_reuse.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr uint16_t kFirst = 40000, kPorts = 8;

}  // namespace

LAB(ports_reuse_flag,
    {.name = "ports.reuse-flag",
     .story =
         "A client has each of the eight ports of its range in TIME_WAIT, from sockets that had "
         "SO_REUSEADDR. It asks for any port with bind() to port 0.",
     .claims = {"ports.reuse-flag"},
     .control = "SO_REUSEADDR on the asking socket, everything else the same",
     .needs = 1500ms}) {
  auto [client, server] = lab.two_kernels();
  client.set("net.ipv4.tcp_tw_reuse", "0");
  client.set("net.ipv4.ip_local_port_range", fmt::format("{} {}", kFirst, kFirst + kPorts - 1));
  Socket& listener = lab.listener(server);
  for (uint16_t i = 0; i < kPorts; ++i) {
    Socket socket = client.socket();
    socket.set_option(SOL_SOCKET, SO_REUSEADDR, 1);
    socket.need(socket.bind(client.at(uint16_t(kFirst + i))));
    socket.need(socket.connect(server.at(5000)));
    Socket accepted = listener.accept();
    lab.into_time_wait(client, socket, accepted);
  }
  lab.wait(1200ms, "the first second of TIME_WAIT, in which tcp_tw_reuse does nothing");
  auto bind_any = [&, &client = client](bool reuseaddr) {
    Socket socket = client.socket();
    if (reuseaddr) socket.set_option(SOL_SOCKET, SO_REUSEADDR, 1);
    return socket.bind(client.at(0));
  };

  constexpr const char* kAutobind = "net.ipv4.ip_autobind_reuse";
  if (client.has(kAutobind)) client.set(kAutobind, "1");

  Section& reuse = lab.section("tcp_tw_reuse, without SO_REUSEADDR");
  client.set("net.ipv4.tcp_tw_reuse", "1");
  Result sysctl = bind_any(false);
  reuse.equal("bind to port 0 with tcp_tw_reuse = 1", net::errno_name(sysctl.error), "0",
              {sysctl.id});

  Section& control = lab.control("SO_REUSEADDR, without tcp_tw_reuse");
  client.set("net.ipv4.tcp_tw_reuse", "0");
  Result neither = bind_any(false);
  control.equal("bind to port 0 with neither", net::errno_name(neither.error), "EADDRINUSE",
                {neither.id});
  Result option = bind_any(true);
  control.equal("bind to port 0 with SO_REUSEADDR", net::errno_name(option.error), "0",
                {option.id});

  lab.judge("ports.reuse-flag", reuse, control);
}
