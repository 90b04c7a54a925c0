// A server that closes first, ends and is started again: can it bind its port? As in the article's
// sample server, no listener sets SO_REUSEADDR, and they bind to any address. Tried at once, after
// 30 s, when one of two TIME_WAITs is gone, and when the last one is.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr uint16_t kPlain = 5000, kReusing = 5001;

// What a server does when it starts; the result is that of bind, and it listens if that worked.
Result start(Host& host, Socket& socket, uint16_t port) {
  const std::vector<int> reusing{SO_REUSEADDR}, plain;
  return socket.serve({Address::any(host.address().family), port},
                      port == kReusing ? reusing : plain);
}

// The server closes, then the client: what is left is the server's TIME_WAIT.
Tuple close(Lab& lab, Host& server, Connection& connection) {
  return lab.into_time_wait(server, connection.server, connection.client);
}

}  // namespace

LAB(timewait_blocks_restart,
    {.name = "timewait.blocks-restart",
     .story =
         "A server without SO_REUSEADDR closes two connections first, the second 6 s after the "
         "first, and ends. It is started again at once, after 30 s, when the first TIME_WAIT is "
         "gone, and when the last one is.",
     .claims = {"timewait.blocks-restart"},
     .control =
         "a server that sets SO_REUSEADDR, started again at once beside its TIME_WAIT: binds",
     .needs = 74s}) {
  auto [client, server] = lab.two_kernels();
  Socket listener = server.socket(), reusing = server.socket();
  listener.need(start(server, listener, kPlain));
  reusing.need(start(server, reusing, kReusing));
  Connection one = lab.connect(client, server, listener);
  Connection two = lab.connect(client, server, listener);
  Connection other = lab.connect(client, server, reusing);
  Tuple first = close(lab, server, one);
  // More than the step in which the kernel's timers of a minute end (512 ticks, 2 to 5 s).
  lab.wait(6s, "the second connection to be closed");
  Tuple last = close(lab, server, two);
  Time ended = os::now();
  listener.close();

  auto restart = [&, &server = server](Section& section, const std::string& when,
                                       const std::string& wanted, const std::string& refuting) {
    Socket again = server.socket();
    Result bound = start(server, again, kPlain);
    section.either("bind " + when, net::errno_name(bound.error), wanted, {refuting}, {bound.id});
    return again;
  };
  Section& blocked = lab.section("started again without SO_REUSEADDR");
  restart(blocked, "at once", "EADDRINUSE", "0").close();

  Section& control = lab.control("started again with SO_REUSEADDR");
  Tuple beside = close(lab, server, other);
  reusing.close();
  Socket again = server.socket();
  Result bound = start(server, again, kReusing);
  control.equal("bind at once", net::errno_name(bound.error), "0", {bound.id});
  control.equal("its TIME_WAIT meanwhile", net::name(server.state(beside)), "TIME_WAIT");

  lab.wait(ended + 30s - os::now(), "30 s to pass");
  restart(blocked, "after 30 s", "EADDRINUSE", "0").close();
  lab.await_state(server, first, CLOSED, 120s);
  if (server.state(last) == TIME_WAIT)
    restart(blocked, "when one TIME_WAIT is gone and one is left", "EADDRINUSE", "0").close();
  else
    blocked.unclear("bind when one TIME_WAIT is left", "EADDRINUSE", "both went at the same time");
  Time gone = lab.await_state(server, last, CLOSED, 120s);
  Socket back = restart(blocked, "when the last TIME_WAIT is gone", "0", "EADDRINUSE");
  Socket visitor = client.socket();
  Result connected = visitor.connect(server.at(kPlain));
  blocked.equal("then it serves: connect", net::errno_name(connected.error), "0", {connected.id});

  Judgement judged = lab.judge("timewait.blocks-restart", blocked, control);
  if (judged.verdict() == Verdict::confirmed)
    judged.because(
        fmt::format("bind without SO_REUSEADDR failed three times, and worked when the last "
                    "TIME_WAIT was gone, {} after the server's end",
                    os::show(gone - ended)));
}
