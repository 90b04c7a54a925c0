// The article did not find the setting that controls how often and how long an unanswered FIN is
// repeated. Every sysctl that has to do with repeating, time-outs or closing is changed here, one
// on each host. tcp_write_timeout (net/ipv4/tcp_timer.c) asks tcp_orphan_retries, and what a
// time-out is; tcp_retries2 counts only while a process still has the socket. tcp_max_orphans acts
// on the whole machine and no namespace has it: not tried.

#include "lab/lab.h"
using namespace twlab;

namespace {

struct Trial {
  std::string setting, value;
  Host* host = nullptr;
  Peer* peer = nullptr;
  int user_timeout = 0;  // ms
  Tuple tuple{};
  EventId since = 0, end = 0;
  size_t repeated = 0;
  Duration in_all{};
  std::vector<EventId> frames{};

  std::string show() const {
    return fmt::format("{} times, gone after {}", repeated, os::show(in_all));
  }
};

const std::pair<const char*, const char*> kCandidates[] = {
    {"tcp_orphan_retries", "2"},
    {"tcp_retries1", "1"},
    {"tcp_retries2", "3"},
    {"tcp_fin_timeout", "5"},
    {"tcp_syn_retries", "1"},
    {"tcp_synack_retries", "1"},
    {"tcp_keepalive_time", "2"},
    {"tcp_keepalive_intvl", "1"},
    {"tcp_keepalive_probes", "1"},
    {"tcp_rto_min_us", "100000"},
    {"tcp_rto_max_ms", "2000"},
    {"tcp_syn_linear_timeouts", "8"},
    {"tcp_thin_linear_timeouts", "1"},
    {"tcp_early_retrans", "0"},
    {"tcp_frto", "0"},
    {"tcp_recovery", "0"},
    {"tcp_mtu_probing", "2"},
    {"tcp_timestamps", "0"},
    {"tcp_sack", "0"},
    {"tcp_max_tw_buckets", "0"},
    {"tcp_retrans_collapse", "0"},
    {"tcp_no_metrics_save", "0"},
};

void make(Lab& lab, Trial& trial, const std::string& name) {
  trial.host = &lab.host(name);
  trial.peer = &lab.peer(*trial.host, "p-" + name);
  lab.listener(*trial.host);
}

void close_to_silent_peer(Lab& lab, Trial& trial) {
  for (uint16_t attempt = 1;; ++attempt) {
    trial.peer->connect(6000 + attempt, trial.host->at(5000));
    Socket socket = lab.listener(*trial.host).accept();
    trial.tuple = socket.tuple();
    auto seen = lab.trace(*trial.host, trial.tuple);
    // The time-out depends on the round trip: on a busy machine, try again.
    Duration trip = first(seen, {.flags = ACK}).time - first(seen, {.flags = SYN | ACK}).time;
    bool good = trip < 5ms || attempt == 50;
    if (!good) socket.set_linger(true, 0);
    if (trial.user_timeout)
      socket.need(socket.set_option(IPPROTO_TCP, TCP_USER_TIMEOUT, trial.user_timeout));
    trial.since = lab.mark();
    socket.close();
    if (good) return;
    lab.wait(50ms, "a quieter moment");
  }
}

void measure(Lab& lab, Trial& trial) {
  for (const Seen& seen : lab.trace(*trial.host, trial.tuple, trial.since))
    if (seen.outgoing && has(*seen.segment.flags, FIN)) trial.frames.push_back(seen.id);
  auto path = lab.path(*trial.host, trial.tuple, trial.since);
  if (trial.frames.empty() || path.size() < 2 || path.back().state != CLOSED)
    throw Unexpected(trial.setting + ": no FIN, or the socket is still there");
  trial.repeated = trial.frames.size() - 1;
  trial.in_all = path.back().time - path.front().time;
  trial.frames.push_back(path.back().id);
}

}  // namespace

LAB(fin_wait_1_tunable,
    {.name = "fin.wait-1-tunable",
     .story =
         "Many kernels side by side, each with another sysctl changed, close a connection to a "
         "hand-made peer that falls silent: how often each repeats its FIN, and when it gives up.",
     .claims = {"fin.wait-1-tunable"},
     .control = "two kernels with the default settings: no difference between them",
     .needs = 125s}) {
  std::list<Trial> defaults(2), trials;
  Trial option{"TCP_USER_TIMEOUT", "3000 ms"};
  option.user_timeout = 3000;
  make(lab, option, "option");
  make(lab, defaults.front(), "default-1");
  make(lab, defaults.back(), "default-2");
  for (auto [setting, value] : kCandidates) {
    auto name = std::string("net.ipv4.") + setting;
    if (!defaults.front().host->has(name)) continue;
    trials.push_back({setting, value});
    make(lab, trials.back(), fmt::format("trial-{}", trials.size()));
    trials.back().host->set(name, value);
  }
  std::vector<Trial*> all = {&option};
  for (auto* list : {&defaults, &trials})
    for (Trial& trial : *list) all.push_back(&trial);
  for (Trial* trial : all) close_to_silent_peer(lab, *trial);
  auto gone = [&] {
    bool none = true;
    for (Trial* trial : all) none = none && trial->host->state(trial->tuple) == CLOSED;
    return none;
  };
  if (!lab.watch_until(gone, 140s, "FIN_WAIT_1 to end")) throw Unexpected("FIN_WAIT_1 is endless");
  for (Trial* trial : all) measure(lab, *trial);

  const Trial& plain = defaults.front();
  auto as_by_default = [&](const Trial& trial) {
    return trial.repeated == plain.repeated && trial.in_all < plain.in_all * 3 / 2 &&
           trial.in_all > plain.in_all * 2 / 3;
  };
  auto check = [&](Section& section, const std::string& what, const Trial& trial) {
    return section.is(what, as_by_default(trial),
                      fmt::format("as by default: {} times, two thirds to one and a half of {}",
                                  plain.repeated, os::show(plain.in_all)),
                      trial.show(), trial.frames);
  };
  Section& none = lab.section("one setting changed");
  std::string found;
  for (Trial& trial : trials)
    if (!check(none, trial.setting + " = " + trial.value, trial))
      found += fmt::format("; {} = {}: {}", trial.setting, trial.value, trial.show());
  Section& control = lab.control("nothing changed, on another host");
  check(control, "the default settings again", defaults.back());
  Section& finding = lab.section("finding: an option of the socket does it too");
  finding.is("TCP_USER_TIMEOUT = 3 s", !as_by_default(option), "not as by default", option.show(),
             option.frames);
  lab.judge("fin.wait-1-tunable", none, control)
      .because(
          fmt::format("by default the FIN is repeated {}; of {} settings tried these change that: "
                      "{}",
                      plain.show(), trials.size(), found.empty() ? "none" : found.substr(2)));
}
