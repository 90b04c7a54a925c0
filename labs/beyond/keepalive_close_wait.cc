// Does keepalive end a CLOSE_WAIT whose peer is gone, host or socket? tcp_keepalive_timer() in
// net/ipv4/tcp_timer.c works in CLOSE_WAIT as in ESTABLISHED. It ends the connection, not the leak:
// the application still holds the descriptor, and is told only when it writes or polls.
#include <poll.h>

#include "lab/lab.h"
using namespace twlab;

namespace {

// A connection that the peer has closed and the application has not.
struct Half {
  PeerConnection conn;
  Socket socket;
  Tuple tuple;
  EventId since = 0;
};

// Probes after a second of silence, every second, three of them; gone a second after the last.
Half close_wait(Lab& lab, Host& host, Peer& peer, uint16_t port, bool keepalive) {
  Socket& listener = lab.listener(host);
  PeerConnection conn = peer.connect(port, host.at(5000));
  Socket socket = listener.accept();
  for (auto [name, value] : {std::pair{TCP_KEEPIDLE, 1}, {TCP_KEEPINTVL, 1}, {TCP_KEEPCNT, 3}})
    socket.need(socket.set_option(IPPROTO_TCP, name, value));
  socket.need(socket.set_option(SOL_SOCKET, SO_KEEPALIVE, keepalive));
  conn.send({.flags = FIN | ACK}, "the peer closes");
  if (!conn.expect({.flags = ACK, .ack = conn.snd_nxt()}))
    throw Unexpected("the FIN was not acknowledged");
  Tuple tuple = socket.tuple();
  lab.await_state(host, tuple, CLOSE_WAIT);
  return {conn, std::move(socket), tuple, lab.mark()};
}

}  // namespace

LAB(beyond_keepalive_close_wait,
    {.name = "beyond.keepalive-close-wait",
     .story = "Four connections in CLOSE_WAIT, whose application does nothing. Three have "
              "keepalive: one peer is silent, one answers with RST as a host that knows nothing of "
              "the connection, one acknowledges. The fourth has none, and its peer is silent.",
     .claims = {"beyond.keepalive-close-wait"},
     .control = "the peer that acknowledges, and no keepalive: CLOSE_WAIT stays",
     .needs = 16s}) {
  auto [host, peer] = lab.kernel_and_peer();
  Half silent = close_wait(lab, host, peer, 40000, true);
  Half resets = close_wait(lab, host, peer, 40001, true);
  Half answers = close_wait(lab, host, peer, 40002, true);
  Half without = close_wait(lab, host, peer, 40003, false);
  auto state = [&, &host = host](const Half& half) { return net::name(host.state(half.tuple)); };

  Section& gone = lab.section("the peer is gone");
  Section& control = lab.control("the peer is there, or no keepalive");
  size_t acknowledged = 0;
  // Four seconds are enough for the silent peer, and five for five probes; 15 s are generous.
  Time end = os::now() + 15s;
  while (os::now() < end) {
    if (answers.conn.expect({.flags = ACK}, 100ms)) {
      answers.conn.send({}, "the peer acknowledges the probe");
      ++acknowledged;
    }
    if (Answer probe = resets.conn.expect({.flags = ACK}, 0ms))
      resets.conn.send({.flags = RST, .seq = probe.segment().ack}, "no such connection");
    lab.collect();
    if (acknowledged >= 5 && state(silent) != "CLOSE_WAIT" && state(resets) != "CLOSE_WAIT") break;
  }
  EventId looked = lab.mark("the end of the watch");
  net::TcpState silent_state = host.state(silent.tuple), reset_state = host.state(resets.tuple);
  auto probes = [&, &host = host](const Half& half) {
    Section::Evidence evidence;
    for (const Seen& seen : lab.trace(host, half.tuple, half.since))
      if (seen.outgoing && seen.segment.flags == ACK) evidence.push_back(seen.id);
    return evidence;
  };
  for (auto [words, half] :
       {std::pair{"a peer that is silent", &silent}, {"a peer that answers with RST", &resets}}) {
    auto evidence = probes(*half);
    evidence.push_back(looked);
    gone.either(fmt::format("{}; probes sent: {}", words, evidence.size() - 1),
                std::string(state(*half)), "CLOSED", {"CLOSE_WAIT"}, evidence);
  }
  control.is("the peer acknowledges: probes sent and acknowledged", acknowledged >= 5,
             "5 at least, more than end a connection without answer", std::to_string(acknowledged),
             probes(answers));
  control.equal("the peer acknowledges: state", state(answers), "CLOSE_WAIT", {looked});
  control.equal("no keepalive: probes", probes(without).size(), 0u);
  control.equal("no keepalive: state", state(without), "CLOSE_WAIT", {looked});

  Section& told = lab.section("finding: what the application is told, which holds the descriptor");
  for (auto [words, half] : {std::pair{"silent peer: ", &silent}, {"RST: ", &resets}}) {
    std::string what = words;
    pollfd fd{half->socket.raw().fd(), POLLIN, 0};
    poll(&fd, 1, 0);
    told.is(what + "poll shows an error", fd.revents & POLLERR, "POLLERR",
            fmt::format("events {:#x}", fd.revents));
    Result first = half->socket.recv();
    told.equal(what + "recv",
               first.ok() ? std::to_string(first.result) : net::errno_name(first.error), "0",
               {first.id});
    Result sent = half->socket.send("x");
    told.equal(what + "then send", net::errno_name(sent.error),
               half == &silent ? "ETIMEDOUT" : "EPIPE", {sent.id});
  }
  lab.judge("beyond.keepalive-close-wait", gone, control)
      .because(
          fmt::format("after {} probes without an answer the socket was {}, after one answered "
                      "with RST {}; with {} acknowledged it stayed {}, and without keepalive {}",
                      probes(silent).size(), net::name(silent_state), net::name(reset_state),
                      acknowledged, state(answers), state(without)));
}
