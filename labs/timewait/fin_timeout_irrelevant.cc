// tcp_fin_timeout 5, 60 and 120 on three hosts, each with a socket in TIME_WAIT and one in
// FIN_WAIT_2: which of them last differently. Both are ended by timers of the kernel's wheel, which
// may be late by an eighth.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Lasting {
  Host* host;
  Tuple tuple;
  Time begin;  // of the segment that began the state
  Section::Evidence evidence;
  std::optional<Duration> lasted{};
};

struct Case {
  Duration fin_timeout;
  Lasting time_wait, fin_wait_2;
};

// The host closes a connection first; the peer acknowledges, and closes too or leaves it at that.
Lasting close_one(Lab& lab, Host& host, Peer& peer, uint16_t port, bool peer_closes) {
  Socket& listener = lab.listener(host);
  PeerConnection connection = peer.connect(port, host.at(5000));
  Socket accepted = listener.accept();
  Tuple tuple = accepted.tuple();
  accepted.close();
  if (!connection.expect({.flags = FIN | ACK})) throw Unexpected("no FIN");
  connection.send({});
  if (peer_closes) connection.send({.flags = FIN | ACK});
  lab.await_state(host, tuple, peer_closes ? TIME_WAIT : FIN_WAIT_2);
  Seen last = lab.trace(host, tuple).back();
  return {&host, tuple, last.time, {last.id}};
}

}  // namespace

LAB(timewait_fin_timeout_irrelevant,
    {.name = "timewait.fin-timeout-irrelevant",
     .story = "Three hosts with tcp_fin_timeout 5, 60 and 120 each have a socket in TIME_WAIT and "
              "one in FIN_WAIT_2; it is measured how long each lasts.",
     .claims = {"timewait.fin-timeout-irrelevant"},
     .control = "FIN_WAIT_2, which the setting does change",
     .needs = 135s}) {
  std::vector<Case> cases;
  for (int seconds : {5, 60, 120}) {
    Host& host = lab.host(fmt::format("{} s", seconds));
    Peer& peer = lab.peer(host, fmt::format("peer-{}", seconds));
    host.set("net.ipv4.tcp_fin_timeout", std::to_string(seconds));
    cases.push_back({std::chrono::seconds(seconds), close_one(lab, host, peer, 40000, true),
                     close_one(lab, host, peer, 40001, false)});
  }
  std::vector<Lasting*> all;
  for (Case& one : cases) all.insert(all.end(), {&one.time_wait, &one.fin_wait_2});
  auto all_gone = [&] {
    for (Lasting* socket : all) {
      SeenState seen = lab.path(*socket->host, socket->tuple).back();
      if (socket->lasted || seen.state != CLOSED) continue;
      socket->lasted = seen.time - socket->begin;
      socket->evidence.push_back(seen.id);
    }
    return std::all_of(all.begin(), all.end(), [](auto* socket) { return socket->lasted; });
  };
  if (!lab.watch_until(all_gone, 135s, "TIME_WAIT and FIN_WAIT_2 to end"))
    throw Unexpected("sockets still there");

  const std::string why = "the timer wheel: an eighth, and 2 s for a busy machine";
  Section& time_wait = lab.section("TIME_WAIT");
  Duration sixty = *cases[1].time_wait.lasted;
  std::string lasted;
  for (const Case& one : cases) {
    const Lasting& socket = one.time_wait;
    std::string setting = os::show(one.fin_timeout);
    lasted +=
        fmt::format("{}{} with {}", lasted.empty() ? "" : ", ", os::show(*socket.lasted), setting);
    if (&one == &cases[1]) continue;
    time_wait.within(
        fmt::format("with tcp_fin_timeout {}, against {} with 60 s", setting, os::show(sixty)),
        *socket.lasted, sixty - sixty / 8 - 2s, sixty + sixty / 8 + 2s, why,
        {cases[1].time_wait.evidence[0], socket.evidence[0], socket.evidence[1]});
  }

  Section& fin_wait_2 = lab.control("FIN_WAIT_2");
  for (const Case& one : cases) {
    const Lasting& socket = one.fin_wait_2;
    fin_wait_2.within("with tcp_fin_timeout " + os::show(one.fin_timeout), *socket.lasted,
                      one.fin_timeout - 100ms, one.fin_timeout + one.fin_timeout / 8 + 2s, why,
                      socket.evidence);
  }

  lab.judge("timewait.fin-timeout-irrelevant", time_wait, fin_wait_2)
      .because("TIME_WAIT lasted " + lasted);
}
