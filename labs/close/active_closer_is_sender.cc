// The active closer is whoever closes first, not whoever sent the traffic: the kernel's path
// through the closing states does not depend on who sent data.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Side {
  Host& host;
  Socket& socket;
};

// The sender's data are read to the end, then the two close in turn. Checks that the sender was the
// active closer: it ends in TIME_WAIT.
void transfer(Lab& lab, Section& section, Side sender, Side receiver, bool sender_closes_first) {
  const std::string traffic(1000, '.');
  sender.socket.need(sender.socket.send(traffic));
  for (size_t got = 0; got < traffic.size();)
    got += static_cast<size_t>(receiver.socket.need(receiver.socket.recv()).result);
  Side& first = sender_closes_first ? sender : receiver;
  Side& second = sender_closes_first ? receiver : sender;
  lab.into_time_wait(first.host, first.socket, second.socket);
  lab.await_state(second.host, second.socket.tuple(), CLOSED);
  SeenState last = lab.path(sender.host, sender.socket.tuple()).back();
  section.states(sender.host.name() + " sent the traffic and is the active closer, so it ends in",
                 {last}, {TIME_WAIT});
}

}  // namespace

LAB(close_active_closer_is_sender,
    {.name = "close.active-closer-is-sender",
     .story =
         "Client and server are kernels on one veth pair. Each in turn sends 1000 octets, which "
         "the other reads; then the receiver closes first. Which side was the active closer shows "
         "in which is left in TIME_WAIT.",
     .claims = {"close.active-closer-is-sender"},
     .control = "the sender closes first: then it is the active closer",
     .needs = 100ms}) {
  auto hosts = lab.two_kernels();
  auto both_ways = [&](Section& section, uint16_t port, bool sender_closes_first) {
    auto up = lab.connect(hosts.client, hosts.server, port);
    transfer(lab, section, {hosts.client, up.client}, {hosts.server, up.server},
             sender_closes_first);
    auto down = lab.connect(hosts.client, hosts.server, port);
    transfer(lab, section, {hosts.server, down.server}, {hosts.client, down.client},
             sender_closes_first);
  };

  Section& receiver = lab.section("the receiver closes first");
  both_ways(receiver, 5000, false);
  Section& sender = lab.control("the sender closes first");
  both_ways(sender, 5001, true);
  lab.judge("close.active-closer-is-sender", receiver, sender);
}
