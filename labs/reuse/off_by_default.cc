// What tcp_tw_reuse is in a fresh namespace, and what that value does over a link and over
// loopback. Since Linux 4.19 the default is 2: on for loopback addresses (tcp_twsk_unique()).
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr const char* kReuse = "net.ipv4.tcp_tw_reuse";

// A client with one local port and one server.
struct Client {
  Host& host;
  uint16_t port;  // local
  Endpoint server;

  Result connect() const {
    host.set("net.ipv4.ip_local_port_range", fmt::format("{0} {0}", port));
    Socket socket = host.socket();
    return socket.connect(server);
  }
  void close_one(Lab& lab, Socket& listener) const {
    host.set("net.ipv4.ip_local_port_range", fmt::format("{0} {0}", port));
    Socket socket = host.socket();
    socket.need(socket.connect(server));
    Socket accepted = listener.accept();
    lab.into_time_wait(host, socket, accepted);
  }
};

}  // namespace

LAB(reuse_off_by_default,
    {.name = "reuse.off-by-default",
     .story = "tcp_tw_reuse is read in a fresh namespace, and a client with that value connects "
              "again from its only port, which is in TIME_WAIT: over a link and over loopback.",
     .claims = {"reuse.off-by-default"},
     .control = "set to 1 by hand, and to 0",
     .needs = 2200ms}) {
  std::string value = lab.default_of(kReuse);
  auto [client, server] = lab.two_kernels();
  Address loopback = Address::parse(lab.family() == Family::inet ? "127.0.0.1" : "::1");
  Socket local = client.socket();
  local.need(local.bind({loopback, 5000}));
  local.need(local.listen(8));
  Socket& remote = lab.listener(server, 5000);
  client.set(kReuse, "0");
  const Client over_link{client, 40000, server.at(5000)}, by_hand{client, 40001, server.at(5000)},
      over_loopback{client, 40002, {loopback, 5000}}, off{client, 40003, {loopback, 5000}};
  for (const Client* one : {&over_link, &by_hand}) one->close_one(lab, remote);
  for (const Client* one : {&over_loopback, &off}) one->close_one(lab, local);
  lab.wait(2100ms, "the first second of TIME_WAIT, by a clock of whole seconds, to pass");

  Section& unset = lab.section("as a fresh namespace has it");
  EventId read = lab.note(Note::Kind::setting, fmt::format("{} = {}, fresh", kReuse, value));
  unset.equal("tcp_tw_reuse", value, "0", {read});
  client.set(kReuse, value);
  Result link = over_link.connect();
  unset.equal("connect over the link", net::errno_name(link.error), "EADDRNOTAVAIL", {link.id});
  Result loop = over_loopback.connect();
  unset.equal("connect over loopback", net::errno_name(loop.error), "EADDRNOTAVAIL", {loop.id});

  Section& control = lab.control("set by hand");
  client.set(kReuse, "1");
  Result one = by_hand.connect();
  control.equal("connect over the link with 1", net::errno_name(one.error), "0", {one.id});
  client.set(kReuse, "0");
  Result zero = off.connect();
  control.equal("connect over loopback with 0", net::errno_name(zero.error), "EADDRNOTAVAIL",
                {zero.id});

  lab.judge("reuse.off-by-default", unset, control)
      .because(fmt::format("the default is {}; with it a TIME_WAIT {} over the link and {} over "
                           "loopback",
                           value, link.ok() ? "is reused" : "is not reused",
                           loop.ok() ? "is reused" : "is not reused"));
}
