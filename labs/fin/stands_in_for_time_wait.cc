// Does FIN_WAIT_2 on the timewait timer do the same job as TIME_WAIT? Both are the same small
// socket (inet_timewait_sock) and tcp_timewait_state_process (net/ipv4/tcp_minisocks.c) handles
// both, but FIN_WAIT_2 still awaits the peer's FIN: data and a SYN there mean that something is
// wrong, and the RST they get takes the socket away with it. Since 6.12 tcp_twsk_unique
// (tcp_ipv4.c) does not give it to a new connect() either.
//
// "The same job" is read as the same answer to all that may come, and all of the table decides;
// what TIME_WAIT is for, to keep packets from doing harm, is a section of its own.
#include "lab/lab.h"
using namespace twlab;

namespace {

enum class Kind { fin_wait_2, time_wait, time_wait_again, gone };
constexpr Kind kKinds[] = {Kind::fin_wait_2, Kind::time_wait, Kind::time_wait_again, Kind::gone};

struct Target {
  std::optional<PeerConnection> peer{};
  Tuple tuple{};
  wire::Bytes data{};  // that was sent and read
  uint32_t data_tsval = 0;
  EventId since = 0;
  std::string outcome{};
  Section::Evidence ids{};
};

// The kernel accepts on its port and still listens, or no more; or it connects from it.
enum class Port { served, bound, chosen };

struct Stimulus {
  std::string name;
  bool purpose;  // what TIME_WAIT is for; otherwise what else it does
  Port port;
  void (*send)(Peer&, Target&, bool finished);
  Target targets[4]{};
};

constexpr uint32_t kIss = 1'000'000;

const Stimulus kStimuli[] = {
    {"an old duplicate of data", true, Port::served,
     [](Peer& peer, Target& to, bool) { peer.replay(to.data, "old duplicate"); }},
    {"an old duplicate of the SYN", true, Port::served,
     [](Peer&, Target& to, bool) {
       to.peer->send({.flags = SYN, .seq = kIss, .tsval = 100'000}, "old duplicate");
     }},
    {"the peer's FIN, late or again", true, Port::served,
     [](Peer&, Target& to, bool finished) {
       to.peer->send({.flags = FIN | ACK, .seq = to.peer->snd_nxt() - (finished ? 1 : 0)}, "FIN");
     }},
    {"an acknowledgment", true, Port::served,
     [](Peer&, Target& to, bool) { to.peer->send({}, "bare ACK"); }},
    {"new data", false, Port::served,
     [](Peer&, Target& to, bool) {
       to.peer->send({.seq = to.peer->snd_nxt(), .payload = "new"}, "new data");
     }},
    {"a new connection's SYN beyond the window", false, Port::served,
     [](Peer&, Target& to, bool) {
       to.peer->send({.flags = SYN, .seq = to.peer->snd_nxt() + 1'000'000}, "new SYN");
     }},
    {"a new connection's SYN within the window", false, Port::served,
     [](Peer&, Target& to, bool) {
       to.peer->send({.flags = SYN, .seq = to.peer->snd_nxt() + 1'000}, "new SYN");
     }},
    {"an RST", false, Port::served,
     [](Peer&, Target& to, bool) {
       to.peer->send({.flags = RST, .seq = to.peer->snd_nxt()}, "RST");
     }},
};

// The peer's connection, and the kernel's socket: connected from a port that the kernel chose, or
// accepted on the port and, when that is its own, listened on no more.
std::pair<PeerConnection, Socket> connection(Lab& lab, Host& host, Peer& peer, const Stimulus& row,
                                             uint16_t port) {
  if (row.port == Port::chosen) {
    Socket socket = host.socket();
    Pending connecting = socket.start_connect({peer.address(), port});
    PeerConnection connection = peer.accept(port, {.iss = kIss});
    auto result = connecting.wait(2s);
    if (!result) throw Unexpected("connect() still blocks");
    socket.need(*result);
    return {connection, std::move(socket)};
  }
  std::optional<Socket> listener;
  if (row.port == Port::bound) listener = host.listen(port);
  PeerConnection connection = peer.connect(port, host.at(listener ? port : 5000), {.iss = kIss});
  return {connection, (listener ? *listener : lab.listener(host)).accept()};
}

Target prepare(Lab& lab, Host& host, Peer& peer, const Stimulus& row, uint16_t port, Kind kind) {
  if (row.port == Port::served) lab.listener(host);
  auto [connected, socket] = connection(lab, host, peer, row, port);
  Target target{connected};
  target.tuple = socket.tuple();
  target.data = target.peer->send({.flags = PSH | ACK, .payload = "old data"});
  socket.recv();
  target.peer->set_clock(110'000);
  socket.close();
  if (!target.peer->expect({.flags = FIN | ACK})) throw Unexpected("the kernel's FIN did not come");
  target.peer->send({});
  lab.await_state(host, target.tuple, FIN_WAIT_2);
  auto found = host.find(target.tuple);
  if (!found || found->timer != Timer::timewait) throw Unexpected("not on the timewait timer");
  if (kind == Kind::fin_wait_2) return target;
  target.peer->send({.flags = FIN | ACK});
  lab.await_state(host, target.tuple, TIME_WAIT);
  if (kind != Kind::gone) return target;
  target.peer->send({.flags = RST}, "takes TIME_WAIT away");
  lab.await_state(host, target.tuple, CLOSED);
  return target;
}

void see(Lab& lab, Host& host, Target& target) {
  std::string answer = "no answer";
  for (const Seen& seen : lab.trace(host, target.tuple, target.since)) {
    target.ids.push_back(seen.id);
    if (seen.outgoing)
      answer = has(*seen.segment.flags, RST)         ? "RST"
               : has(*seen.segment.flags, SYN | ACK) ? "SYN+ACK"
                                                     : "ACK";
  }
  net::TcpState state = host.state(target.tuple);
  target.outcome = answer + (state == CLOSED                             ? ", no socket then"
                             : state == FIN_WAIT_2 || state == TIME_WAIT ? ", the socket stays"
                                                                         : ", connected anew");
}

}  // namespace

LAB(fin_stands_in_for_time_wait,
    {.name = "fin.stands-in-for-time-wait",
     .story =
         "One kernel has sockets in FIN_WAIT_2 on the timewait timer and in TIME_WAIT. The same "
         "segments come to each, and bind() and connect() want the port of each.",
     .claims = {"fin.stands-in-for-time-wait"},
     .control =
         "TIME_WAIT against TIME_WAIT: no difference; where neither is: an RST to FIN and data",
     .needs = 2800ms}) {
  auto [host, peer] = lab.kernel_and_peer("closer");
  host.set("net.ipv4.tcp_tw_reuse", "1");
  host.set("net.ipv4.ip_local_port_range", "40000 40000");  // so that connect() has no other
  std::vector<Stimulus> rows(std::begin(kStimuli), std::end(kStimuli));
  rows.push_back(Stimulus{"bind() to its port", true, Port::bound, nullptr});
  rows.push_back(
      Stimulus{"connect() from its port, tcp_tw_reuse = 1", false, Port::chosen, nullptr});
  uint16_t port = 6000;
  for (Stimulus& row : rows)
    for (size_t i = 0; i < 4; ++i)
      row.targets[i] = prepare(lab, host, peer, row, port++, kKinds[i]);
  lab.wait(2100ms, "TIME_WAIT to be old enough for tcp_tw_reuse");

  for (Stimulus& row : rows)
    for (size_t i = 0; i < 4; ++i) {
      Target& to = row.targets[i];
      to.since = lab.mark();
      if (row.send) {
        row.send(peer, to, kKinds[i] != Kind::fin_wait_2);
        continue;
      }
      Socket socket = host.socket();
      Result result;
      if (row.purpose) {
        result = socket.bind(to.tuple.local);
      } else {
        socket.set_nonblocking(true);
        result = socket.connect(to.tuple.remote);
      }
      to.outcome = net::errno_name(result.error);
      to.ids = {result.id};
    }
  lab.wait(300ms, "answers");
  for (Stimulus& row : rows)
    if (row.send)
      for (Target& to : row.targets) see(lab, host, to);

  Section& purpose = lab.section("what TIME_WAIT is for: FIN_WAIT_2 does as it does");
  Section& besides = lab.section("what else comes: FIN_WAIT_2 does as it does");
  Section& control = lab.control("TIME_WAIT again, and neither");
  std::vector<std::string> same, other;
  int purposes = 0, held = 0;
  for (const Stimulus& row : rows) {
    const auto& [fin_wait_2, time_wait, again, gone] = row.targets;
    auto ids = time_wait.ids;
    ids.insert(ids.end(), fin_wait_2.ids.begin(), fin_wait_2.ids.end());
    bool equal = (row.purpose ? purpose : besides)
                     .equal(row.name, fin_wait_2.outcome, time_wait.outcome, ids);
    purposes += row.purpose;
    held += row.purpose && equal;
    (equal ? same : other)
        .push_back(equal ? row.name
                         : fmt::format("{} ({}; TIME_WAIT: {})", row.name, fin_wait_2.outcome,
                                       time_wait.outcome));
    control.equal("TIME_WAIT again: " + row.name, again.outcome, time_wait.outcome, again.ids);
    if (row.purpose)
      control.is("no socket: " + row.name, gone.outcome != time_wait.outcome,
                 "not " + time_wait.outcome, gone.outcome, gone.ids);
  }
  lab.judge("fin.stands-in-for-time-wait", {&purpose, &besides}, control)
      .because(fmt::format("read as the same answer to all that may come; in what TIME_WAIT is for "
                           "they {}. The same to both: {}; not the same: {}",
                           purposes == held ? "are the same" : "differ", fmt::join(same, ", "),
                           other.empty() ? "nothing" : fmt::format("{}", fmt::join(other, ", "))));
}
