// A client that binds its source address (port 0) before it connects: do all destinations share one
// supply of ports, and has each its own with IP_BIND_ADDRESS_NO_PORT? Without the option bind must
// choose a port before it knows the destination, so one that nothing else uses; with it the choice
// is connect's, which looks at the whole tuple (inet_csk_get_port and __inet_hash_connect).

#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr unsigned kPorts = 8;
constexpr uint16_t kDestinations[] = {5000, 5001};

struct Filled {
  size_t connections = 0;
  Result last;  // the call that failed, or the last connect
  std::string text() const {
    return fmt::format("{} connections, then {} {}", connections, last.name,
                       net::errno_name(last.error));
  }
};

enum class Left { established, time_wait };

// Connects to one port of the server until a call fails, or one time more than there are ports.
Filled fill(Lab& lab, Lab::Kernels hosts, uint16_t port, bool no_port, Left left,
            std::vector<Connection>& kept) {
  Filled filled;
  Socket& listener = lab.listener(hosts.server, port);
  while (filled.connections <= kPorts) {
    Socket socket = hosts.client.socket();
    if (no_port) socket.need(socket.set_option(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
    filled.last = socket.bind(hosts.client.at(0));
    if (filled.last.ok()) filled.last = socket.connect(hosts.server.at(port));
    if (!filled.last.ok()) break;
    ++filled.connections;
    kept.push_back({std::move(socket), listener.accept()});
    if (left == Left::time_wait)
      lab.into_time_wait(hosts.client, kept.back().client, kept.back().server);
  }
  return filled;
}

// With a range of its own of so many ports: both destinations, one after the other.
std::vector<Filled> fill_both(Lab& lab, Lab::Kernels hosts, unsigned first, bool no_port, Left left,
                              std::vector<Connection>& kept) {
  hosts.client.set("net.ipv4.ip_local_port_range", fmt::format("{} {}", first, first + kPorts - 1));
  std::vector<Filled> filled;
  for (uint16_t port : kDestinations) filled.push_back(fill(lab, hosts, port, no_port, left, kept));
  return filled;
}

}  // namespace

LAB(beyond_bind_no_port,
    {.name = "beyond.bind-no-port",
     .story = "A client with a range of eight ports binds its address and connects to one port of "
              "a server until that fails, and then to another; once its connections stay open, "
              "once they are left in TIME_WAIT.",
     .claims = {"beyond.bind-no-port"},
     .control = "without the option the second destination gets no connection",
     .needs = 0s}) {
  auto hosts = lab.two_kernels();
  hosts.client.set("net.ipv4.tcp_tw_reuse", "0");
  std::vector<Connection> kept;

  Section& each = lab.section("with IP_BIND_ADDRESS_NO_PORT");
  Section& control = lab.control("without it");
  unsigned range = 40000;
  std::string reason;
  for (auto [words, left] :
       {std::pair{"ESTABLISHED: ", Left::established}, {"TIME_WAIT: ", Left::time_wait}}) {
    std::string what = words;
    auto with = fill_both(lab, hosts, range, true, left, kept);
    auto without = fill_both(lab, hosts, range + 100, false, left, kept);
    range += 200;
    each.equal(what + "one destination", with[0].text(),
               fmt::format("{} connections, then connect EADDRNOTAVAIL", kPorts),
               {with[0].last.id});
    each.equal(what + "then another", with[1].text(),
               fmt::format("{} connections, then connect EADDRNOTAVAIL", kPorts),
               {with[1].last.id});
    control.equal(what + "one destination", without[0].text(),
                  fmt::format("{} connections, then bind EADDRINUSE", kPorts),
                  {without[0].last.id});
    control.equal(what + "then another", without[1].text(), "0 connections, then bind EADDRINUSE",
                  {without[1].last.id});
    reason = fmt::format(
        "with {} ports two destinations got {} and {} connections; without the "
        "option {} and {}",
        kPorts, with[0].connections, with[1].connections, without[0].connections,
        without[1].connections);
  }
  lab.judge("beyond.bind-no-port", each, control).because(reason);
}
