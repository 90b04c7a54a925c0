// Does "the linger option" affect how long FIN_WAIT_2 lasts? The article quotes tcp_fin_time()
// (include/net/tcp.h), which takes the socket's linger2 before tcp_fin_timeout, and says that the
// linger option will be explained later; what it explains then is SO_LINGER. But linger2 is another
// option, TCP_LINGER2: the control. SO_LINGER says how long close() waits; with 0 it sends an RST,
// so that there is no FIN_WAIT_2 at all. "The linger option" is read as SO_LINGER, by which name
// the article calls nothing else.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr Duration kTimeout = 8s, kOther = 3s;

struct Trial {
  std::string name;
  std::optional<int> so_linger{}, tcp_linger2{};
  Lab::Orphan* orphan = nullptr;
  Duration lasted{};
  EventId end = 0;
};

}  // namespace

LAB(fin_affected_by_linger,
    {.name = "fin.affected-by-linger",
     .story =
         "One kernel with tcp_fin_timeout = 8 closes connections to a hand-made peer that sends "
         "no FIN, each with another linger option.",
     .claims = {"fin.affected-by-linger"},
     .control = "TCP_LINGER2 = 3 lasts 3 s; without any option it is 8 s",
     .needs = 10s}) {
  auto net = lab.kernel_and_peer("closer");
  Host& host = net.host;
  Peer& peer = net.peer;
  host.set("net.ipv4.tcp_fin_timeout", "8");
  Trial none{"no option"}, linger{"SO_LINGER 3 s", 3}, negative{"SO_LINGER -1", -1},
      two{"TCP_LINGER2 3 s", {}, 3}, two_zero{"TCP_LINGER2 0", {}, 0},
      two_negative{"TCP_LINGER2 -1", {}, -1}, zero{"SO_LINGER 0", 0};
  std::list<Lab::Orphan> orphans;
  std::vector<Trial*> trials = {&none, &linger, &negative, &two, &two_zero, &two_negative};
  uint16_t port = 6000;
  for (Trial* trial : trials) {
    orphans.push_back(lab.into_fin_wait_2(host, peer, port++, [&](Socket& socket) {
      if (trial->so_linger) socket.need(socket.set_linger(true, *trial->so_linger));
      if (trial->tcp_linger2)
        socket.need(socket.set_option(IPPROTO_TCP, TCP_LINGER2, *trial->tcp_linger2));
    }));
    trial->orphan = &orphans.back();
  }
  PeerConnection reset = peer.connect(port, host.at(5000));
  Socket socket = lab.listener(host).accept();
  socket.set_linger(true, 0);
  EventId before = lab.mark();
  socket.close();
  auto all_over = [&] {
    bool over = true;
    for (Trial* trial : trials) {
      auto path = lab.path(host, trial->orphan->tuple, trial->orphan->since);
      if (!trial->end && !path.empty() && path.back().state == CLOSED) {
        trial->end = path.back().id;
        trial->lasted = path.back().time - trial->orphan->begin.time;
      }
      over = over && trial->end;
    }
    return over;
  };
  lab.watch_until(all_over, 12s, "FIN_WAIT_2 to end");

  const char* why = "4 ms of a tick less; an eighth and a second late";
  auto lasts = [&](Section& section, const Trial& trial, Duration wanted) {
    section.within(trial.name + ": FIN_WAIT_2 lasts", trial.lasted, wanted - 50ms,
                   wanted * 9 / 8 + 1s, why, {trial.orphan->begin.id, trial.end});
  };
  Section& option = lab.section("the linger option, SO_LINGER");
  for (Trial* trial : {&linger, &negative})
    option.is(trial->name + ": FIN_WAIT_2 lasts",
              trial->lasted < kTimeout * 3 / 4 || trial->lasted > kTimeout * 5 / 4 + 1s,
              fmt::format("not the {} of tcp_fin_timeout, give or take a quarter and a second",
                          os::show(kTimeout)),
              os::show(trial->lasted), {trial->orphan->begin.id, trial->end});
  Section& finding = lab.section("finding: without FIN_WAIT_2");
  auto path = lab.path(host, socket.tuple(), before);
  finding.states("SO_LINGER 0: the states from close() on", path, {CLOSED});
  finding.within("TCP_LINGER2 -1: FIN_WAIT_2 lasts", two_negative.lasted, 0s, 1s, "at once",
                 {two_negative.end});
  Section& control = lab.control("no option, and TCP_LINGER2");
  lasts(control, none, kTimeout);
  lasts(control, two, kOther);
  lasts(control, two_zero, kTimeout);
  lab.judge("fin.affected-by-linger", option, control)
      .because(fmt::format("read as SO_LINGER: with tcp_fin_timeout = 8 FIN_WAIT_2 lasted {} "
                           "without an option, {} with "
                           "SO_LINGER 3 s, {} with TCP_LINGER2 3 s",
                           os::show(none.lasted), os::show(linger.lasted), os::show(two.lasted)));
}
