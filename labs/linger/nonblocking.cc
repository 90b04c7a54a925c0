// How a close with SO_LINGER {1,N} could be had without blocking while data cannot be sent. The
// documents' word is non-blocking: a socket with O_NONBLOCK, whose close() need not wait (so
// Stevens). That decides; the other two ways are findings of their own.
//
// inet_release() takes the time from sk_lingertime alone and never looks at O_NONBLOCK; only for
// an exiting process (PF_EXITING) the time is 0. After shutdown() there is still the FIN to wait
// for.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr int kLinger = 2;

struct Testbed {
  Lab& lab;
  Host& server;
  Peer& peer;
  Socket listener;
  uint16_t port = 1000;

  // A connection that lingers, with data that cannot be sent: the peer's window is shut.
  Socket stalled() {
    peer.connect(++port, server.at(5000), {.window = 0});
    Socket socket = listener.accept();
    socket.need(socket.set_linger(true, kLinger));
    socket.need(socket.send("unsent"));
    return socket;
  }
  void returns_at_once(Section& section, const std::string& what, Duration took, EventId id) {
    section.is(what, took < std::chrono::seconds(kLinger) / 2, "less than half of N",
               os::show(took), {id});
  }
};

Result closed(Pending& call) {
  auto made = call.wait(10s);
  if (!made) throw Unexpected("close() still blocks after 10 s");
  return *made;
}

}  // namespace

LAB(linger_nonblocking,
    {.name = "linger.nonblocking",
     .story = "With SO_LINGER {1,2} and data that cannot be sent the server closes a socket with "
              "O_NONBLOCK, and one after shutdown(); another one's process is killed.",
     .claims = {"linger.nonblocking"},
     .control = "a blocking socket",
     .needs = 3s}) {
  auto [server, peer] = lab.kernel_and_peer();
  Testbed bed{lab, server, peer, server.listen(5000)};
  Socket nonblocking = bed.stalled(), shut = bed.stalled(), blocking = bed.stalled(),
         exiting = bed.stalled();
  Tuple exited = exiting.tuple();

  Section& exit = lab.section("finding: the process ends instead");
  Process& process = lab.process(server, {&exiting});
  Time begin = os::now();
  process.kill();
  EventId id = lab.mark("the process is gone");
  Duration ended = os::now() - begin;
  bed.returns_at_once(exit, "the end of the process takes", ended, id);
  exit.equal("the socket's state", std::string(net::name(server.state(exited))), "FIN_WAIT_1",
             {id});

  nonblocking.need(nonblocking.set_nonblocking(true));
  Result shutdown = shut.need(shut.shutdown(SHUT_WR));
  Pending first = nonblocking.start_close(), second = shut.start_close(),
          third = blocking.start_close();

  Section& flagged = lab.section("O_NONBLOCK");
  Result result = closed(first);
  bed.returns_at_once(flagged, "close() takes", result.took(), result.id);
  Section& after_shutdown = lab.section("finding: shutdown() first");
  Result later = closed(second);
  bed.returns_at_once(after_shutdown, "shutdown() takes", shutdown.took(), shutdown.id);
  after_shutdown.is("close() after it takes", later.took() >= 1990ms, "N all the same",
                    os::show(later.took()), {later.id});
  Section& waits = lab.control("a blocking socket");
  Result control = closed(third);
  waits.is("close() takes", control.took() >= 1990ms, "N, less a tick", os::show(control.took()),
           {control.id});

  lab.judge("linger.nonblocking", flagged, waits)
      .because(fmt::format(
          "read as O_NONBLOCK: close() of such a socket took {} and returned {}; after shutdown() "
          "{}; a blocking socket's {}; the end of a process {}",
          os::show(result.took()), result.result, os::show(later.took()), os::show(control.took()),
          os::show(ended)));
}
