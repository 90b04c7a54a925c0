// Does SO_REUSEPORT let a server be started again beside its TIME_WAIT, as SO_REUSEADDR does? A
// TIME_WAIT remembers both options (tw_reuse, tw_reuseport) and bind wants the same one of both
// sockets (inet_bind_conflict in net/ipv4/inet_connection_sock.c).
#include "lab/lab.h"
using namespace twlab;

namespace {

using Options = std::vector<int>;

std::string show(const Options& options) {
  std::string text;
  for (int option : options)
    text += (text.empty() ? "" : " and ") +
            std::string(option == SO_REUSEPORT ? "SO_REUSEPORT" : "SO_REUSEADDR");
  return text.empty() ? "neither" : text;
}

// A server with `before` closes a connection first and ends; another with `after` is started.
std::string restart(Lab& lab, Lab::Kernels hosts, Section& section, uint16_t port,
                    const Options& before, const Options& after, bool wanted) {
  const Endpoint local{Address::any(lab.family()), port};
  Tuple left = lab.ended_server(hosts.client, hosts.server, local, before);
  Socket again = hosts.server.socket();
  Result bound = again.serve(local, after);
  std::string when = before == after ? fmt::format("with {}", show(before))
                                     : fmt::format("first {}, then {}", show(before), show(after));
  section.either("bind " + when, net::errno_name(bound.error), wanted ? "0" : "EADDRINUSE",
                 {wanted ? "EADDRINUSE" : "0"}, {bound.id});
  section.equal("TIME_WAIT meanwhile", net::name(hosts.server.state(left)), "TIME_WAIT",
                {bound.id});
  if (bound.ok()) {
    Socket next = hosts.client.socket();
    Result connected = next.connect(hosts.server.at(port));
    section.equal("a client connects", net::errno_name(connected.error), "0", {connected.id});
  }
  return fmt::format("{}: {}", when, bound.ok() ? "binds" : net::errno_name(bound.error));
}

}  // namespace

LAB(beyond_reuseport,
    {.name = "beyond.reuseport",
     .story = "Servers that closed a connection first end and are started again at once, with "
              "SO_REUSEPORT, with SO_REUSEADDR, with neither; and with one of them before and "
              "another after.",
     .claims = {"beyond.reuseport"},
     .control = "neither option: EADDRINUSE",
     .needs = 0s}) {
  Lab::Kernels hosts = lab.two_kernels();
  const Options neither, port{SO_REUSEPORT}, addr{SO_REUSEADDR}, both{SO_REUSEADDR, SO_REUSEPORT};

  Section& with = lab.section("SO_REUSEPORT, before and after");
  std::string reuseport = restart(lab, hosts, with, 5000, port, port, true);
  Section& as = lab.section("SO_REUSEADDR, before and after");
  restart(lab, hosts, as, 5001, addr, addr, true);
  Section& control = lab.control("neither");
  std::string none = restart(lab, hosts, control, 5002, neither, neither, false);

  Section& mixed = lab.section("finding: the options of the two servers differ");
  restart(lab, hosts, mixed, 5003, neither, port, false);
  restart(lab, hosts, mixed, 5004, port, neither, false);
  std::string to_addr = restart(lab, hosts, mixed, 5005, port, addr, false);
  restart(lab, hosts, mixed, 5006, addr, port, false);
  restart(lab, hosts, mixed, 5007, both, port, true);
  restart(lab, hosts, mixed, 5008, both, addr, true);

  lab.judge("beyond.reuseport", {&with, &as}, control)
      .because(fmt::format("{}; {}; {}", reuseport, none, to_addr));
}
