// Which of SO_REUSEADDR and tcp_tw_reuse lets a server be started again beside its TIME_WAIT? The
// setting is only read where a local port is looked for in connect (tcp_twsk_unique in
// net/ipv4/tcp_ipv4.c); bind compares sk_reuse of the new socket and of the one in TIME_WAIT
// (inet_bind_conflict in net/ipv4/inet_connection_sock.c), and wants it of both: a server that did
// not have the option when the connections were made cannot be restarted by adding it.
#include "lab/lab.h"
using namespace twlab;

namespace {

const std::vector<int> kWithout, kOption{SO_REUSEADDR};

Endpoint any(Host& host, uint16_t port) {
  return {Address::any(host.address().family), port};
}

// A server closes a connection first and ends; a TIME_WAIT is left.
Tuple run(Lab& lab, Lab::Kernels hosts, uint16_t port, bool reuseaddr) {
  return lab.ended_server(hosts.client, hosts.server, any(hosts.server, port),
                          reuseaddr ? kOption : kWithout);
}

// Is it started again while its TIME_WAIT is there, and does it serve? Returns whether bind worked.
bool restart(Section& section, Lab::Kernels hosts, const Tuple& left, bool reuseaddr,
             const std::string& when, bool wanted) {
  Socket listener = hosts.server.socket();
  Result bound = listener.serve(any(hosts.server, left.local.port), reuseaddr ? kOption : kWithout);
  section.either("bind " + when, net::errno_name(bound.error), wanted ? "0" : "EADDRINUSE",
                 {wanted ? "EADDRINUSE" : "0"}, {bound.id});
  section.equal("its TIME_WAIT meanwhile", net::name(hosts.server.state(left)), "TIME_WAIT");
  if (bound.ok() && wanted) {
    Socket socket = hosts.client.socket();
    Result connected = socket.connect(hosts.server.at(left.local.port));
    section.equal("a client connects", net::errno_name(connected.error), "0", {connected.id});
  }
  listener.close();
  return bound.ok();
}

// A connect that finds no local port but the one in TIME_WAIT.
Result reconnect(Host& from, const Endpoint& to) {
  Socket socket = from.socket();
  return socket.connect(to);
}

}  // namespace

LAB(reuse_not_for_bind,
    {.name = "reuse.not-for-bind",
     .story =
         "Servers that closed a connection first are started again: with neither, with "
         "SO_REUSEADDR, with tcp_tw_reuse=1, and with both. That the setting acts is seen from "
         "a connect of the same host.",
     .claims = {"reuse.not-for-bind", "reuse.so-reuseaddr-restarts"},
     .control = "SO_REUSEADDR added: binds; taken away: does not",
     .needs = 2s}) {
  Lab::Kernels hosts = lab.two_kernels();
  auto [client, server] = hosts;
  const std::string setting = "net.ipv4.tcp_tw_reuse";
  if (server.has(setting)) server.set(setting, "0");

  Section& with = lab.section("SO_REUSEADDR, on the listener before and on the one after");
  bool again = restart(with, hosts, run(lab, hosts, 5000, true), true, "at once", true);
  Section& neither = lab.control("neither");
  restart(neither, hosts, run(lab, hosts, 5001, false), false, "at once", false);
  Section& added = lab.section("finding: SO_REUSEADDR only on the one after");
  bool helps = restart(added, hosts, run(lab, hosts, 5002, false), true, "at once", true);
  // Read as an option that the server's program sets whenever it starts.
  lab.judge("reuse.so-reuseaddr-restarts", with, neither)
      .because(fmt::format(
          "read as an option that the server always sets: with it bind {} at once; set only on the "
          "one after, it {}",
          again ? "succeeds" : "fails", helps ? "helps as well" : "does not help"));

  if (!server.has(setting))
    throw NotMeasurable(setting + " belongs to the whole machine; a kernel of our own is needed");
  Tuple plain = run(lab, hosts, 5003, false), both = run(lab, hosts, 5004, true);
  // A TIME_WAIT of the server's host that connect can take over, since it is its client's.
  server.set("net.ipv4.ip_local_port_range", "40000 40000");
  Connection own = lab.connect(server, client, 6000);
  lab.into_time_wait(server, own.client, own.server);
  server.set(setting, "1");
  Section& setting_only = lab.section("tcp_tw_reuse=1 without SO_REUSEADDR");
  restart(setting_only, hosts, plain, false, "at once", false);
  lab.wait(1200ms, "TIME_WAIT to be over a second old, as tcp_tw_reuse wants it");
  restart(setting_only, hosts, plain, false, "after 1.2 s", false);

  Section& control = lab.control("tcp_tw_reuse=1 with SO_REUSEADDR, and what the setting does");
  restart(control, hosts, both, true, "after 1.2 s", true);
  server.set(setting, "0");
  Result off = reconnect(server, client.at(6000));
  control.equal("connect from the only port, tcp_tw_reuse=0", net::errno_name(off.error),
                "EADDRNOTAVAIL", {off.id});
  server.set(setting, "1");
  Result on = reconnect(server, client.at(6000));
  control.equal("connect from the only port, tcp_tw_reuse=1", net::errno_name(on.error), "0",
                {on.id});
  lab.judge("reuse.not-for-bind", setting_only, control);
}
