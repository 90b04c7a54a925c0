// N local ports carry N/60 connections a second to one destination without any setting (30,000
// ports: 500 a second), since each is in TIME_WAIT for 60 s. Scaled down to 30 ports: offered 0.8
// and 1.2 times that rate, side by side, until the first ports have long come back.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr unsigned kPorts = 30;
// TIME_WAIT may last up to 4 s longer than 60 (timer wheel), that is 7 %: both rates are well away
// from it.
constexpr double kRate = kPorts / 60.0;
constexpr Duration kDuration = 110s;

struct Load {
  Host* client;
  Host* server;
  Duration interval;  // between two connections
  Time next{};
  unsigned offered = 0, refused = 0;
  EventId first_refusal = 0;
  std::string error{};
};

// One connection, which the client closes first; a refusal is counted.
void offer(Lab& lab, Load& load) {
  ++load.offered;
  load.next += load.interval;
  Socket& listener = lab.listener(*load.server);
  Socket socket = load.client->socket();
  Result result = socket.connect(load.server->at(5000));
  if (!result.ok()) {
    if (load.refused++ == 0) load.first_refusal = result.id;
    load.error = net::errno_name(result.error);
    return;
  }
  Socket accepted = listener.accept();
  lab.into_time_wait(*load.client, socket, accepted);
}

}  // namespace

LAB(ports_sustained_rate,
    {.name = "ports.sustained-rate",
     .story = "Two clients with 30 local ports each connect to a server of their own, 0.8 and 1.2 "
              "times as "
              "often as 30 ports in 60 s allow, for 110 s; the client closes first each time.",
     .claims = {"ports.sustained-rate"},
     .control = "1.2 times that rate: connections are refused",
     .needs = 112s}) {
  std::list<Load> loads;
  for (double share : {0.8, 1.2}) {
    Host& client = lab.host(fmt::format("client-{}", share));
    Host& server = lab.host(fmt::format("server-{}", share));
    lab.link(client, server);
    client.set("net.ipv4.tcp_tw_reuse", "0");
    client.set("net.ipv4.ip_local_port_range", fmt::format("40000 {}", 40000 + kPorts - 1));
    loads.push_back(
        {&client, &server, std::chrono::duration_cast<Duration>(1s / (share * kRate)), os::now()});
  }
  for (Time end = os::now() + kDuration;;) {
    auto load = std::min_element(loads.begin(), loads.end(),
                                 [](const Load& a, const Load& b) { return a.next < b.next; });
    if (load->next >= end) break;
    lab.until([&] { return os::now() >= load->next; }, load->next - os::now() + 1s,
              [&] { return load->next; });
    offer(lab, *load);
  }
  auto refused = [](const Load& load) {
    return fmt::format("{} of {}{}", load.refused, load.offered,
                       load.error.empty() ? "" : ", " + load.error);
  };

  Section& below = lab.section("0.8 times N/60");
  below.is("connections refused", loads.front().refused == 0, "none", refused(loads.front()),
           {loads.front().first_refusal});
  below.is("connections offered", loads.front().offered > kPorts, "more than there are ports",
           fmt::format("{}", loads.front().offered));
  Section& above = lab.control("1.2 times N/60");
  above.is("connections refused", loads.back().refused > 0, "some", refused(loads.back()),
           {loads.back().first_refusal});
  lab.judge("ports.sustained-rate", below, above)
      .because(fmt::format("{} ports: at {:.1f} a minute {} refused, at {:.1f} a minute {}", kPorts,
                           60 * 0.8 * kRate, refused(loads.front()), 60 * 1.2 * kRate,
                           refused(loads.back())));
}
