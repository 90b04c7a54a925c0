// The side that closes first, and only that side, is left in TIME_WAIT, be it client or server.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Side {
  Host& host;
  Socket& socket;
};

// The two close in turn. Returns the last state of each.
std::array<SeenState, 2> close_in_turn(Lab& lab, Side first, Side second) {
  first.socket.close();
  second.socket.recv();  // EOF, or the RST
  lab.await_fin_acked(first.host, first.socket.tuple());
  second.socket.close();
  lab.reaches_state(second.host, second.socket.tuple(), CLOSED, 1s);
  return {lab.path(first.host, first.socket.tuple()).back(),
          lab.path(second.host, second.socket.tuple()).back()};
}

}  // namespace

LAB(close_active_closer_keeps_time_wait,
    {.name = "close.active-closer-keeps-time-wait",
     .story =
         "Client and server are kernels on one veth pair. Once the client closes first, once the "
         "server; the other closes when it sees EOF. What each side is left in is read.",
     .claims = {"close.active-closer-keeps-time-wait"},
     .control = "the first to close does it with an RST (SO_LINGER {1,0}): neither side is left in "
                "TIME_WAIT",
     .needs = 100ms}) {
  auto [client, server] = lab.two_kernels();

  Section& by_client = lab.section("the client closes first");
  auto one = lab.connect(client, server, 5000);
  auto [client_first, server_second] =
      close_in_turn(lab, {client, one.client}, {server, one.server});
  by_client.states("the client, which closed first, ends in", {client_first}, {TIME_WAIT});
  by_client.states("the server ends in", {server_second}, {CLOSED});

  Section& by_server = lab.section("the server closes first");
  auto two = lab.connect(client, server, 5001);
  auto [server_first, client_second] =
      close_in_turn(lab, {server, two.server}, {client, two.client});
  by_server.states("the server, which closed first, ends in", {server_first}, {TIME_WAIT});
  by_server.states("the client ends in", {client_second}, {CLOSED});

  Section& reset = lab.control("the client closes first, with an RST");
  auto three = lab.connect(client, server, 5002);
  three.client.need(three.client.set_linger(true, 0));
  auto [aborted, told] = close_in_turn(lab, {client, three.client}, {server, three.server});
  reset.states("the client, which closed first, ends in", {aborted}, {CLOSED});
  reset.states("the server ends in", {told}, {CLOSED});

  lab.judge("close.active-closer-keeps-time-wait", {&by_client, &by_server}, reset);
}
