// bind() to port 0 starts at a random port and goes up by one from there, wrapping round at the
// end. In a range of 16 ports of which two are free, a walk by ones finds the upper one only from
// the places between them: 3 of 16 times. A walk by twos, which tries one parity first
// (inet_csk_find_open_port()), finds the one of that parity every time.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr int kFirst = 40000, kPorts = 16, kBinds = 400;

// Binds to port 0 again and again; how often each port was given.
std::map<int, int> bind_to_zero(Host& host, int times) {
  std::map<int, int> given;
  for (int i = 0; i < times; ++i) {
    Socket socket = host.socket();
    if (socket.bind(host.at(0)).ok()) ++given[socket.tuple().local.port];
  }
  return given;
}

std::string show(const std::map<int, int>& given) {
  std::string text;
  for (auto [port, times] : given)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", port, times);
  return text;
}

}  // namespace

LAB(ports_random_start, {.name = "ports.random-start",
                         .story = "bind() to port 0, again and again: in a range of 16 free ports, "
                                  "and in one where all but two "
                                  "are taken.",
                         .claims = {"ports.random-start"},
                         .control = "with all but one port taken it is that one, every time",
                         .needs = 0s}) {
  Host& host = lab.two_kernels().client;
  host.set("net.ipv4.ip_local_port_range", fmt::format("{} {}", kFirst, kFirst + kPorts - 1));
  Section& start = lab.section("all 16 are free");
  auto free = bind_to_zero(host, kBinds);
  start.is("ports given", free.size() >= 4, "several different ones", show(free));

  std::map<int, Socket> taken;
  for (int port = kFirst; port < kFirst + kPorts; ++port) {
    Socket socket = host.socket();
    if (port != kFirst + 4 && port != kFirst + 7) socket.need(socket.bind(host.at(uint16_t(port))));
    taken.emplace(port, std::move(socket));
  }
  Section& walk = lab.section("only 40004 and 40007 are free");
  auto two = bind_to_zero(host, kBinds);
  int upper = two[kFirst + 7];
  // 3/16 of 400 are 75 with a standard deviation of 8.
  walk.is("40007 is given", upper >= 35 && upper <= 115,
          "3 of 16 times: 75 of 400, 35 to 115 by chance", show(two));

  Section& last = lab.control("only 40004 is free");
  Socket& upper_one = taken.at(kFirst + 7);
  upper_one.need(upper_one.bind(host.at(kFirst + 7)));
  auto only = bind_to_zero(host, 50);
  last.equal("ports given", show(only), fmt::format("{}: 50", kFirst + 4));

  lab.judge("ports.random-start", {&start, &walk}, last);
}
