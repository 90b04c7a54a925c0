// Whether a TIME_WAIT can be reused and a CLOSE_WAIT cannot: by a SYN that comes in for each, and
// by a client that connects from the port of each.
#include "lab/lab.h"
using namespace twlab;

namespace {

// The kernel's answer to a SYN for its socket, as flags, and whether there is a connection after.
struct Reused {
  std::string answer = "nothing";
  bool accepted = false;
  Section::Evidence evidence{};
};

Reused send_syn(Lab& lab, Socket& listener, PeerConnection old, int32_t newer) {
  old.skip();
  uint32_t seq = old.snd_nxt() + 100'000, tsval = old.tsval() + uint32_t(newer);
  old.send({.flags = SYN, .seq = seq, .tsval = tsval},
           fmt::format("forged SYN, TSval {:+}", newer));
  Reused reused;
  if (Answer answer = old.next()) {
    reused.answer = wire::show(*answer.segment().flags);
    reused.evidence = {answer.frame->id};
    if (answer.segment().flags == (SYN | ACK)) old.send({.seq = seq + 1, .tsval = tsval});
  }
  reused.accepted = lab.until_readable(listener.raw().fd(), 300ms);
  if (reused.accepted) listener.accept();
  return reused;
}

std::string show(const Reused& reused) {
  return reused.answer + (reused.accepted ? ", a new connection" : ", no new connection");
}

}  // namespace

LAB(timewait_reusable,
    {.name = "timewait.reusable",
     .story =
         "The same SYN comes in for a socket in TIME_WAIT and for one in CLOSE_WAIT; and a "
         "client with tcp_tw_reuse 1 connects from its only port, which is in TIME_WAIT towards "
         "one server port and in CLOSE_WAIT towards another.",
     .claims = {"timewait.reusable"},
     .control = "the SYN where there is no socket; one with an older timestamp for the TIME_WAIT",
     .needs = 3s}) {
  auto [client, server] = lab.two_kernels();
  client.set("net.ipv4.ip_local_port_range", "40000 40000");
  client.set("net.ipv4.tcp_tw_reuse", "1");
  auto first = lab.connect(client, server, 5000);
  lab.into_time_wait(client, first.client, first.server);
  auto second = lab.connect(client, server, 5001);
  Tuple waiting = second.client.tuple();
  second.server.close();
  lab.await_state(client, waiting, CLOSE_WAIT);
  lab.wait(2100ms, "the first second of TIME_WAIT, by a clock of whole seconds, to pass");

  auto [host, peer] = lab.kernel_and_peer("host");
  Socket& listener = lab.listener(host);
  Section& time_wait = lab.section("TIME_WAIT");
  auto close_first = [&, &host = host, &peer = peer](uint16_t port) {
    PeerConnection connection = peer.connect(port, host.at(5000));
    Socket accepted = listener.accept();
    accepted.close();
    connection.finish();
    lab.await_state(host, connection.tuple().reversed(), TIME_WAIT);
    return connection;
  };
  Reused by_syn = send_syn(lab, listener, close_first(41000), 1000);
  time_wait.equal("a SYN comes in", show(by_syn), "[S.], a new connection", by_syn.evidence);
  auto connect_again = [&, &client = client, &server = server](uint16_t port) {
    Socket socket = client.socket();
    return socket.connect(server.at(port));
  };
  Result reused = connect_again(5000);
  time_wait.equal("connect from its port", net::errno_name(reused.error), "0", {reused.id});

  Section& close_wait = lab.section("CLOSE_WAIT");
  PeerConnection closing = peer.connect(41001, host.at(5000));
  Socket accepted = listener.accept();
  closing.send({.flags = FIN | ACK});
  lab.await_state(host, accepted.tuple(), CLOSE_WAIT);
  closing.expect({.flags = ACK, .ack = closing.snd_nxt()});
  Reused refused = send_syn(lab, listener, closing, 1000);
  close_wait.is("a SYN comes in", !refused.accepted && refused.answer != "[S.]",
                "no new connection", show(refused), refused.evidence);
  close_wait.equal("the socket after it", net::name(host.state(accepted.tuple())), "CLOSE_WAIT");
  Result not_reused = connect_again(5001);
  close_wait.equal("connect from its port", net::errno_name(not_reused.error), "EADDRNOTAVAIL",
                   {not_reused.id});

  Section& control = lab.control("no socket; an older timestamp");
  Reused fresh = send_syn(lab, listener, peer.open(41002, host.at(5000)), 1000);
  control.equal("a SYN where there is no socket", show(fresh), "[S.], a new connection",
                fresh.evidence);
  Reused older = send_syn(lab, listener, close_first(41003), -1000);
  control.is("a SYN with an older timestamp for a TIME_WAIT", !older.accepted, "no new connection",
             show(older), older.evidence);

  lab.judge("timewait.reusable", {&time_wait, &close_wait}, control);
}
