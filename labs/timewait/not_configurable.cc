// No setting changes how long TIME_WAIT lasts: every sysctl net.ipv4.tcp_* and net.ipv4.ip_* that
// can be written in a namespace is changed, each in a namespace of its own, all at once, and
// TIME_WAIT is timed in each. The kernel's length is a constant (TCP_TIMEWAIT_LEN,
// include/net/tcp.h).
//
// tcp_max_tw_buckets is the control: at 0 no socket may enter the state at all (inet_twsk_alloc),
// so it decides whether there is a TIME_WAIT and not how long one lasts, and the sweep has to
// notice.
#include "lab/lab.h"
using namespace twlab;

namespace {

// 60 s, and what the timer wheel may be late: up to 4 s on some kernels.
constexpr Duration kLeast = 59s, kMost = 65s;
constexpr const char* kUsual = "59 to 65 s (60 s and the slack of the timer wheel)";

struct Trial {
  std::string setting;  // "net.ipv4.tcp_sack = 0"
  Host* host = nullptr;
  Tuple tuple{};
  Time began{};
  Duration lasted{};
  bool over = false;
};

bool usual(const Trial& trial) {
  return trial.over && trial.lasted >= kLeast && trial.lasted <= kMost;
}

std::string show(const Trial& trial) {
  if (!trial.over) return "still there after 70 s";
  return trial.lasted == 0s ? "no TIME_WAIT at all" : os::show(trial.lasted);
}

// Other values to try: for each number 0 and about twice as much, for names another name.
std::vector<std::string> alternatives(const std::string& name, const std::string& value) {
  if (name.ends_with("congestion_control")) return {"cubic", "bbr"};
  if (name.ends_with("fastopen_key")) return {"11111111-22222222-33333333-44444444"};
  if (name.ends_with("reserved_ports")) return {"40000-40010"};
  if (value.find_first_not_of("0123456789 -") != std::string::npos) return {};
  std::vector<std::string> others{"", ""};
  std::istringstream numbers(value);
  for (int64_t number; numbers >> number;) {
    others[0] += fmt::format("{}{}", others[0].empty() ? "" : " ", number / 2);
    others[1] += fmt::format("{}{}", others[1].empty() ? "" : " ", number * 2 + 1);
  }
  if (others[0].find(' ') == std::string::npos) others[0] = "0";
  if (value == "0") others.erase(others.begin());
  if (value == "1") others.pop_back();
  return others;
}

// A connection within the host, over its loopback interface, left in TIME_WAIT.
void leave_in_time_wait(Lab& lab, Trial& trial) {
  Address loopback = Address::parse(lab.family() == Family::inet ? "127.0.0.1" : "::1");
  Socket listener = trial.host->socket();
  listener.need(listener.bind({loopback, 5000}));
  listener.need(listener.listen(1));
  Socket client = trial.host->socket();
  client.need(client.connect({loopback, 5000}));
  Socket server = listener.accept();
  trial.tuple = client.tuple();
  client.close();
  server.recv();
  lab.await_fin_acked(*trial.host, trial.tuple);
  trial.began = os::now();
  server.close();
  trial.over = !trial.host->find(trial.tuple);  // where the state is not entered at all
}

}  // namespace

LAB(timewait_not_configurable,
    {.name = "timewait.not-configurable",
     .story =
         "One namespace for every other value of every writable net.ipv4.tcp_* and net.ipv4.ip_* "
         "sysctl. In each a connection over loopback is closed and its TIME_WAIT timed.",
     .claims = {"timewait.not-configurable"},
     .control = "tcp_max_tw_buckets = 0, which allows no TIME_WAIT: the sweep notices",
     .needs = 70s}) {
  std::list<Trial> trials;
  std::vector<std::string> refused;
  Host& first = lab.host("names");
  for (const std::string& name : os::writable_sysctls(first.ns(), "net.ipv4")) {
    if (!name.starts_with("net.ipv4.tcp_") && !name.starts_with("net.ipv4.ip_")) continue;
    if (name == "net.ipv4.tcp_max_tw_buckets") continue;
    size_t before = trials.size();
    for (const std::string& value : alternatives(name, first.get(name))) {
      Host& host = lab.host(fmt::format("{}={}", name.substr(9), value));
      try {
        host.set(name, value);
        trials.push_back({.setting = name + " = " + value, .host = &host});
      } catch (const std::system_error&) {
        continue;  // not a value that this kernel takes
      }
    }
    if (trials.size() == before) refused.push_back(name);
  }
  trials.push_back({.setting = "nothing", .host = &lab.host("untouched")});
  trials.push_back({.setting = "tcp_max_tw_buckets = 0", .host = &lab.host("no-buckets")});
  trials.back().host->set("net.ipv4.tcp_max_tw_buckets", "0");
  for (Trial& trial : trials) leave_in_time_wait(lab, trial);

  lab.wait(55s, fmt::format("TIME_WAIT to end in {} namespaces", trials.size()));
  auto look = [&] {
    for (Trial& trial : trials) {
      if (trial.over || trial.host->find(trial.tuple)) continue;
      trial.over = true;
      trial.lasted = os::now() - trial.began;
    }
    return std::all_of(trials.begin(), trials.end(), [](const Trial& t) { return t.over; });
  };
  lab.until(look, 15s, [] { return os::now() + 500ms; });

  Section& buckets = lab.control("tcp_max_tw_buckets = 0, which the sweep must notice");
  buckets.is("TIME_WAIT", !usual(trials.back()), "none, or of another length", show(trials.back()));
  trials.pop_back();

  Section& sweep = lab.section("each other setting changed");
  sweep.is("TIME_WAIT with nothing changed", usual(trials.back()), kUsual, show(trials.back()));
  trials.pop_back();
  std::vector<std::string> altered;
  for (const Trial& trial : trials)
    if (!usual(trial)) altered.push_back(trial.setting + ": " + show(trial));
  sweep.is(fmt::format("settings among {} values that altered it", trials.size()), altered.empty(),
           "none", altered.empty() ? "none" : fmt::format("{}", fmt::join(altered, "; ")));
  lab.note(Note::Kind::remark,
           fmt::format("no other value is accepted for: {}", fmt::join(refused, " ")));
  auto [least, most] =
      std::minmax_element(trials.begin(), trials.end(),
                          [](const Trial& a, const Trial& b) { return a.lasted < b.lasted; });
  lab.judge("timewait.not-configurable", sweep, buckets)
      .because(
          altered.empty()
              ? fmt::format(
                    "{} other values of the writable net.ipv4.tcp_* and ip_* settings "
                    "left it between {} and {}; only tcp_max_tw_buckets, at 0, does away with it",
                    trials.size(), os::show(least->lasted), os::show(most->lasted))
              : fmt::format("altered by {}", fmt::join(altered, "; ")));
}
