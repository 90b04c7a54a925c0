// Whether a CLOSE_WAIT ends by itself: it is watched for longer than the other side's FIN_WAIT_2
// lasts, and the kernel is asked what timer runs for it.
#include "lab/lab.h"
using namespace twlab;

namespace {

// Longer than anything else in the run that has a time-out: FIN_WAIT_2, 60 s and at most an eighth.
constexpr Duration kBriefly = 90s;
constexpr Duration kDay = 24h;  // where it costs nobody any time

}  // namespace

LAB(close_wait_forever,
    {.name = "close-wait.forever",
     .story = "The client closes; the server's application never does. The server's CLOSE_WAIT and "
              "the client's FIN_WAIT_2 are watched for 90 s, in a guest whose time is warped for a "
              "day.",
     .claims = {"close-wait.forever", "close-wait.outlives-fin-wait-2"},
     .control = "the application closes: CLOSE_WAIT is over",
     .needs = 92s}) {
  const Duration watched = lab.surroundings().idle_is_free ? kDay : kBriefly;
  const std::string after = watched == kDay ? "24 h" : "90 s";
  auto [client, server] = lab.two_kernels();
  auto kept = lab.connect(client, server), closed = lab.connect(client, server);
  Tuple kept_tuple = kept.server.tuple(), closed_tuple = closed.server.tuple();
  for (Connection* one : {&kept, &closed}) {
    Tuple tuple = one->client.tuple();
    one->client.close();
    lab.await_state(client, tuple, FIN_WAIT_2);
    lab.await_state(server, tuple.reversed(), CLOSE_WAIT);
  }
  auto closing = lab.trace(client, kept_tuple.reversed());
  const Seen& ack = closing.back();  // of the FIN: both states begin

  Section& outlives = lab.section("when FIN_WAIT_2 is over");
  Section& control = lab.control("the application closes");
  Time begin = os::now();
  Result close = closed.server.close();
  Time gone = lab.await_state(server, closed_tuple, CLOSED);
  control.within("CLOSE_WAIT is over after close by", gone - begin, 0s, 5s,
                 "one segment and its answer, on a machine that may be busy",
                 {close.id, lab.path(server, closed_tuple).back().id});

  Time over = lab.await_state(client, kept_tuple.reversed(), CLOSED, kBriefly);
  EventId looked = lab.mark("the client's FIN_WAIT_2 is over");
  outlives.within("FIN_WAIT_2 lasted", over - ack.time, 60s - 100ms, 60s + 60s / 8 + 2s,
                  "tcp_fin_timeout is 60 s; the timer wheel's eighth, and 2 s for a busy machine",
                  {ack.id, lab.path(client, kept_tuple.reversed()).back().id});
  outlives.equal("the server's socket then", net::name(server.state(kept_tuple)), "CLOSE_WAIT",
                 {looked});

  Section& forever = lab.section("after " + after);
  lab.wait(std::max(Duration(0), ack.time + watched - os::now()), "CLOSE_WAIT to end, if it does");
  looked = lab.mark("the end of the watch");
  auto socket = server.find(kept_tuple).value_or(net::SocketInfo{});
  forever.equal("the server's socket", net::name(socket.state), "CLOSE_WAIT", {ack.id, looked});
  forever.equal("the timer that runs for it", net::name(socket.timer), net::name(Timer::off),
                {looked});
  close = kept.server.close();
  lab.reaches_state(server, kept_tuple, CLOSED, 5s);
  control.equal("the other, closed at the end of the watch", net::name(server.state(kept_tuple)),
                "CLOSED", {close.id});

  lab.judge("close-wait.forever", forever, control)
      .because(fmt::format("{} after {}, timer {}", net::name(socket.state), after,
                           net::name(socket.timer)));
  lab.judge("close-wait.outlives-fin-wait-2", outlives, control)
      .because(fmt::format("FIN_WAIT_2 ended after {}; after {} the other side's socket was {}",
                           os::show(over - ack.time), after, net::name(socket.state)));
}
