// Which local port the connection takes that follows one in TIME_WAIT. Linux goes up in steps of 2,
// a random number of them (__inet_hash_connect()), and begins for each destination elsewhere.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr int kConnections = 25;
constexpr int kRange = 60999 - 32768 + 1;  // of local ports, as every host has it pinned

// Connects and closes first, again and again; the local ports as they stand in the SYNs.
std::vector<int> ports(Lab& lab, Lab::Kernels hosts, uint16_t server_port, uint16_t bind_from,
                       Section::Evidence& evidence) {
  auto [client, server] = hosts;
  Socket& listener = lab.listener(server, server_port);
  std::vector<int> ports;
  EventId mark = lab.mark();
  for (int i = 0; i < kConnections; ++i) {
    Socket socket = client.socket();
    if (bind_from) socket.need(socket.bind(client.at(uint16_t(bind_from + i))));
    socket.need(socket.connect(server.at(server_port)));
    Socket accepted = listener.accept();
    lab.into_time_wait(client, socket, accepted);
  }
  for (const Seen& seen : lab.trace(client, mark)) {
    if (*seen.segment.flags != SYN) continue;
    ports.push_back(*seen.segment.source);
    evidence.push_back(seen.id);
  }
  return ports;
}

// "+1: 30 times, +2: 9 times", going round at the end of the range.
std::string steps(const std::vector<int>& ports) {
  std::map<int, int> times;
  for (size_t i = 1; i < ports.size(); ++i) {
    int step = ports[i] - ports[i - 1];
    ++times[step > 0 ? step : step + kRange];
  }
  std::string text;
  for (auto [step, number] : times)
    text += fmt::format("{}{:+}: {} times", text.empty() ? "" : ", ", step, number);
  return text;
}

}  // namespace

LAB(timewait_next_port_plus_one,
    {.name = "timewait.next-port-plus-one",
     .story = "A client connects to the same server 25 times and closes first each time; the local "
              "ports that the kernel chose are compared.",
     .claims = {"timewait.next-port-plus-one"},
     .control = "the application binds one port after another",
     .needs = 0s}) {
  auto hosts = lab.two_kernels();
  std::string wanted = fmt::format("+1: {} times", kConnections - 1);

  Section& chosen = lab.section("the kernel chooses");
  Section::Evidence evidence;
  std::string seen = steps(ports(lab, hosts, 5000, 0, evidence));
  chosen.equal("from one local port to the next", seen, wanted, evidence);

  Section& bound = lab.control("bound one after another");
  evidence.clear();
  bound.equal("from one local port to the next", steps(ports(lab, hosts, 5001, 20000, evidence)),
              wanted, evidence);

  lab.judge("timewait.next-port-plus-one", chosen, bound).because("steps " + seen);
}
