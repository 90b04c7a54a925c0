// A kernel socket is brought into each of the eleven states and out of it again, by what the
// document's table says that the state waits for. CLOSED is no socket at all; a listener stays in
// LISTEN while the SYN makes a new socket; SYN_SENT does not take the bare ACK of its SYN that the
// table speaks of, but SYN and ACK together (RFC 9293 section 3.10.7.3).
#include "lab/lab.h"
using namespace twlab;

namespace {

// Leads the host's socket of `tuple` from state to state.
struct Tour {
  Lab& lab;
  Host& host;
  Section &left, &kept;
  Tuple tuple{};
  std::map<net::TcpState, EventId> seen{};  // that it was led out of, with the event before

  net::TcpState state() {  // of the listener as long as there is nothing else
    net::TcpState own = host.state(tuple);
    if (own != CLOSED) return own;
    for (const net::SocketInfo& socket : host.sockets(1u << static_cast<int>(LISTEN)))
      if (socket.tuple.local.port == tuple.local.port) return LISTEN;
    return CLOSED;
  }
  Section::Evidence frames(EventId since) {
    Section::Evidence ids;
    for (const Seen& seen : lab.trace(host, tuple, since)) ids.push_back(seen.id);
    return ids;
  }
  void check(Section& section, const std::string& what, net::TcpState wanted, EventId since) {
    section.equal(what, net::name(state()), net::name(wanted), frames(since));
  }
  void kept_despite(const std::string& what, const std::function<void()>& act) {
    net::TcpState before = state();
    EventId mark = lab.mark(fmt::format("{}: {}", net::name(before), what));
    act();
    lab.wait(50ms, "the kernel to take it");
    check(kept, fmt::format("{}, after {}", net::name(before), what), before, mark);
  }
  void left_by(const std::string& what, const std::function<void()>& act, net::TcpState next) {
    net::TcpState before = state();
    EventId mark = lab.mark(fmt::format("{}: {}", net::name(before), what));
    seen.emplace(before, mark);
    act();
    lab.until([&] { return state() == next; }, 2s);
    check(left, fmt::format("{}, after {}", net::name(before), what), next, mark);
  }
};

// The peer must have the FIN, to acknowledge it or not.
void close(Socket& socket, PeerConnection& connection) {
  socket.close();
  if (!connection.expect({.flags = FIN | ACK})) throw Unexpected("no FIN came after close()");
}

}  // namespace

LAB(close_eleven_states,
    {.name = "close.eleven-states",
     .story =
         "A kernel and a peer driven by hand. Sockets of the kernel go through an open and a "
         "close on the passive side, on the active side, and through a simultaneous close. Each "
         "state is read by sock_diag before and after the call, segment or time-out it waits for.",
     .claims = {"close.eleven-states"},
     .control = "each state is offered something else first, and stays",
     .needs = 70s}) {
  auto [host, peer] = lab.kernel_and_peer();
  Section& left = lab.section("what each state waits for");
  Section& kept = lab.control("something else");
  Tour tour{lab, host, left, kept};

  // The passive side.
  auto one = peer.open(40000, host.at(5000));
  tour.tuple = one.tuple().reversed();
  Socket listening = host.socket();
  tour.kept_despite("a SYN", [&] { one.send({.flags = SYN, .seq = one.iss()}); });
  tour.left_by(
      "listen()",
      [&] {
        listening.need(listening.bind(tour.tuple.local));
        listening.need(listening.listen(128));
      },
      LISTEN);
  tour.kept_despite("an ACK", [&] { one.send({.flags = ACK, .ack = 1}); });
  tour.left_by(
      "a SYN (the new socket)", [&] { one.send({.flags = SYN}); }, net::TcpState::SYN_RECV);
  tour.kept_despite("the SYN again", [&] { one.send({.flags = SYN, .seq = one.iss()}); });
  tour.left_by(
      "the ACK of its SYN", [&] { one.send({}); }, ESTABLISHED);
  Socket accepted = listening.accept();
  tour.kept_despite("an ACK of nothing new", [&] { one.send({}); });
  tour.left_by(
      "a FIN", [&] { one.send({.flags = FIN | ACK}); }, CLOSE_WAIT);
  tour.kept_despite("an ACK of nothing new", [&] { one.send({}); });
  tour.left_by(
      "close()", [&] { close(accepted, one); }, LAST_ACK);
  tour.kept_despite("an ACK, but not of its FIN",
                    [&] { one.send({.flags = ACK, .ack = one.rcv_nxt() - 1}); });
  listening.close();
  tour.left_by(
      "the ACK of its FIN", [&] { one.send({}); }, CLOSED);

  // The active side. Its last state ends with a time-out, awaited below.
  auto two = peer.open(6000, host.at(7000));
  tour.tuple = two.tuple().reversed();
  Socket client = host.socket();
  client.need(client.bind(host.at(7000)));
  std::optional<Pending> connecting;
  tour.left_by(
      "connect()", [&] { connecting.emplace(client.start_connect(two.tuple().local)); }, SYN_SENT);
  tour.kept_despite("the ACK of its SYN without a SYN", [&] { two.send({}); });
  tour.left_by(
      "a SYN with the ACK of its own", [&] { two.send({.flags = SYN | ACK}); }, ESTABLISHED);
  client.need(connecting->wait(2s).value());
  tour.left_by(
      "close()", [&] { close(client, two); }, FIN_WAIT_1);
  tour.kept_despite("an ACK, but not of its FIN",
                    [&] { two.send({.flags = ACK, .ack = two.rcv_nxt() - 1}); });
  tour.left_by(
      "the ACK of its FIN", [&] { two.send({}); }, FIN_WAIT_2);
  tour.kept_despite("an ACK of nothing new", [&] { two.send({}); });
  tour.left_by(
      "a FIN", [&] { two.send({.flags = FIN | ACK}); }, TIME_WAIT);
  tour.kept_despite("the FIN again",
                    [&] { two.send({.flags = FIN | ACK, .seq = two.snd_nxt() - 1}); });
  Tuple waiting = tour.tuple;
  EventId last = lab.trace(host, waiting).back().id;

  // Both sides close.
  listening = host.listen(5001);
  auto three = peer.connect(40001, host.at(5001));
  tour.tuple = three.tuple().reversed();
  Socket both = listening.accept();
  listening.close();
  tour.left_by(
      "close()", [&] { close(both, three); }, FIN_WAIT_1);
  Segment fin{.flags = FIN | ACK, .seq = three.snd_nxt(), .ack = three.rcv_nxt() - 1};
  tour.left_by(
      "a FIN without the ACK of its own", [&] { three.send(fin); }, CLOSING);
  tour.kept_despite("the FIN again", [&] { three.send(fin); });
  tour.left_by(
      "the ACK of its FIN", [&] { three.send({.flags = ACK, .seq = three.snd_nxt() + 1}); },
      TIME_WAIT);

  tour.tuple = waiting;
  tour.left_by(
      "60 s", [&] { lab.reaches_state(tour.host, waiting, CLOSED, 70s); }, CLOSED);
  left.equal("segments meanwhile", lab.trace(host, waiting, last).size(), 0u, {last});
  left.equal("different states seen", tour.seen.size(), 11u);
  lab.judge("close.eleven-states", left, kept);
}
