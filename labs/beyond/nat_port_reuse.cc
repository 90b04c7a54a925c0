// A NAT forgets a connection and gives its port to another client's while the server still has it
// in TIME_WAIT. What becomes of the new SYN depends on the two clients' timestamp clocks. A newer
// one opens the connection at once. An older one gets the ACK of the old connection; the RST in
// answer to that ends the TIME_WAIT, and the client, which repeats its SYN 2 ticks later instead of
// after a second (tcp_rcv_synsent_state_process in net/ipv4/tcp_input.c), is then connected.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr const char* kForget = "net.netfilter.nf_conntrack_tcp_timeout_time_wait";
constexpr int kTries = 8;          // with another port each
constexpr uint16_t kPort = 40000;  // of both clients, which the NAT keeps if it can

struct Attempt {
  std::string met{};     // state of the server's socket of this tuple before
  std::string answer{};  // to the first SYN
  size_t syns = 0;       // until it was connected, or 8 s were over
  bool connected = false;
  Duration took{};     // from the first SYN to the SYN+ACK, at the server
  uint16_t port = 0;   // of the client, as the server saw it
  uint32_t tsval = 0;  // of the first SYN
  Section::Evidence evidence{};

  bool at_once() const { return connected && syns == 1; }
  std::string text() const {
    return fmt::format("{} to the first SYN, {} after {} SYNs, {}", answer,
                       connected ? "connected" : "not connected", syns, os::show(took));
  }
};

// The client connects from kPort; the server closes first.
Attempt connect(Lab& lab, Host& client, Host& router, Host& server, uint16_t port) {
  EventId mark = lab.mark();
  Socket& listener = lab.listener(server, port);
  Attempt attempt;
  attempt.met = net::name(server.state({server.at(port), router.at(kPort)}));
  Socket socket = client.socket();
  socket.need(socket.bind(client.at(kPort)));
  Pending pending = socket.start_connect(server.at(port));
  auto result = pending.wait(8s);  // SYNs are repeated after 1 s, 3 s and 7 s
  attempt.connected = result && result->ok();
  auto trace = lab.trace(server, mark);
  const Seen& syn = first(trace, {.flags = SYN});
  attempt.syns = count(trace, {.flags = SYN});
  attempt.port = *syn.segment.source;
  attempt.tsval = syn.segment.tsval.value();
  for (const Seen& seen : trace) {
    attempt.evidence.push_back(seen.id);
    if (seen.outgoing && attempt.answer.empty()) attempt.answer = wire::show(*seen.segment.flags);
    if (seen.outgoing && seen.segment.flags == (SYN | ACK)) attempt.took = seen.time - syn.time;
  }
  if (!attempt.connected) return attempt;
  Socket accepted = listener.accept();
  Tuple tuple = socket.tuple();
  lab.into_time_wait(server, accepted, socket);
  lab.await_state(client, tuple, CLOSED);
  return attempt;
}

}  // namespace

LAB(beyond_nat_port_reuse,
    {.name = "beyond.nat-port-reuse",
     .story = "Two clients with different timestamp clocks behind a router that masquerades, which "
              "forgets a closed connection after a second. Both connect from the same port, one "
              "after the other, and the server closes first: the one whose clock is behind after "
              "the one whose clock is ahead, and the other way round.",
     .claims = {"beyond.nat-port-reuse"},
     .control = "the router remembers for two minutes and chooses another port: connected at once",
     .needs = 48s}) {
  auto [one, two, router, server] = lab.two_clients_behind_nat();
  if (!router.has(kForget))
    throw NotMeasurable(fmt::format("{} is not to be seen in a namespace of ours", kForget));
  router.set(kForget, "1");
  auto forget = [&] { lab.wait(1500ms, "the NAT to forget"); };
  auto judge = [](Section& section, const Attempt& attempt) {
    section.equal("the port that the NAT gave", attempt.port, kPort, attempt.evidence);
    section.equal("the server's socket of these endpoints before", attempt.met, "TIME_WAIT",
                  attempt.evidence);
    section.is("the connection", !attempt.at_once(), "delayed (its SYN repeated), or not there",
               attempt.text(), attempt.evidence);
  };
  // Which of the two clocks is ahead is a matter of the addresses, and of the ports in kernels that
  // take an offset from all four (secure_tcp_seq_and_ts_off; seen in 6.12.107 and 7.2).
  uint16_t port = 5000;
  Host *ahead = &one, *behind = &two;
  Attempt old, late;
  for (int tries = 0;; ++tries, ++port, std::swap(ahead, behind)) {
    if (tries == kTries)
      throw NotMeasurable("both clients have one timestamp clock on this kernel");
    old = connect(lab, *ahead, router, server, port);
    forget();
    late = connect(lab, *behind, router, server, port);
    forget();
    if (int32_t(late.tsval - old.tsval) < 0) break;
  }
  Section& older = lab.section("the second client's clock is behind");
  judge(older, late);
  Section& newer = lab.section("the second client's clock is ahead");
  Attempt early = connect(lab, *ahead, router, server, port);
  judge(newer, early);

  Section& control = lab.control("the NAT remembers; the second client's clock is behind");
  router.set(kForget, "120");
  (void)connect(lab, *ahead, router, server, port);
  forget();
  Attempt other = connect(lab, *behind, router, server, port);
  control.is("the port that the NAT gave", other.port != kPort, "another than the first client's",
             std::to_string(other.port), other.evidence);
  control.is("the connection", other.at_once(), "at once", other.text(), other.evidence);

  lab.judge("beyond.nat-port-reuse", {&older, &newer}, control)
      .because(fmt::format("after a NAT gave the port again, the client whose clock is behind: {}; "
                           "the one whose clock is ahead: {}",
                           late.text(), early.text()));
}
