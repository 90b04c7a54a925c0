// Whether a client's TIME_WAIT is reused when one side has timestamps switched off. The
// switch is read as one that stays; what counts is what the old connection had, so that switching
// off later is a finding.
// tcp_twsk_unique() asks for tw_ts_recent_stamp, which the old connection has only when both sides
// used them.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Case {
  std::string name;
  uint16_t port;
  const char *client, *server;  // tcp_timestamps while the old connection lives
};

}  // namespace

LAB(reuse_both_sides_timestamps,
    {.name = "reuse.both-sides-timestamps",
     .story = "A client whose only local port is in TIME_WAIT connects again with tcp_tw_reuse 1; "
              "timestamps are switched off at the client, the server, both or neither.",
     .claims = {"reuse.both-sides-timestamps"},
     .control = "timestamps on at both sides: the port is reused",
     .needs = 2200ms}) {
  auto [client, server] = lab.two_kernels();
  client.set("net.ipv4.ip_local_port_range", "40000 40000");
  client.set("net.ipv4.tcp_tw_reuse", "1");
  const Case cases[] = {{"off at the client", 5000, "0", "1"},
                        {"off at the server", 5001, "1", "0"},
                        {"off at both", 5002, "0", "0"},
                        {"on at both", 5003, "1", "1"},
                        {"on at both, and off for the new one", 5004, "1", "1"}};
  auto set = [&, &client = client, &server = server](const char* at_client, const char* at_server) {
    client.set("net.ipv4.tcp_timestamps", at_client);
    server.set("net.ipv4.tcp_timestamps", at_server);
  };
  for (const Case& one : cases) {
    set(one.client, one.server);
    auto connection = lab.connect(client, server, one.port);
    lab.into_time_wait(client, connection.client, connection.server);
  }
  lab.wait(2100ms, "the first second of TIME_WAIT, by a clock of whole seconds, to pass");

  auto connect_again = [&, &client = client, &server = server](const Case& one) {
    Socket socket = client.socket();
    return socket.connect(server.at(one.port));
  };
  Section& off = lab.section("off at one side or both");
  for (const Case& one : {cases[0], cases[1], cases[2]}) {
    set(one.client, one.server);
    Result result = connect_again(one);
    off.equal("connect, " + one.name, net::errno_name(result.error), "EADDRNOTAVAIL", {result.id});
  }

  Section& both = lab.control("on at both sides");
  set("1", "1");
  Result reused = connect_again(cases[3]);
  both.equal("connect", net::errno_name(reused.error), "0", {reused.id});

  // The claim speaks of a setting that stays.
  Section& since = lab.section("finding: on at both while the old connection lived, off since");
  set("0", "0");
  Result later = connect_again(cases[4]);
  since.equal("connect", net::errno_name(later.error), "EADDRNOTAVAIL", {later.id});

  lab.judge("reuse.both-sides-timestamps", off, both)
      .because(fmt::format(
          "{} of 3 old connections without timestamps at one side or both were refused; one that "
          "had them {} after they were switched off at both sides",
          std::count_if(off.result().checks.begin(), off.result().checks.end(),
                        [](const Check& check) { return check.outcome == Outcome::holds; }),
          later.ok() ? "was still reused" : "was refused"));
}
