// Whether the port of a CLOSE_WAIT stays taken: a server that has given up listening but keeps such
// a connection, and another that binds the port. As with TIME_WAIT, a bind without SO_REUSEADDR
// fails, and one with it passes if the old socket had it too (inet_csk_bind_conflict()).
#include "lab/lab.h"
using namespace twlab;

namespace {

// A server's connection in CLOSE_WAIT, its listener closed.
Socket close_wait(Lab& lab, Host& client, Host& server, uint16_t port, bool option) {
  Socket listener = server.socket();
  listener.set_option(SOL_SOCKET, SO_REUSEADDR, option);
  listener.need(listener.bind(server.at(port)));
  listener.need(listener.listen(8));
  Socket remote = client.socket();
  remote.need(remote.connect(server.at(port)));
  Socket accepted = listener.accept();
  remote.close();
  lab.await_state(server, accepted.tuple(), CLOSE_WAIT);
  listener.close();
  return accepted;
}

// bind and listen by another server: the call that failed, or the listen.
Result restart(Host& server, uint16_t port, bool option) {
  Socket listener = server.socket();
  listener.set_option(SOL_SOCKET, SO_REUSEADDR, option);
  Result bind = listener.bind(server.at(port));
  return bind.ok() ? listener.listen(8) : bind;
}

std::string show(const Result& result) {
  return result.name + (result.ok() ? " succeeds" : " " + net::errno_name(result.error));
}

}  // namespace

LAB(close_wait_holds_port,
    {.name = "close-wait.holds-port",
     .story =
         "A server closes its listener and keeps a connection in CLOSE_WAIT; another binds and "
         "listens on that port, with every combination of SO_REUSEADDR on the two.",
     .claims = {"close-wait.holds-port"},
     .control = "after the connection is gone the port is free",
     .needs = 0s}) {
  auto [client, server] = lab.two_kernels();

  Section& taken = lab.section("a new server without SO_REUSEADDR");
  Socket plain = close_wait(lab, client, server, 5000, false);
  Result first = restart(server, 5000, false);
  taken.equal("the old one without it", show(first), "bind EADDRINUSE", {first.id});
  Socket with = close_wait(lab, client, server, 5001, true);
  Result second = restart(server, 5001, false);
  taken.equal("the old one with it", show(second), "bind EADDRINUSE", {second.id});

  // As for TIME_WAIT (timewait.blocks-restart), told and not judged.
  Result third = restart(server, 5000, true), fourth = restart(server, 5001, true);

  Section& control = lab.control("after it is gone");
  for (Socket* socket : {&plain, &with}) {
    Tuple tuple = socket->tuple();
    socket->close();
    lab.await_state(server, tuple, CLOSED);
    Result free = restart(server, tuple.local.port, false);
    control.equal(fmt::format("port {}", tuple.local.port), show(free), "listen succeeds",
                  {free.id});
  }

  lab.judge("close-wait.holds-port", taken, control)
      .because(fmt::format("without SO_REUSEADDR on the new socket: {}, {}; with it on the new one "
                           "alone: {}, on both: {}",
                           show(first), show(second), show(third), show(fourth)));
}
