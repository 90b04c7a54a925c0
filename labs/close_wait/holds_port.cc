// Whether the port of a CLOSE_WAIT stays taken: a server that has given up listening but keeps such
// a connection, and another that binds the port. As with TIME_WAIT, a bind without SO_REUSEADDR
// fails, and one with it passes if the old socket had it too (inet_csk_bind_conflict()).
#include "lab/lab.h"
using namespace twlab;

namespace {

using Options = std::vector<int>;

// A server's connection in CLOSE_WAIT, its listener closed.
Socket close_wait(Lab& lab, Host& client, Host& server, uint16_t port, const Options& options) {
  Socket listener = server.socket();
  listener.need(listener.serve(server.at(port), options));
  auto [remote, accepted] = lab.connect(client, server, listener);
  remote.close();
  lab.await_state(server, accepted.tuple(), CLOSE_WAIT);
  listener.close();
  return std::move(accepted);
}

// Another server starts on that port.
Result restart(Host& server, uint16_t port, const Options& options) {
  return server.socket().serve(server.at(port), options);
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
  const Options without, option{SO_REUSEADDR};

  Section& taken = lab.section("a new server without SO_REUSEADDR");
  Socket plain = close_wait(lab, client, server, 5000, without);
  Result first = restart(server, 5000, without);
  taken.equal("the old one without it", show(first), "bind EADDRINUSE", {first.id});
  Socket with = close_wait(lab, client, server, 5001, option);
  Result second = restart(server, 5001, without);
  taken.equal("the old one with it", show(second), "bind EADDRINUSE", {second.id});

  // As for TIME_WAIT (timewait.blocks-restart), told and not judged.
  Result third = restart(server, 5000, option), fourth = restart(server, 5001, option);

  Section& control = lab.control("after it is gone");
  for (Socket* socket : {&plain, &with}) {
    Tuple tuple = socket->tuple();
    socket->close();
    lab.await_state(server, tuple, CLOSED);
    Result free = restart(server, tuple.local.port, without);
    control.equal(fmt::format("port {}", tuple.local.port), show(free), "bind succeeds", {free.id});
  }

  lab.judge("close-wait.holds-port", taken, control)
      .because(fmt::format("without SO_REUSEADDR on the new socket: {}, {}; with it on the new one "
                           "alone: {}, on both: {}",
                           show(first), show(second), show(third), show(fourth)));
}
