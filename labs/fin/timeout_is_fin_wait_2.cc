// How long an orphan stays in FIN_WAIT_2 with tcp_fin_timeout at 5, 30, 60 and at what a fresh
// network namespace has, and whether TIME_WAIT follows it too. A socket is an orphan when no
// process has it open any more; one that is only shut down has no such time-out
// (tcp_rcv_state_process in net/ipv4/tcp_input.c starts the timer for SOCK_DEAD alone).
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr const char* kSetting = "net.ipv4.tcp_fin_timeout";
constexpr const char* kWhy = "4 ms of a tick less; an eighth and a second late";

struct Variant {
  std::string name, value;
  Duration wanted;
  Host* host = nullptr;
  Peer* peer = nullptr;
  std::optional<Lab::Orphan> waiting{}, closed{};
  Duration lasted{}, time_wait{};
  EventId end = 0, time_wait_end = 0;

  bool over() const { return end && (!closed || time_wait_end); }
};

// How long the socket was in the state it is leaving now, since the frame that began it.
void end_of(Lab& lab, const Lab::Orphan& orphan, Time begin, Duration& lasted, EventId& end) {
  auto path = lab.path(*orphan.host, orphan.tuple);
  if (end || path.empty() || path.back().state != CLOSED) return;
  lasted = path.back().time - begin;
  end = path.back().id;
}

}  // namespace

LAB(fin_timeout_is_fin_wait_2,
    {.name = "fin.timeout-is-fin-wait-2",
     .story =
         "Four kernels side by side, each with its own tcp_fin_timeout, close connections to a "
         "hand-made peer which acknowledges the FIN and sends none; on two of them another "
         "connection is closed by both sides.",
     .claims = {"fin.timeout-is-fin-wait-2"},
     .control = "the peer sends its FIN too: TIME_WAIT lasts 60 s, whatever the setting",
     .needs = 70s}) {
  std::string preset = os::read_sysctl(os::Namespace::create(), kSetting);
  std::list<Variant> variants = {
      {"five", "5", 5s}, {"thirty", "30", 30s}, {"sixty", "60", 60s}, {"default", preset, 60s}};
  for (Variant& one : variants) {  // all made first, which takes its time
    one.host = &lab.host(one.name);
    one.host->set(kSetting, one.value);
    one.peer = &lab.peer(*one.host, "p-" + one.name);
  }
  Host& five = *variants.front().host;
  Socket& listener = lab.listener(five);
  PeerConnection half = variants.front().peer->connect(6002, five.at(5000));
  Socket open = listener.accept();
  for (Variant& one : variants) {
    one.waiting = lab.into_fin_wait_2(*one.host, *one.peer, 6000);
    if (one.value == "30" || one.name == "default") continue;
    one.closed = lab.into_fin_wait_2(*one.host, *one.peer, 6001);
    one.closed->peer.send({.flags = FIN | ACK});
    lab.await_state(*one.host, one.closed->tuple, TIME_WAIT);
  }
  open.shutdown(SHUT_WR);
  if (!half.expect({.flags = FIN | ACK})) throw Unexpected("the kernel's FIN did not come");
  half.send({}, "acknowledges the FIN");
  lab.await_state(five, open.tuple(), FIN_WAIT_2);

  auto all_over = [&] {
    bool over = true;
    for (Variant& one : variants) {
      end_of(lab, *one.waiting, one.waiting->begin.time, one.lasted, one.end);
      if (one.closed)
        end_of(lab, *one.closed, one.closed->peer.received().back().time, one.time_wait,
               one.time_wait_end);
      over = over && one.over();
    }
    return over;
  };
  lab.watch_until(all_over, 72s, "FIN_WAIT_2 of 5, 30 and 60 s, and TIME_WAIT, to end");

  Section& lasts = lab.section("an orphan in FIN_WAIT_2 to which no FIN comes");
  lasts.equal("tcp_fin_timeout of a fresh network namespace", preset, "60");
  for (Variant& one : variants)
    lasts.within(fmt::format("tcp_fin_timeout = {} ({}): FIN_WAIT_2 lasts", one.value, one.name),
                 one.lasted, one.wanted - 50ms, one.wanted * 9 / 8 + 1s, kWhy,
                 {one.waiting->begin.id, one.end});
  Section& shut = lab.section("finding: shut down but not closed, it has no time-out");
  shut.equal("tcp_fin_timeout = 5: the state 60 s later", net::name(five.state(open.tuple())),
             "FIN_WAIT_2");
  Section& control = lab.control("the peer's FIN came: TIME_WAIT");
  for (Variant& one : variants)
    if (one.closed)
      control.within(fmt::format("tcp_fin_timeout = {}: TIME_WAIT lasts", one.value), one.time_wait,
                     60s - 50ms, 60s * 9 / 8 + 1s, kWhy,
                     {one.closed->peer.received().back().id, one.time_wait_end});

  std::string measured;
  for (Variant& one : variants)
    measured += fmt::format("{}{} with {}", measured.empty() ? "" : ", ", os::show(one.lasted),
                            one.name == "default" ? "the default" : one.value);
  lab.judge("fin.timeout-is-fin-wait-2", lasts, control)
      .because(fmt::format("an orphan stayed in FIN_WAIT_2 for {}; TIME_WAIT lasted {} with 5 and "
                           "{} with 60",
                           measured, os::show(variants.front().time_wait),
                           os::show(std::next(variants.begin(), 2)->time_wait)));
}
