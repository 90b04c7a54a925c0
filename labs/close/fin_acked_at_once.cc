// The peer's kernel acknowledges the first FIN without its application, but not at once: tcp_fin()
// enters "pingpong" mode, which switches quick acknowledgements off, also those that TCP_QUICKACK
// asked for, so that tcp_send_delayed_ack() starts the delayed-ACK timer: of a tick or two when no
// data has come before, of TCP_ATO_MIN (40 ms) when some has. The kernel hopes that the application
// closes soon and the ACK can ride on its FIN. Only a route with `quickack 1` overrides this
// (tcp_in_quickack_mode()). The second FIN is acknowledged while it is handled.
//
// "At once" is read as a delay, which decides: the ACK waits for nothing. That it does not wait for
// the application is the other thing that the article may mean: a finding.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr size_t kCloses = 40;
const std::string kData(26, '.');

// From each FIN that came to a host to the first segment of the host that acknowledges it.
struct Delays {
  std::vector<Duration> sorted;
  Section::Evidence evidence;
  Duration median() const { return sorted.empty() ? 2s : sorted[sorted.size() / 2]; }
};

Delays delays(Lab& lab, Host& host, const std::vector<Tuple>& tuples, EventId since) {
  Delays result;
  for (const Tuple& tuple : tuples) {
    auto trace = lab.trace(host, tuple, since);
    const Seen& fin = first(trace, {.source = tuple.remote.port, .flags = FIN | ACK});
    uint32_t next = *fin.segment.seq + wire::sequence_length(fin.segment);
    Segment acknowledgment{.source = tuple.local.port, .ack = next};
    result.evidence.push_back(fin.id);
    if (count(trace, acknowledgment) == 0) continue;
    const Seen& ack = first(trace, acknowledgment);
    result.evidence.push_back(ack.id);
    result.sorted.push_back(ack.time - fin.time);
  }
  std::sort(result.sorted.begin(), result.sorted.end());
  return result;
}

// Waits for all of them, but no longer than 2 s: what is missing then is not acknowledged.
void await_all(Lab& lab, Host& host, const std::vector<Tuple>& tuples, net::TcpState state) {
  auto there = [&](const Tuple& tuple) { return host.state(tuple) == state; };
  lab.until([&] { return std::all_of(tuples.begin(), tuples.end(), there); }, 2s);
}

void check(Section& section, const Delays& got, int64_t by_timer) {
  section.equal("FINs acknowledged without a call of the application", got.sorted.size(), kCloses,
                got.evidence);
  section.equal("ACKs sent by the delayed-ACK timer (TcpExt.DelayedACKs)", by_timer, 0);
  section.within(
      "median delay from FIN to ACK", got.median(), 0s, 1ms,
      "what is sent while a segment is handled takes microseconds; a timer ends on a tick, "
      "and these are 1 to 10 ms apart",
      got.evidence);
}

enum class Before { nothing, acknowledged, in_flight, quickack };

struct Closes {
  Section& section;
  Process& process;  // has the server's sockets
  std::vector<Tuple> clients;
  Delays delays{};
};

