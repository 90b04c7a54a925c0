// A FIN that nobody answers: every repetition on the wire, and the time from each to the next. The
// default for orphans: tcp_orphan_retries is 0, which tcp_orphan_retries() (net/ipv4/tcp_timer.c)
// reads as 8; retransmits_timed_out() makes a time of that, 2^9 - 1 times 200 ms. So there are
// eight time-outs, but kernels since 3.10 send a loss probe before the first (tcp_send_loss_probe
// in tcp_output.c): nine repetitions. Each wait is twice the one before: with a round trip of 15 ms
// the last is the article's 55 s, but no series that ends there can begin with 2, 5 and 10 s.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Silent {
  std::string name, setting{}, value{};
  Duration round_trip{};
  Tuple tuple{};
  Host* host = nullptr;
  Peer* peer = nullptr;
  EventId since = 0;
  std::vector<Seen> fins{};
  std::vector<Duration> waits{};  // after each FIN, the last one until the socket is gone
  Duration in_all{};
  EventId gone = 0;
  int timeouts = 0;  // as the kernel counts them
};

void make(Lab& lab, Silent& one) {
  one.host = &lab.host(one.name);
  if (!one.setting.empty()) one.host->set("net.ipv4." + one.setting, one.value);
  one.peer = &lab.peer(*one.host, "p-" + one.name);
}

void close_to_silent_peer(Lab& lab, Silent& one) {
  Socket& listener = lab.listener(*one.host);
  PeerConnection connection = one.peer->open(6000, one.host->at(5000));
  connection.send({.flags = SYN});
  if (!connection.expect({.flags = SYN | ACK})) throw Unexpected("no answer to the SYN");
  if (one.round_trip > 0s) lab.wait(one.round_trip, "a round trip");
  connection.send({});
  Socket socket = listener.accept();
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

size_t repeated(const Silent& one) {
  return one.fins.size() - 1;
}

std::string show_waits(const Silent& one) {
  std::vector<std::string> texts;
  for (Duration wait : one.waits) texts.push_back(os::show(wait));
  return fmt::format("{}", fmt::join(texts, ", "));
}

// The wait after each FIN.
Plot::Series series(const std::string& name, const Silent& one) {
  Plot::Series series{.name = name};
  for (Duration wait : one.waits)
    series.points.push_back({double(series.points.size() + 1), os::seconds(wait)});
  return series;
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
     .needs = 125s}) {
  Silent plain{"default"}, far{"far", "", "", 15ms}, no_probe{"no-probe", "tcp_early_retrans", "0"};
  Silent once{"one", "tcp_orphan_retries", "1"}, thrice{"three", "tcp_orphan_retries", "3"};
  const std::initializer_list<Silent*> all = {&plain, &far, &no_probe, &once, &thrice};
  for (Silent* one : all) make(lab, *one);
  for (Silent* one : all) close_to_silent_peer(lab, *one);
  auto gone = [&] {
    bool none = true;
    for (Silent* one : all) {
      auto socket = one->host->find(one->tuple);
      if (socket) one->timeouts = std::max<int>(one->timeouts, socket->retransmits);
      none = none && !socket;
    }
    return none;
  };
  if (!lab.watch_until(gone, 140s, "FIN_WAIT_1 to end")) throw Unexpected("FIN_WAIT_1 is endless");
  for (Silent* one : all) measure(lab, *one);
  Section::Evidence ids = {plain.gone};
  for (const Seen& fin : plain.fins) ids.push_back(fin.id);

  Section& eight = lab.section("the default settings: how often");
  eight.equal("repetitions of the FIN", repeated(plain), 8u, ids);
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
  Section& finding = lab.section("finding: what the number is made of");
  finding.equal("time-outs that the kernel counted (ss shows them)", plain.timeouts, 8,
                {plain.gone});
  finding.equal("without loss probes (tcp_early_retrans = 0): repetitions", repeated(no_probe), 8u,
                {no_probe.fins.back().id, no_probe.gone});
  finding.within("the peer 15 ms away: the last wait", far.waits.back(), 50s, 75s,
                 "256 times 215 ms, or more when the handshake took longer", {far.gone});

  Section& control = lab.control("tcp_orphan_retries = 1 and 3");
  for (Silent* one : {&once, &thrice}) {
    size_t retries = std::stoul(one->value);
    control.is(fmt::format("tcp_orphan_retries = {}: repetitions of the FIN", retries),
               repeated(*one) >= retries && repeated(*one) <= retries + 2,
               fmt::format("{}, or with a loss probe and one more while time is left {}", retries,
                           retries + 2),
               std::to_string(repeated(*one)),
               {one->fins.front().id, one->fins.back().id, one->gone});
    control.is(fmt::format("tcp_orphan_retries = {}: in all", retries), one->in_all < 30s,
               "below 30 s", os::show(one->in_all), {one->gone});
  }
  lab.plot({.title = "A FIN that nobody answers: how long the kernel waits after each",
            .note = "Times of the frames; after the last FIN, until the socket is gone. The first "
                    "repetition is a loss probe where those are on.",
            .x = {.label = "the FIN's number"},
            .y = {.label = "wait after it", .unit = "s", .log = true},
            .series = {series("default settings", plain),
                       series("the peer 15 ms away", far),
                       series("without loss probes", no_probe),
                       {"as the article has it", {{1, 2}, {2, 5}, {3, 10}}}},
            .marks = {{55, "the article's last wait"}}});
  lab.judge("fin.wait-1-eight-retries", eight, control)
      .because(fmt::format(
          "the FIN was repeated {} times, of which the kernel counts {} as time-outs; "
          "{} times without loss probes, {} and {} with tcp_orphan_retries 1 and 3",
          repeated(plain), plain.timeouts, repeated(no_probe), repeated(once), repeated(thrice)));
  lab.judge("fin.wait-1-two-minutes", minutes, control)
      .because(
          fmt::format("the waits were {}, in all {}", show_waits(plain), os::show(plain.in_all)));
}
