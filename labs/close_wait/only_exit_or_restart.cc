// What removes a CLOSE_WAIT that the application does not close. The end of its process does.
// Taking the network down does not: sockets belong to the namespace and not to an interface. But an
// RST from the other side does, keepalive when the other side is gone, and sock_diag (`ss --kill`).

#include "lab/lab.h"
using namespace twlab;

namespace {

struct Waiting {
  PeerConnection connection;
  Socket socket;
  Tuple tuple;
};

// The peer connects and closes; the application keeps its socket.
Waiting close_wait(Lab& lab, Host& server, Peer& peer, uint16_t port) {
  Socket& listener = lab.listener(server);
  PeerConnection connection = peer.connect(port, server.at(5000));
  Socket socket = listener.accept();
  Tuple tuple = socket.tuple();
  connection.send({.flags = FIN | ACK});
  lab.await_state(server, tuple, CLOSE_WAIT);
  return {connection, std::move(socket), tuple};
}

// Acknowledges the FIN by which the kernel leaves CLOSE_WAIT, if it comes: each time, since an
// interface that has just come up may drop what is sent for up to a second (linkwatch).
void acknowledge_fin(Lab& lab, Host& server, Waiting& waiting) {
  for (int tries = 0; tries < 6; ++tries) {
    if (waiting.connection.expect({.flags = FIN | ACK})) waiting.connection.send({});
    if (lab.reaches_state(server, waiting.tuple, CLOSED, 100ms)) return;
  }
}

}  // namespace

LAB(close_wait_only_exit_or_restart,
    {.name = "close-wait.only-exit-or-restart",
     .story = "Sockets in CLOSE_WAIT whose application does nothing: the process is killed, the "
              "interface goes down and up, the peer sends an RST, keepalive finds it gone, "
              "sock_diag destroys one.",
     .claims = {"close-wait.only-exit-or-restart"},
     .control = "nothing is done: it stays; the application closes: it is gone",
     .needs = 12s}) {
  auto [server, peer] = lab.kernel_and_peer("server");
  Waiting untouched = close_wait(lab, server, peer, 40000);
  Waiting kept = close_wait(lab, server, peer, 40001);
  Waiting alive = close_wait(lab, server, peer, 40002);
  for (auto [name, value] : {std::pair{TCP_KEEPIDLE, 1}, {TCP_KEEPINTVL, 1}, {TCP_KEEPCNT, 2}})
    alive.socket.set_option(IPPROTO_TCP, name, value);
  EventId keepalive = alive.socket.set_option(SOL_SOCKET, SO_KEEPALIVE, 1).id;
  auto state = [&, &server = server](const Waiting& one) {
    return net::name(server.state(one.tuple));
  };

  Section& remedies = lab.section("the process ends; the network is restarted");
  Waiting owned = close_wait(lab, server, peer, 40003);
  Process& process = lab.process(server, {&owned.socket});
  process.kill();
  acknowledge_fin(lab, server, owned);
  remedies.equal("after the end of its process", state(owned), "CLOSED");

  Section& others = lab.section("what else there is");
  Waiting reset = close_wait(lab, server, peer, 40004);
  reset.connection.send({.flags = RST | ACK}, "RST in CLOSE_WAIT");
  lab.reaches_state(server, reset.tuple, CLOSED, 300ms);
  EventId sent = lab.trace(server, reset.tuple).back().id;
  others.equal("after an RST from the other side", state(reset), "CLOSE_WAIT", {sent});
  Waiting destroyed = close_wait(lab, server, peer, 40005);
  std::string how = "not possible in this kernel";
  try {
    server.destroy(destroyed.tuple);
    how = state(destroyed);
    others.equal("after sock_diag's SOCK_DESTROY", how, "CLOSE_WAIT");
  } catch (const std::system_error& error) {
    if (error.code().value() != EOPNOTSUPP) throw;
  }
  // Two probes without an answer, after a second each; 8 s are generous.
  lab.reaches_state(server, alive.tuple, CLOSED, 8s);
  others.equal("with SO_KEEPALIVE and the other side gone", state(alive), "CLOSE_WAIT",
               {keepalive});

  // The restart: an interface that goes down loses its neighbours, and with IPv6 its addresses.
  const net::LinkEnd end{&server.ns(), "to-peer", server.mac()};
  EventId down = lab.note(Note::Kind::remark, "interface down", server.name());
  net::set_up(server.ns(), end.device, false);
  Socket probe = server.socket();
  probe.set_nonblocking(true);
  Result unreachable = probe.connect({peer.address(), 6000});
  if (unreachable.error == EINPROGRESS) throw Unexpected("the interface is not down");
  lab.wait(300ms, "the interface to be down for a while");
  net::set_up(server.ns(), end.device, true);
  lab.note(Note::Kind::remark, "interface up", server.name());
  if (lab.family() == Family::inet6) net::add_address(end, server.address(), 64);
  net::Mac mac = server.mac();
  mac[5] = peer.address().bytes[peer.address().size() - 1];
  net::add_neighbour(end, peer.address(), mac);
  remedies.equal("after the interface was down and up", state(kept), "CLOSED",
                 {down, unreachable.id});

  Section& control = lab.control("nothing is done; the application closes");
  control.equal("untouched all the while", state(untouched), "CLOSE_WAIT");
  EventId close = untouched.socket.close().id;
  acknowledge_fin(lab, server, untouched);
  control.equal("after the application's close", state(untouched), "CLOSED", {close});

  lab.judge("close-wait.only-exit-or-restart", {&remedies, &others}, control)
      .because(fmt::format(
          "after the end of its process {}, after the interface was down and up {}, after an RST "
          "{}, "
          "after sock_diag's SOCK_DESTROY {}, with keepalive and the other side gone {}",
          state(owned), state(kept), state(reset), how, state(alive)));
}
