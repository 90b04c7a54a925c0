// A FIN that nobody answers: every repetition on the wire, and the time from each to the next. The
// number is the kernel's own default for orphans: tcp_orphan_retries is 0, which
// tcp_orphan_retries() (net/ipv4/tcp_timer.c) reads as 8, and retransmits_timed_out() makes a time
// of that, 2^9 - 1 times the least time-out of 200 ms. Each wait is twice the one before, so it
// depends on the path where they begin: with a round trip of 15 ms the last is the article's 55 s,
// but then it cannot have begun with 2 s.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Silent {
  std::string name, retries;
  Duration round_trip{};
  std::optional<PeerConnection> peer{};
  Tuple tuple{};
  Host* host = nullptr;
  EventId since = 0;
  std::vector<Seen> fins{};
  std::vector<Duration> waits{};  // after each FIN, the last one until the socket is gone
  Duration in_all{};
  EventId gone = 0;
};

void close_to_silent_peer(Lab& lab, Silent& one) {
  Host& host = lab.host(one.name);
  if (!one.retries.empty()) host.set("net.ipv4.tcp_orphan_retries", one.retries);
  Peer& peer = lab.peer(host, "p-" + one.name);
  Socket& listener = lab.listener(host);
  PeerConnection connection = peer.open(6000, host.at(5000));
  connection.send({.flags = SYN});
  if (!connection.expect({.flags = SYN | ACK})) throw Unexpected("no answer to the SYN");
  if (one.round_trip > 0s) lab.wait(one.round_trip, "a round trip");
  connection.send({});
  Socket socket = listener.accept();
  one.host = &host;
  one.tuple = socket.tuple();
  one.since = lab.mark();
  socket.close();
}

void measure(Lab& lab, Silent& one) {
  for (const Seen& seen : lab.trace(*one.host, one.tuple, one.since))
    if (seen.outgoing && has(*seen.segment.flags, FIN)) one.fins.push_back(seen);
  auto path = lab.path(*one.host, one.tuple, one.since);
  if (one.fins.empty() || path.empty() || path.back().state != CLOSED)
    throw Unexpected(one.name + ": no FIN, or the socket is still there");
  for (size_t i = 0; i < one.fins.size(); ++i) {
    Time next = i + 1 < one.fins.size() ? one.fins[i + 1].time : path.back().time;
    one.waits.push_back(next - one.fins[i].time);
    lab.say(one.fins[i].id, fmt::format("waits {}", os::show(one.waits.back())));
  }
  one.in_all = path.back().time - one.fins.front().time;
  one.gone = path.back().id;
}

std::string show_waits(const Silent& one) {
  std::vector<std::string> texts;
  for (Duration wait : one.waits) texts.push_back(os::show(wait));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

LAB(fin_wait_1_eight_retries,
    {.name = "fin.wait-1-eight-retries",
     .story =
         "Kernels side by side close a connection each; the hand-made peer falls silent. Two have "
         "the default settings (one peer answers the handshake after 15 ms), the others "
         "tcp_orphan_retries 1 and 3.",
     .claims = {"fin.wait-1-eight-retries", "fin.wait-1-two-minutes"},
     .control = "tcp_orphan_retries = 1 and 3: that many repetitions, and gone within seconds",
     .needs = 120s}) {
  std::list<Silent> all = {{"default", ""}, {"far", "", 15ms}, {"one", "1"}, {"three", "3"}};
  for (Silent& one : all) close_to_silent_peer(lab, one);
  auto gone = [&] {
    bool none = true;
    for (Silent& one : all) none = none && one.host->state(one.tuple) == CLOSED;
    return none;
  };
  if (!lab.watch_until(gone, 130s, "FIN_WAIT_1 to end")) throw Unexpected("FIN_WAIT_1 is endless");
  for (Silent& one : all) measure(lab, one);
  const Silent& plain = all.front();
  Section::Evidence ids = {plain.gone};
  for (const Seen& fin : plain.fins) ids.push_back(fin.id);

  Section& eight = lab.section("the default settings: how often");
  eight.equal("repetitions of the FIN", plain.fins.size() - 1, 8u, ids);
  eight.states("the states from close() on", lab.path(*plain.host, plain.tuple, plain.since),
               {FIN_WAIT_1, CLOSED});
  Section& minutes = lab.section("the default settings: how long");
  const std::string whole = "a quarter off: the article tells whole seconds";
  auto wait = [&](size_t i) { return i < plain.waits.size() ? plain.waits[i] : 0s; };
  auto about = [&](const std::string& what, Duration got, Duration told) {
    minutes.within(what, got, told * 3 / 4, told * 5 / 4, whole, ids);
  };
  about("wait after the first FIN", wait(0), 2s);
  about("wait after the second", wait(1), 5s);
  about("wait after the third", wait(2), 10s);
  about("the last wait", plain.waits.back(), 55s);
  about("in all, until the socket is gone", plain.in_all, 120s);
  Section& far = lab.section("finding: the peer is 15 ms away");
  far.within("the last wait", all.begin()->waits.size() ? std::next(all.begin())->waits.back() : 0s,
             50s, 70s, "256 times a time-out of 215 ms; more when the handshake was later", {});

  Section& control = lab.control("tcp_orphan_retries = 1 and 3");
  for (Silent& one : all)
    if (!one.retries.empty()) {
      control.equal("tcp_orphan_retries = " + one.retries + ": repetitions of the FIN",
                    std::to_string(one.fins.size() - 1), one.retries,
                    {one.fins.front().id, one.fins.back().id, one.gone});
      control.is("tcp_orphan_retries = " + one.retries + ": in all", one.in_all < 30s, "below 30 s",
                 os::show(one.in_all), {one.gone});
    }
  lab.judge("fin.wait-1-eight-retries", eight, control)
      .because(fmt::format("the FIN was repeated {} times and the socket was gone after {}; with "
                           "tcp_orphan_retries = 1 and 3 it was repeated {} and {} times",
                           plain.fins.size() - 1, os::show(plain.in_all),
                           std::next(all.begin(), 2)->fins.size() - 1, all.back().fins.size() - 1));
  lab.judge("fin.wait-1-two-minutes", minutes, control)
      .because(
          fmt::format("the waits were {}, in all {}", show_waits(plain), os::show(plain.in_all)));
}
