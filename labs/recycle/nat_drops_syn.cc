// Behind source NAT, a host whose timestamp is behind another's has its SYNs dropped by a server
// with tcp_tw_recycle, which kept one newest timestamp for each address (tcp_peer_is_proven(), gone
// in Linux 4.12). Where there is no such setting, the same two clients connect.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Attempt {
  bool connected = false;
  uint32_t tsval = 0;  // of its SYN, as the server saw it
  EventId syn = 0;
};

// Connects and lets the server close first.
Attempt connect(Lab& lab, Host& client, Host& server) {
  EventId mark = lab.mark();
  Socket& listener = lab.listener(server);
  Socket socket = client.socket();
  Pending pending = socket.start_connect(server.at(5000));
  auto result = pending.wait(2500ms);  // one repeated SYN among it
  Attempt attempt;
  const Seen& syn = first(lab.trace(server, mark), {.flags = SYN});
  attempt.tsval = syn.segment.tsval.value();
  attempt.syn = syn.id;
  attempt.connected = result && result->ok();
  if (attempt.connected) {
    Socket accepted = listener.accept();
    lab.into_time_wait(server, accepted, socket);
  }
  return attempt;
}

}  // namespace

LAB(recycle_nat_drops_syn, {.name = "recycle.nat-drops-syn",
                            .story = "Two clients with different timestamp clocks behind a router "
                                     "that masquerades connect to a "
                                     "server, the one whose clock is ahead first, then the other.",
                            .claims = {"recycle.nat-drops-syn"},
                            .control = "tcp_tw_recycle 0: both connect",
                            .needs = 8s}) {
  auto [one, two, router, server] = lab.two_clients_behind_nat();
  constexpr const char* kRecycle = "net.ipv4.tcp_tw_recycle";

  Section& without = lab.control("without tcp_tw_recycle");
  if (server.has(kRecycle)) server.set(kRecycle, "0");
  Attempt first = connect(lab, one, server), second = connect(lab, two, server);
  without.is("the two clients connect", first.connected && second.connected, "both",
             fmt::format("{} and {}", first.connected ? "connected" : "not",
                         second.connected ? "connected" : "not"),
             {first.syn, second.syn});
  if (!server.has(kRecycle) && lab.exists(kRecycle))
    throw NotMeasurable(
        "this kernel has tcp_tw_recycle in the first namespace alone, where it acts on the whole "
        "machine: run this in a guest");
  if (!server.has(kRecycle))
    throw FeatureAbsent(
        fmt::format("{} does not exist in this kernel; the same two clients behind one address {}",
                    kRecycle, without.holds() ? "both connect" : "do not both connect"));

  bool second_behind = int32_t(second.tsval - first.tsval) < 0;
  Host& ahead = second_behind ? one : two;
  Host& behind = second_behind ? two : one;
  server.set(kRecycle, "1");
  Section& with = lab.section("with tcp_tw_recycle");
  Attempt newest = connect(lab, ahead, server), late = connect(lab, behind, server);
  if (int32_t(late.tsval - newest.tsval) >= 0)
    throw NotMeasurable("both clients have one timestamp clock on this kernel");
  with.equal("the client whose clock is ahead connects", newest.connected, true, {newest.syn});
  with.equal("the client whose clock is behind connects", late.connected, false, {late.syn});
  lab.judge("recycle.nat-drops-syn", with, without);
}
