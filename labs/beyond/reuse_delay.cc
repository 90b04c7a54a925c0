// Does tcp_tw_reuse_delay (milliseconds, 1000 by default) say how old a TIME_WAIT must be before
// tcp_tw_reuse takes it over? tcp_twsk_unique() in net/ipv4/tcp_ipv4.c compares it with the time
// since the socket entered the state.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr const char* kDelay = "net.ipv4.tcp_tw_reuse_delay";
// The clock that is compared counts milliseconds, and entering comes a little before the last ACK.
constexpr Duration kSlack = 20ms;

// When connecting again began to work, in time since the last ACK.
struct Limit {
  Duration refused{};  // the last attempt that was refused
  Duration taken{};    // the first that was not; 0: none within the time
  Section::Evidence evidence;
};

// A client whose only port is in TIME_WAIT tries again and again.
Limit attempts(Lab& lab, Lab::Kernels hosts, uint16_t port, Duration most) {
  Connection old = lab.connect(hosts.client, hosts.server, port);
  Tuple tuple = lab.into_time_wait(hosts.client, old.client, old.server);
  Seen last = lab.trace(hosts.client, tuple).back();
  lab.say(last.id, "the last ACK: TIME_WAIT begins");
  Limit limit;
  EventId refused = 0;
  while (os::now() < last.time + most) {
    Socket socket = hosts.client.socket();
    Result result = socket.connect(hosts.server.at(port));
    if (!result.ok() && result.error != EADDRNOTAVAIL) throw Unexpected(net::show(result));
    if (result.ok()) {
      Seen syn = first(lab.trace(hosts.client, tuple, last.id), {.flags = SYN});
      limit.taken = syn.time - last.time;
      limit.evidence = {last.id, refused, syn.id};
      return limit;
    }
    limit.refused = result.begin - last.time;
    refused = result.id;
    lab.wait(25ms, "the next attempt");
  }
  limit.evidence = {last.id, refused};
  return limit;
}

std::string show(const Limit& limit) {
  return fmt::format("refused until {}, {}", os::show(limit.refused),
                     limit.taken > 0ms ? "connected after " + os::show(limit.taken)
                                       : std::string("never connected"));
}

// The limit lies where the setting says. Returns what was measured, in words.
std::string measure(Lab& lab, Lab::Kernels hosts, Section& section, uint16_t port, Duration delay) {
  std::string value = std::to_string(delay / 1ms);
  hosts.client.set(kDelay, value);
  Limit limit;
  // On a machine that is busy an attempt may come late, and the two be too far apart to say
  // anything.
  for (uint16_t i = 0; i < 4; ++i) {
    limit = attempts(lab, hosts, uint16_t(port + i), delay + 4s);
    if (limit.taken == 0ms || limit.taken - limit.refused < 200ms) break;
  }
  std::string what = fmt::format("attempts every 25 ms, {}={}", kDelay, value);
  std::string wanted = fmt::format("refused until {0}, then connected", os::show(delay));
  if (limit.taken - limit.refused >= 200ms)
    section.unclear(what, wanted, show(limit), limit.evidence);
  else
    section.is(
        what, limit.taken > 0ms && limit.refused <= delay + kSlack && limit.taken >= delay - kSlack,
        wanted + " (20 ms slack)", show(limit), limit.evidence);
  return value + " ms: " + show(limit);
}

}  // namespace

LAB(beyond_reuse_delay,
    {.name = "beyond.reuse-delay",
     .story = "A client whose only local port is in TIME_WAIT tries to connect again every 25 ms, "
              "with tcp_tw_reuse 1 and tcp_tw_reuse_delay 300, 1000 and 2500.",
     .claims = {"beyond.reuse-delay"},
     .control = "1000, the default: a second; and tcp_tw_reuse 0: never, whatever the delay",
     .needs = 9s}) {
  auto hosts = lab.two_kernels();
  if (!hosts.client.has(kDelay))
    throw FeatureAbsent(fmt::format("{} does not exist in this kernel", kDelay));
  hosts.client.set("net.ipv4.ip_local_port_range", "40000 40000");
  hosts.client.set("net.ipv4.tcp_tw_reuse", "1");

  Section& moved = lab.section("300 and 2500 ms");
  std::string sooner = measure(lab, hosts, moved, 5000, 300ms);
  std::string later = measure(lab, hosts, moved, 5100, 2500ms);

  Section& control = lab.control("1000 ms; and tcp_tw_reuse 0");
  std::string usual = measure(lab, hosts, control, 5200, 1s);
  hosts.client.set(kDelay, "300");
  hosts.client.set("net.ipv4.tcp_tw_reuse", "0");
  Limit never = attempts(lab, hosts, 5300, 1500ms);
  control.is("attempts for 1.5 s with 300 ms and tcp_tw_reuse 0", never.taken == 0ms,
             "never connected", show(never), never.evidence);

  lab.judge("beyond.reuse-delay", moved, control)
      .because(fmt::format("{}; {}; {}", sooner, usual, later));
}
