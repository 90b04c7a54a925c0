// Whether tcp_tw_reuse on the server changes anything: for a client that has no port left, and for
// the server's own sockets in TIME_WAIT when a SYN comes for them. Those are taken over by
// tcp_timewait_state_process(), which never looks at the setting.
#include "lab/lab.h"
using namespace twlab;

namespace {

// The answers of a server's TIME_WAIT to a newer, an older and a bare SYN, as flags.
std::vector<std::string> answers(Lab& lab, Host& server, Peer& peer, uint16_t from,
                                 const std::string& tw_reuse, Section::Evidence& evidence) {
  server.set("net.ipv4.tcp_tw_reuse", tw_reuse);
  std::vector<std::string> answers;
  Socket& listener = lab.listener(server);
  for (int32_t newer : {1, -1, 0}) {
    PeerConnection old = peer.connect(from++, server.at(5000));
    Socket accepted = listener.accept();
    accepted.close();
    old.finish();
    lab.await_state(server, accepted.tuple(), TIME_WAIT);
    // Below what the server expects, so that the timestamp alone decides.
    Segment syn{.flags = SYN, .seq = old.snd_nxt() - 100'000, .ack = 0, .tsval = absent};
    if (newer != 0) syn.tsval = uint32_t(int32_t(old.tsval()) + 1000 * newer);
    old.skip();
    old.send(syn, newer > 0   ? "forged SYN, TSval newer"
                  : newer < 0 ? "forged SYN, TSval older"
                              : "forged SYN without timestamps");
    Answer answer = old.next();
    answers.push_back(answer ? wire::show(*answer.segment().flags) : "nothing");
    if (answer) evidence.push_back(answer.frame->id);
  }
  return answers;
}

// A client with this one local port, which it has in TIME_WAIT, connects again.
Result connect_again(Host& client, Host& server, uint16_t port, const char* at_client,
                     const char* at_server) {
  client.set("net.ipv4.ip_local_port_range", fmt::format("{0} {0}", port));
  client.set("net.ipv4.tcp_tw_reuse", at_client);
  server.set("net.ipv4.tcp_tw_reuse", at_server);
  Socket socket = client.socket();
  return socket.connect(server.at(5000));
}

}  // namespace

LAB(reuse_client_only,
    {.name = "reuse.client-only",
     .story = "tcp_tw_reuse is set on the server alone: a client without a free port connects, and "
              "crafted SYNs meet the server's own sockets in TIME_WAIT.",
     .claims = {"reuse.client-only"},
     .control = "set on the client alone, the client connects",
     .needs = 2200ms}) {
  auto [client, server] = lab.two_kernels();
  auto [other, peer] = lab.kernel_and_peer("other server");
  client.set("net.ipv4.tcp_tw_reuse", "0");
  for (uint16_t port : {40000, 40001}) {
    client.set("net.ipv4.ip_local_port_range", fmt::format("{0} {0}", port));
    auto connection = lab.connect(client, server);
    lab.into_time_wait(client, connection.client, connection.server);
  }
  lab.wait(2100ms, "the first second of TIME_WAIT, by a clock of whole seconds, to pass");

  Section& syns = lab.section("SYNs to the server's TIME_WAIT");
  Section::Evidence evidence;
  auto off = answers(lab, other, peer, 41000, "0", evidence);
  auto on = answers(lab, other, peer, 42000, "1", evidence);
  syns.equal("answers to a newer, an older and a bare SYN with tcp_tw_reuse 1 on the server",
             fmt::format("{}", fmt::join(on, " ")), fmt::format("{}", fmt::join(off, " ")),
             evidence);

  Section& alone = lab.section("a client without a free port, tcp_tw_reuse 1 on the server alone");
  Result refused = connect_again(client, server, 40000, "0", "1");
  alone.equal("connect", net::errno_name(refused.error), "EADDRNOTAVAIL", {refused.id});

  Section& control = lab.control("tcp_tw_reuse 1 on the client alone");
  Result accepted = connect_again(client, server, 40001, "1", "0");
  control.equal("connect", net::errno_name(accepted.error), "0", {accepted.id});
  control.is("the SYNs got different answers, so that a change would show", off[0] != off[1],
             "one that differs", fmt::format("{}", fmt::join(off, " ")), evidence);

  lab.judge("reuse.client-only", {&syns, &alone}, control);
}