// 40 clients close; checks how the server's kernel acknowledges their FINs.
Closes close_all(Lab& lab, Lab::RelayedKernels hosts, uint16_t port, Before before,
                 const std::string& title) {
  Section& section = lab.section(title);
  std::vector<Connection> connections;
  for (size_t i = 0; i < kCloses; ++i) {
    auto& [client, server] =
        connections.emplace_back(lab.connect(hosts.client, hosts.server, port));
    if (before == Before::nothing || before == Before::in_flight) continue;
    client.need(client.send(kData));
    server.recv();
    if (before == Before::quickack) server.need(server.set_option(IPPROTO_TCP, TCP_QUICKACK, 1));
  }
  std::vector<Socket*> sockets;
  sockets.reserve(connections.size());
  for (Connection& connection : connections) sockets.push_back(&connection.server);
  Closes closes{section, lab.process(hosts.server, sockets), {}};

  EventId mark = lab.mark();
  int64_t timers = hosts.server.counter("TcpExt.DelayedACKs");
  for (auto& [client, server] : connections) {
    auto held = hosts.relay.hold(hosts.from_client, {.destination = port}, Relay::always);
    if (before == Before::in_flight) client.need(client.send(kData));
    client.close();
    lab.collect();
    hosts.relay.release(held);
    hosts.relay.cancel(held);
    closes.clients.push_back(client.tuple());
  }
  await_all(lab, hosts.client, closes.clients, FIN_WAIT_2);
  std::vector<Tuple> servers;
  for (const Tuple& client : closes.clients) servers.push_back(client.reversed());
  Delays got = delays(lab, hosts.server, servers, mark);
  check(section, got, hosts.server.counter("TcpExt.DelayedACKs") - timers);
  closes.delays = std::move(got);
  return closes;
}

}  // namespace

LAB(close_fin_acked_at_once,
    {.name = "close.fin-acked-at-once",
     .story =
         "Two kernels with a relay between them. 40 clients close; the server's sockets belong to "
         "a process that does nothing. The time from FIN to ACK is taken at the server's end: "
         "with nothing sent before, with 26 octets acknowledged before, with 26 octets in flight "
         "before the FIN, and with TCP_QUICKACK on.",
     .claims = {"close.fin-acked-at-once"},
     .control = "the second FINs, when the process ends: acknowledged in microseconds, by no timer",
     .needs = 1s}) {
  auto hosts = lab.two_kernels_relayed();
  hosts.client.set("net.ipv4.tcp_early_retrans", "0");  // a probe would be another FIN
  Closes idle = close_all(lab, hosts, 5000, Before::nothing, "nothing sent before the FIN");
  Closes after =
      close_all(lab, hosts, 5001, Before::acknowledged, "26 octets acknowledged before it");
  Closes flight = close_all(lab, hosts, 5002, Before::in_flight, "26 octets in flight before it");
  Closes quick =
      close_all(lab, hosts, 5003, Before::quickack, "26 octets before it, TCP_QUICKACK on");

  Section& second = lab.control("the second FINs, sent when the process ends");
  EventId mark = lab.mark();
  int64_t timers = hosts.client.counter("TcpExt.DelayedACKs");
  idle.process.kill();
  await_all(lab, hosts.client, idle.clients, TIME_WAIT);
  Delays got = delays(lab, hosts.client, idle.clients, mark);
  check(second, got, hosts.client.counter("TcpExt.DelayedACKs") - timers);

  Section& alone = lab.section("finding: read as 'without waiting for the application'");
  size_t acknowledged = 0;
  Duration longest{};
  Section::Evidence evidence;
  for (const Closes* closes : {&idle, &after, &flight, &quick}) {
    acknowledged += closes->delays.sorted.size();
    if (!closes->delays.sorted.empty()) longest = std::max(longest, closes->delays.sorted.back());
    const Section::Evidence& ids = closes->delays.evidence;
    evidence.insert(evidence.end(), ids.begin(), ids.end());
  }
  alone.equal("first FINs acknowledged while the application did nothing", acknowledged,
              4 * kCloses, evidence);
  alone.within("the longest delay from FIN to ACK", longest, 0s, 200ms,
               "before the first time-out after which the FIN would be repeated", evidence);

  lab.judge("close.fin-acked-at-once",
            {&idle.section, &after.section, &flight.section, &quick.section}, second)
      .because(
          fmt::format("read as a delay: the median took {} with nothing sent before, {} after 26 "
                      "octets, {} with these in flight, {} with TCP_QUICKACK; the second FINs took "
                      "{}. Without the application {} of {} were acknowledged",
                      os::show(idle.delays.median()), os::show(after.delays.median()),
                      os::show(flight.delays.median()), os::show(quick.delays.median()),
                      os::show(got.median()), acknowledged, 4 * kCloses));
}
