// Does a FIN_WAIT_1 that lasts mean that the peer's host does not answer, and FIN_WAIT_2 that its
// application does not close? First each cause, then each conclusion drawn backwards: an
// application that does not read closes the window, the FIN waits behind the data and the state is
// FIN_WAIT_1 although the peer's kernel answers every probe; a host that falls silent after its
// acknowledgment leaves FIN_WAIT_2 although its application closed.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr Duration kLong = 3s;

struct Ran {
  Tuple tuple;
  EventId since = 0;
  std::string state{};
  size_t answers = 0;  // segments from the peer's host since then
  Section::Evidence ids{};
};

struct Pair {
  Lab::RelayedKernels net;
  Connection connection;
  Ran ran;
};

Pair connected(Lab& lab, const std::string& name) {
  Host& client = lab.host(name);
  Host& server = lab.host(name + "-peer");
  // A small window, so that little data fills it.
  server.set("net.ipv4.tcp_rmem", "4096 8192 8192");
  auto net = lab.relay(client, server);
  auto connection = lab.connect(client, server);
  Tuple tuple = connection.client.tuple();
  return {net, std::move(connection), {tuple, lab.mark(name)}};
}

void look(Lab& lab, Pair& pair) {
  auto path = lab.path(pair.net.client, pair.ran.tuple, pair.ran.since);
  pair.ran.state = net::name(pair.net.client.state(pair.ran.tuple));
  if (!path.empty()) pair.ran.ids.push_back(path.back().id);
  for (const Seen& seen : lab.trace(pair.net.client, pair.ran.tuple, pair.ran.since))
    if (!seen.outgoing) {
      ++pair.ran.answers;
      pair.ran.ids.push_back(seen.id);
    }
}

}  // namespace

LAB(fin_wait_1_peer_host,
    {.name = "fin.wait-1-peer-host",
     .story =
         "Five pairs of kernels with the harness between them, in which the client closes: the "
         "peer's host is silent; its application does not close; its application does not read; "
         "it closes, but its host falls silent first; nothing is wrong.",
     .claims = {"fin.wait-1-peer-host"},
     .control = "host and application both do their part: neither state lasts",
     .needs = 4s}) {
  Pair host_silent = connected(lab, "host"), not_closed = connected(lab, "open"),
       not_read = connected(lab, "unread"), falls_silent = connected(lab, "late"),
       well = connected(lab, "well");

  auto& silent = host_silent.net;
  silent.relay.drop(silent.from_server, {}, Relay::always);
  for (Pair* pair : {&host_silent, &not_closed, &falls_silent, &well})
    pair->connection.client.close();
  lab.await_state(falls_silent.net.client, falls_silent.ran.tuple, FIN_WAIT_2);
  falls_silent.net.relay.drop(falls_silent.net.from_server, {}, Relay::always);
  for (Pair* pair : {&falls_silent, &well}) {
    pair->connection.server.recv();  // EOF
    lab.await_fin_acked(pair->net.client, pair->ran.tuple);
    pair->connection.server.close();
  }
  Result sent = not_read.connection.client.send(std::string(16384, 'x'));
  not_read.connection.client.need(sent);
  not_read.connection.client.close();
  not_read.ran.since = lab.mark("closed");
  lab.wait(kLong, "FIN_WAIT_1 or FIN_WAIT_2 to last");
  for (Pair* pair : {&host_silent, &not_closed, &not_read, &falls_silent, &well}) look(lab, *pair);

  auto after = fmt::format(": the state {} after close()", os::show(kLong));
  Section& causes = lab.section("what each cause leads to");
  causes.equal("the peer's host is silent" + after, host_silent.ran.state, "FIN_WAIT_1",
               host_silent.ran.ids);
  causes.equal("its application does not close" + after, not_closed.ran.state, "FIN_WAIT_2",
               not_closed.ran.ids);
  Section& means = lab.section("what each state means");
  auto same = [](const std::string& state, const Ran& ran) {
    return ran.state == state ? "the same state, " + state : ran.state;
  };
  means.is(
      "FIN_WAIT_1 means that the peer's host is silent: the state when it answers, and only its "
      "application does not read",
      not_read.ran.state != "FIN_WAIT_1" || not_read.ran.answers == 0, "another state",
      fmt::format("{}, in which {} segments came from it", same("FIN_WAIT_1", not_read.ran),
                  not_read.ran.answers),
      not_read.ran.ids);
  means.is(
      "FIN_WAIT_2 means that its application does not close: the state when that closed, and "
      "the host fell silent",
      falls_silent.ran.state != "FIN_WAIT_2", "another state", same("FIN_WAIT_2", falls_silent.ran),
      falls_silent.ran.ids);
  Section& control = lab.control("the host answers, the application reads and closes");
  control.equal("nothing is wrong" + after, well.ran.state, "TIME_WAIT", well.ran.ids);

  lab.judge("fin.wait-1-peer-host", {&causes, &means}, control)
      .because(fmt::format(
          "a silent host leaves {} and an application that does not close {}; but one "
          "that does not read leaves {} while its host answers, and a host that falls "
          "silent later {}",
          host_silent.ran.state, not_closed.ran.state, not_read.ran.state, falls_silent.ran.state));
}
