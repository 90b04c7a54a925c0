// Which segments start the 60 s of TIME_WAIT again? RFC 9293 section 3.10.7.4 names one, the peer's
// repeated FIN. Linux (tcp_timewait_state_process in net/ipv4/tcp_minisocks.c) restarts the timer
// for nearly everything that carries an ACK, in order, before or beyond the window, and for
// whatever PAWS rejects, a SYN included; not for an RST.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr uint32_t kFar = 10'000'000;  // beyond any window

struct Kind {
  std::string words;
  // What is sent, by the number that is expected next and the peer's timestamp clock.
  std::function<Segment(uint32_t expected, uint32_t clock)> segment;
};

const Kind kFin{"the FIN again", [](uint32_t expected, uint32_t) {
                  return Segment{.flags = FIN | ACK, .seq = expected - 1};
                }};

const Kind kOthers[] = {
    {"ACK with the expected number",
     [](uint32_t expected, uint32_t) { return Segment{.flags = ACK, .seq = expected}; }},
    {"ACK beyond the window",
     [](uint32_t expected, uint32_t) { return Segment{.flags = ACK, .seq = expected + kFar}; }},
    {"data that came before, again",
     [](uint32_t expected, uint32_t) {
       return Segment{.flags = ACK, .seq = expected - 2, .payload = "x"};
     }},
    {"data after the FIN",
     [](uint32_t expected, uint32_t) {
       return Segment{.flags = ACK, .seq = expected, .payload = "x"};
     }},
    {"SYN+ACK with an old number",
     [](uint32_t expected, uint32_t) {
       return Segment{.flags = SYN | ACK, .seq = expected - 1000};
     }},
    {"SYN with an old number and no timestamp",
     [](uint32_t expected, uint32_t) {
       return Segment{.flags = SYN, .seq = expected - 1000, .tsval = absent};
     }},
    {"SYN with an old number and an older timestamp",
     [](uint32_t expected, uint32_t clock) {
       return Segment{.flags = SYN, .seq = expected - 1000, .tsval = clock - 50'000};
     }},
    {"RST off by one",
     [](uint32_t expected, uint32_t) { return Segment{.flags = RST, .seq = expected + 1}; }},
};

struct Waiting {
  PeerConnection conn;
  Tuple tuple;
};

// The host closes first and is left in TIME_WAIT.
Waiting time_wait(Lab& lab, Host& host, Peer& peer, uint16_t port) {
  PeerConnection conn = peer.connect(port, host.at(5000));
  Socket socket = lab.listener(host).accept();
  Tuple tuple = socket.tuple();
  socket.close();
  conn.finish();
  lab.await_state(host, tuple, TIME_WAIT);
  return {conn, tuple};
}

struct Timers {
  Duration before, after;
  bool there;  // TIME_WAIT is still there
  Section::Evidence evidence{};

  // A timer runs down, unless it is started again: a second tells the two apart.
  bool restarted() const { return after > before + 1s; }
  std::string text() const {
    return there ? fmt::format("{}, then {}", os::show(before), os::show(after))
                 : os::show(before) + ", then gone";
  }
};

// What the timer shows before and after the segment, if there is one.
Timers meet(Lab& lab, Host& host, Waiting& waiting, const Kind* kind) {
  auto before = host.find(waiting.tuple);
  if (!before || before->timer_left > 58s) throw Unexpected("no TIME_WAIT that has aged");
  EventId mark = lab.mark();
  if (kind) {
    PeerConnection& conn = waiting.conn;
    conn.send(kind->segment(conn.snd_nxt(), conn.tsval()), kind->words);
    if (!lab.until([&] { return !lab.trace(host, waiting.tuple, mark).empty(); }, 2s))
      throw Unexpected("the segment was not captured");
  }
  lab.wait(20ms, "an answer");
  auto after = host.find(waiting.tuple);
  Timers timers{before->timer_left, after ? after->timer_left : 0s,
                after && after->state == TIME_WAIT};
  for (const Seen& seen : lab.trace(host, waiting.tuple, mark)) timers.evidence.push_back(seen.id);
  return timers;
}

}  // namespace

LAB(beyond_time_wait_restart,
    {.name = "beyond.time-wait-restart",
     .story = "The host has several TIME_WAITs, 3 s old, and each gets another segment: the FIN "
              "again, ACKs, data, SYNs, an RST. The timer of each is read before and after.",
     .claims = {"beyond.time-wait-restart"},
     .control = "no segment: the timer runs down",
     .needs = 4s}) {
  auto [host, peer] = lab.kernel_and_peer();
  lab.listener(host);
  std::vector<Waiting> waiting;
  for (size_t i = 0; i < std::size(kOthers) + 2; ++i)
    waiting.push_back(time_wait(lab, host, peer, uint16_t(40000 + i)));
  lab.wait(3s, "TIME_WAIT to be 3 s old");
  const std::string wanted_not = "runs down";

  Section& control = lab.control("no segment");
  Timers none = meet(lab, host, waiting.back(), nullptr);
  control.is("the timer of TIME_WAIT", none.there && !none.restarted(), wanted_not, none.text());
  waiting.pop_back();

  Section& fin = lab.section("the repeated FIN");
  Timers again = meet(lab, host, waiting.back(), &kFin);
  fin.is("the timer of TIME_WAIT", again.there && again.restarted(), "begins again", again.text(),
         again.evidence);

  Section& others = lab.section("any other segment");
  std::vector<std::string> restart;
  size_t i = 0;
  for (const Kind& kind : kOthers) {
    Timers timers = meet(lab, host, waiting[i++], &kind);
    others.is(kind.words, timers.there && !timers.restarted(), wanted_not, timers.text(),
              timers.evidence);
    if (timers.restarted()) restart.push_back(kind.words);
  }
  lab.judge("beyond.time-wait-restart", {&fin, &others}, control)
      .because(fmt::format("the repeated FIN {} the timer; of {} other segments {} did{}{}",
                           again.restarted() ? "restarted" : "did not restart", std::size(kOthers),
                           restart.size(), restart.empty() ? "" : ": ", fmt::join(restart, ", ")));
}
