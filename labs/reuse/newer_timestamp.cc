// Whether a client's TIME_WAIT is reused as soon as, and only when, the new timestamp is newer than
// the old connection's last one. In Linux it is neither: tcp_twsk_unique() asks whether the old
// connection had timestamps and whether a second has passed, and looks at no timestamp.
#include "lab/lab.h"
using namespace twlab;

namespace {

// An old connection of the client's only local port.
struct Old {
  Tuple tuple;
  Seen last;  // its last segment, at the client's end
};

Old close_one(Lab& lab, Host& client, Host& server, uint16_t port, const char* timestamps) {
  client.set("net.ipv4.tcp_timestamps", timestamps);
  auto connection = lab.connect(client, server, port);
  Tuple tuple = lab.into_time_wait(client, connection.client, connection.server);
  return {tuple, lab.trace(client, tuple).back()};
}

Result connect_again(Host& client, const Old& old) {
  Socket socket = client.socket();
  Result result = socket.connect(old.tuple.remote);
  if (!result.ok() && result.error != EADDRNOTAVAIL) throw Unexpected(net::show(result));
  return result;
}

// The SYN of a connect to this port, on which nobody listens. Its timestamp is the clock.
Seen probe(Lab& lab, Host& client, const Endpoint& closed, const char* timestamps) {
  client.set("net.ipv4.tcp_timestamps", timestamps);
  EventId mark = lab.mark();
  Socket socket = client.socket();
  socket.connect(closed);
  return first(lab.trace(client, mark), {.destination = closed.port, .flags = SYN});
}

int32_t newer(const Seen& a, const Seen& b) {
  return int32_t(a.segment.tsval.value() - b.segment.tsval.value());
}

}  // namespace

LAB(reuse_newer_timestamp,
    {.name = "reuse.newer-timestamp",
     .story = "A client whose only local port is in TIME_WAIT tries to connect again every 100 ms, "
              "with tcp_tw_reuse 1; then once with its timestamp clock turned back.",
     .claims = {"reuse.newer-timestamp"},
     .control = "without timestamps the attempt is still refused when seconds have passed",
     .needs = 10s}) {
  auto [client, server] = lab.two_kernels();
  client.set("net.ipv4.ip_local_port_range", "40000 40000");
  client.set("net.ipv4.tcp_tw_reuse", "1");
  // tcp_timestamps 1 adds a random offset to the clock, 2 does not: to change from the greater to
  // the lesser turns it back.
  bool offset_ahead =
      newer(probe(lab, client, server.at(5000), "1"), probe(lab, client, server.at(5000), "2")) > 0;
  const char* lesser = offset_ahead ? "2" : "1";
  Old greater = close_one(lab, client, server, 5000, offset_ahead ? "1" : "2");
  Old bare = close_one(lab, client, server, 5001, "0");
  Time made = os::now();

  // Twice: older kernels count whole seconds, and one may end just before the first attempt.
  Section& steps = lab.section("an attempt every 100 ms, the clock running on");
  std::string began;
  for (uint16_t round : {0, 1}) {
    Old old = close_one(lab, client, server, uint16_t(5010 + round), "2");
    Section::Evidence evidence{old.last.id};
    int refused = 0;
    int32_t ahead = 0;  // of the old connection's last timestamp, at the first attempt
    Result result;
    do {
      lab.wait(100ms, "the next attempt");
      if (ahead == 0) {
        Seen syn = probe(lab, client, server.at(4999), "2");
        ahead = newer(syn, old.last);
        if (ahead <= 0) throw Unexpected("the timestamp clock does not run on");
        evidence.push_back(syn.id);
      }
      result = connect_again(client, old);
      if (refused == 0) evidence.push_back(result.id);
      refused += !result.ok();
    } while (!result.ok() && result.begin < old.last.time + 4s);
    evidence.push_back(result.id);
    std::string after = result.ok() ? os::show(result.begin - old.last.time) : "never";
    began += fmt::format("{}{}", round ? " and " : "", after);
    steps.is(fmt::format("the first attempt, its timestamp newer by {}", ahead), refused == 0,
             "connected", fmt::format("{} refused; connected after {}", refused, after), evidence);
  }

  lab.wait(std::max(Duration(0), made + 2100ms - os::now()), "whole seconds to pass");
  Section& back = lab.section("the clock turned back");
  client.set("net.ipv4.tcp_timestamps", lesser);
  EventId mark = lab.mark();
  Result result = connect_again(client, greater);
  Section::Evidence evidence{greater.last.id, result.id};
  std::string older = "older";
  if (result.ok()) {
    Seen syn = first(lab.trace(client, greater.tuple, mark), {.flags = SYN});
    evidence.push_back(syn.id);
    older += fmt::format(" by {}", -int64_t(newer(syn, greater.last)));
    if (newer(syn, greater.last) >= 0)
      back.unclear("the timestamp", "older", "not older: this kernel adds no offset", evidence);
  }
  back.equal("connect, its timestamp " + older, net::errno_name(result.error), "EADDRNOTAVAIL",
             evidence);

  Section& control = lab.control("no timestamps");
  client.set("net.ipv4.tcp_timestamps", "0");
  Result without = connect_again(client, bare);
  control.equal("connect", net::errno_name(without.error), "EADDRNOTAVAIL",
                {bare.last.id, without.id});

  lab.judge("reuse.newer-timestamp", {&steps, &back}, control)
      .because(fmt::format("attempts every 100 ms, their timestamps ever newer, connect {} after "
                           "the last ACK; after that one with a timestamp {} {}",
                           began, older, result.ok() ? "connects" : "is refused"));
}
