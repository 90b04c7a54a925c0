// If both sides close at the same moment, their FINs cross: both pass through CLOSING and both are
// left in TIME_WAIT. That the ACKs cross, too, is no further chance that would be needed: each side
// acknowledges the other's FIN on its own (tcp_fin() in FIN_WAIT_1), and CLOSING and FIN_WAIT_2
// both end in TIME_WAIT, in whatever order ACKs and FINs come.
#include "lab/lab.h"
using namespace twlab;

namespace {

// A connection on which the relay holds what closes it.
struct Closing {
  Lab& lab;
  Lab::RelayedKernels hosts;
  Connection sockets;
  EventId before;
  Relay::RuleId client_fin, server_fin, client_ack, server_ack;

  Closing(Lab& lab, Lab::RelayedKernels testbed, uint16_t port)
      : lab(lab), hosts(testbed), sockets(lab.connect(testbed.client, testbed.server, port)) {
    before = lab.mark();
    auto hold = [&](size_t from, Flags flags) {
      Segment pattern{.flags = flags};
      (from == hosts.from_client ? pattern.destination : pattern.source) = port;
      return hosts.relay.hold(from, pattern, Relay::always);
    };
    client_fin = hold(hosts.from_client, FIN | ACK);
    server_fin = hold(hosts.from_server, FIN | ACK);
    client_ack = hold(hosts.from_client, ACK);
    server_ack = hold(hosts.from_server, ACK);
  }
  void pass(Relay::RuleId rule) {  // once there is something to pass
    if (!lab.until([&] { return !hosts.relay.held(rule).empty(); }, 2s))
      throw Unexpected("the relay waited 2 s for a segment to hold");
    hosts.relay.release(rule);
  }
  const Tuple& client() const { return sockets.client.tuple(); }
  const Tuple& server() const { return sockets.server.tuple(); }
  void close_both() {
    sockets.client.close();
    sockets.server.close();
    lab.await_state(hosts.client, client(), FIN_WAIT_1);
    lab.await_state(hosts.server, server(), FIN_WAIT_1);
  }
  // Checks how many are left in TIME_WAIT, with the last state of each as evidence.
  size_t left(Section& section, size_t wanted) {
    size_t left = lab.reaches_state(hosts.client, client(), TIME_WAIT, 500ms) +
                  lab.reaches_state(hosts.server, server(), TIME_WAIT, 500ms);
    section.equal(
        "sides left in TIME_WAIT", left, wanted,
        {lab.path(hosts.client, client()).back().id, lab.path(hosts.server, server()).back().id});
    return left;
  }
};

}  // namespace

LAB(close_simultaneous,
    {.name = "close.simultaneous",
     .story =
         "Two kernels with a relay between them, which holds the FINs of both until both have "
         "closed, and their ACKs. They are let go at once, then one after the other, then so that "
         "one side's FIN is acknowledged before it gets the other's.",
     .claims = {"close.simultaneous", "close.simultaneous-needs-crossing-acks"},
     .control = "the client's FIN reaches the server before that closes: no CLOSING, and only the "
                "client is left in TIME_WAIT",
     .needs = 100ms}) {
  auto hosts = lab.two_kernels_relayed();

  Section& crossing = lab.section("FINs cross, ACKs cross");
  Closing both(lab, hosts, 5000);
  both.close_both();
  both.pass(both.client_fin);
  both.pass(both.server_fin);
  lab.reaches_state(hosts.client, both.client(), CLOSING, 500ms);
  lab.reaches_state(hosts.server, both.server(), CLOSING, 500ms);
  both.pass(both.client_ack);
  both.pass(both.server_ack);
  size_t crossed = both.left(crossing, 2);
  crossing.states("the client's states", lab.path(hosts.client, both.client(), both.before),
                  {FIN_WAIT_1, CLOSING, TIME_WAIT});
  crossing.states("the server's states", lab.path(hosts.server, both.server(), both.before),
                  {FIN_WAIT_1, CLOSING, TIME_WAIT});

  Section& in_turn = lab.section("FINs cross, one ACK has arrived before the other is let go");
  Closing turn(lab, hosts, 5001);
  turn.close_both();
  turn.pass(turn.client_fin);
  turn.pass(turn.server_fin);
  turn.pass(turn.client_ack);
  lab.reaches_state(hosts.server, turn.server(), TIME_WAIT, 500ms);
  turn.pass(turn.server_ack);
  size_t after_one = turn.left(in_turn, 1);

  Section& uncrossed = lab.section("FINs cross, one ACK has arrived before the other is sent");
  Closing late(lab, hosts, 5002);
  late.close_both();
  late.pass(late.client_fin);
  late.pass(late.server_ack);
  lab.await_state(hosts.client, late.client(), FIN_WAIT_2);
  late.pass(late.server_fin);
  late.pass(late.client_ack);
  size_t before_one = late.left(uncrossed, 1);

  Section& apart = lab.control("the client's FIN arrives before the server closes");
  Closing first(lab, hosts, 5003);
  first.sockets.client.close();
  first.pass(first.client_fin);
  first.pass(first.server_ack);
  lab.await_state(hosts.client, first.client(), FIN_WAIT_2);
  first.sockets.server.close();
  lab.await_state(hosts.server, first.server(), LAST_ACK);
  first.pass(first.server_fin);
  first.pass(first.client_ack);
  lab.await_state(hosts.server, first.server(), CLOSED);
  apart.states("the client's states", lab.path(hosts.client, first.client(), first.before),
               {FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT});
  apart.states("the server's states", lab.path(hosts.server, first.server(), first.before),
               {CLOSE_WAIT, LAST_ACK, CLOSED});

  lab.judge("close.simultaneous", crossing, apart);
  lab.judge("close.simultaneous-needs-crossing-acks", {&crossing, &in_turn, &uncrossed}, apart)
      .because(
          fmt::format("sides left in TIME_WAIT after FINs that crossed: {} when the ACKs crossed "
                      "as well, {} when one was delivered before the other was let go, {} when "
                      "one was delivered before the other was sent",
                      crossed, after_one, before_one));
}
