// The timer of FIN_WAIT_2 as sock_diag (and so `ss -o`) shows it, second by second, with
// tcp_fin_timeout at 90: without a FIN, and with the peer's FIN at 45 s as in the article. What
// exceeds 60 s is counted twice, not waited for besides: tcp_rcv_state_process (tcp_input.c) sets
// the keepalive timer to 90 - 60, and when that ends tcp_keepalive_timer (tcp_timer.c) sets the
// timewait timer to 90 - 60 again.
#include <cmath>

#include "lab/lab.h"
using namespace twlab;

namespace {

struct Watched {
  Lab::Orphan orphan;
  std::string looks{};  // one a second: "keepalive 29.0, keepalive 28.0, ..."
  std::vector<Plot::Point> left{};
};

// A stretch of the socket's life, from FIN_WAIT_2 on, with one state and one timer.
struct Stretch {
  net::TcpState state;
  Timer timer;
  Duration shown;  // by the timer at first
  Duration lasts{};
};

struct Kernel {
  Host& host;
  Peer& peer;
};

Kernel kernel(Lab& lab, const std::string& name, const std::string& setting) {
  Host& host = lab.host(name);
  host.set("net.ipv4.tcp_fin_timeout", setting);
  return {host, lab.peer(host, "p-" + name)};
}

void look(Watched& one) {
  auto socket = one.orphan.host->find(one.orphan.tuple);
  if (!socket) return;
  one.looks += fmt::format("{}{} {:.1f}", one.looks.empty() ? "" : ", ", net::name(socket->timer),
                           os::seconds(socket->timer_left));
  double since = os::seconds(os::now() - one.orphan.begin.time);
  one.left.push_back({std::round(10 * since) / 10, os::seconds(socket->timer_left)});
}

// Just these stretches in this order; 0 s: it is not said how long it lasts.
void check(Lab& lab, Section& section, const std::string& title, const Watched& one,
           const std::vector<Stretch>& wanted) {
  auto path = lab.path(*one.orphan.host, one.orphan.tuple, one.orphan.since, true);
  EventId looks = lab.note(Note::Kind::remark, "the timer, second by second: " + one.looks,
                           one.orphan.host->name());
  section.equal(title + ": states and timers before it was gone", path.size() - 1, wanted.size(),
                {looks});
  for (size_t i = 0; i + 1 < path.size() && i < wanted.size(); ++i) {
    std::string name = fmt::format("{}, {}: ", title, i + 1);
    Section::Evidence ids = {path[i].id, path[i + 1].id};
    auto show = [](net::TcpState state, Timer timer) {
      return fmt::format("{} on the {} timer", net::name(state), net::name(timer));
    };
    section.equal(name + "state and timer", show(path[i].state, path[i].timer),
                  show(wanted[i].state, wanted[i].timer), ids);
    section.within(name + "time left at first", path[i].timer_left, wanted[i].shown - 1s,
                   wanted[i].shown + 50ms, "as ss rounds it", ids);
    if (wanted[i].lasts > 0s)
      section.within(name + "lasted", path[i + 1].time - (i ? path[i].time : one.orphan.begin.time),
                     wanted[i].lasts - 1s, wanted[i].lasts * 9 / 8 + 1s,
                     "looked at a second late at most; the timer an eighth late", ids);
  }
}

}  // namespace

LAB(fin_timeout_ninety,
    {.name = "fin.timeout-ninety",
     .story =
         "Kernels with tcp_fin_timeout at 90, 60 and 30 close; the hand-made peer acknowledges. "
         "To one of the two with 90 its FIN comes after 45 s. Their timers are looked at once a "
         "second.",
     .claims = {"fin.timeout-ninety"},
     .control = "60 and 30: the timewait timer alone, never the keepalive timer",
     .needs = 115s}) {
  // All made first, which takes its time.
  Kernel kernels[] = {kernel(lab, "ninety", "90"), kernel(lab, "late", "90"),
                      kernel(lab, "sixty", "60"), kernel(lab, "thirty", "30")};
  auto start = [&](Kernel& one) { return Watched{lab.into_fin_wait_2(one.host, one.peer, 6000)}; };
  Watched alone = start(kernels[0]), late = start(kernels[1]), sixty = start(kernels[2]),
          thirty = start(kernels[3]);
  Time next = os::now();
  bool sent = false;
  auto all_gone = [&] {
    if (!sent && os::now() >= late.orphan.begin.time + 45s) {
      sent = true;
      late.orphan.peer.send({.flags = FIN | ACK}, "the FIN, after 45 s");
    }
    bool second = os::now() >= next;
    if (second) next += 1s;
    bool gone = true;
    for (Watched* one : {&alone, &late, &sixty, &thirty}) {
      if (second) look(*one);
      gone = gone && one->orphan.host->state(one->orphan.tuple) == CLOSED;
    }
    return gone;
  };
  lab.watch_until(all_gone, 122s, "the timers of FIN_WAIT_2 and TIME_WAIT to end");

  Section& ninety = lab.section("tcp_fin_timeout = 90");
  check(lab, ninety, "no FIN", alone,
        {{FIN_WAIT_2, Timer::keepalive, 30s, 30s}, {FIN_WAIT_2, Timer::timewait, 30s, 30s}});
  check(lab, ninety, "a FIN after 45 s", late,
        {{FIN_WAIT_2, Timer::keepalive, 30s, 30s},
         {FIN_WAIT_2, Timer::timewait, 30s},
         {TIME_WAIT, Timer::timewait, 60s, 60s}});
  Section& control = lab.control("60 or less");
  check(lab, control, "60, no FIN", sixty, {{FIN_WAIT_2, Timer::timewait, 60s, 60s}});
  check(lab, control, "30, no FIN", thirty, {{FIN_WAIT_2, Timer::timewait, 30s, 30s}});
  lab.judge("fin.timeout-ninety", ninety, control);
  lab.plot({.title = "What exceeds 60 s of tcp_fin_timeout is counted twice",
            .note = "Looked at once a second by sock_diag, times to a tenth. With 90, first the "
                    "keepalive timer runs, "
                    "then the timewait timer; a FIN begins TIME_WAIT.",
            .x = {.label = "since FIN_WAIT_2 began", .unit = "s"},
            .y = {.label = "left on the timer", .unit = "s"},
            .series = {{"tcp_fin_timeout = 90, no FIN", alone.left},
                       {"90, the peer's FIN after 45 s", late.left},
                       {"60, no FIN", sixty.left},
                       {"30, no FIN", thirty.left}}});
}
