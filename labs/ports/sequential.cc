// Ephemeral ports rise one after another, so that the one used longest ago comes next. A newer
// kernel's connect() goes up by a random number of steps of two, from a start that a hash gives
// each destination (__inet_hash_connect()); bind() to port 0 draws at random each time
// (inet_csk_find_open_port()).
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr int kConnections = 40;
constexpr int kRange = 60999 - 32768 + 1;  // as every host has it pinned

struct Ports {
  std::vector<int> chosen;
  Section::Evidence evidence;
  // How often the next one was the higher by less than a tenth of the range, going round at its
  // end.
  int rises() const {
    int count = 0;
    for (size_t i = 1; i < chosen.size(); ++i) {
      int step = (chosen[i] - chosen[i - 1] + kRange) % kRange;
      count += step > 0 && step < kRange / 10;
    }
    return count;
  }
  std::string text() const {
    return fmt::format("{} of {} times ({}, ...)", rises(), chosen.size() - 1,
                       fmt::join(chosen.begin(), chosen.begin() + 8, ", "));
  }
};

Plot::Series series(const std::string& name, const Ports& ports) {
  Plot::Series series{.name = name, .line = false};
  for (int port : ports.chosen)
    series.points.push_back({double(series.points.size() + 1), double(port)});
  return series;
}

// Ports of successive connections; `port` gives the destination of each.
Ports connect(Lab& lab, Lab::Kernels hosts, const std::function<uint16_t(int)>& port,
              bool bind_zero) {
  Ports ports;
  for (int i = 0; i < kConnections; ++i) {
    lab.listener(hosts.server, port(i));
    Socket socket = hosts.client.socket();
    if (bind_zero) socket.need(socket.bind(hosts.client.at(0)));
    Result result = socket.need(socket.connect(hosts.server.at(port(i))));
    ports.chosen.push_back(socket.tuple().local.port);
    ports.evidence.push_back(result.id);
    socket.close();
  }
  return ports;
}

}  // namespace

LAB(ports_sequential,
    {.name = "ports.sequential",
     .story = "A client connects 40 times to one destination, and once to each of 40; the local "
              "ports that "
              "the kernel chose are compared in their order.",
     .claims = {"ports.sequential"},
     .control = "each socket is bound to port 0 before it connects: these do not rise",
     .needs = 0s}) {
  auto hosts = lab.two_kernels();
  auto check = [](Section& section, const Ports& ports, bool rising) {
    bool all = ports.rises() == kConnections - 1;
    section.is("the next port is a little higher", all == rising,
               rising ? "every time" : "not every time", ports.text(), ports.evidence);
  };
  Section& one = lab.section("to one destination");
  Ports to_one = connect(
      lab, hosts, [](int) { return uint16_t(5000); }, false);
  check(one, to_one, true);

  Section& many = lab.section("each to another destination");
  Ports to_many = connect(
      lab, hosts, [](int i) { return uint16_t(6000 + i); }, false);
  check(many, to_many, true);

  Section& drawn = lab.control("bound to port 0 first");
  Ports by_bind = connect(
      lab, hosts, [](int) { return uint16_t(5001); }, true);
  check(drawn, by_bind, false);

  Plot::Series rising = series("to one destination", to_one);
  rising.line = true;
  lab.plot({.title = "The local ports that the kernel chose, in order",
            .note = "40 connections one after another, each closed before the next.",
            .x = {.label = "connection"},
            .y = {.label = "local port"},
            .series = {rising, series("each to another destination", to_many),
                       series("bound to port 0 before connect()", by_bind)},
            .marks = {{32768, "the range begins"}, {60999, "the range ends"}}});

  lab.judge("ports.sequential", {&one, &many}, drawn)
      .because(fmt::format("to one destination the next port is a little higher {} of {} times, to "
                           "different destinations {} times",
                           to_one.rises(), kConnections - 1, to_many.rises()));
}
