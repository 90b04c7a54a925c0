// The side that closes second goes through CLOSE_WAIT and LAST_ACK to CLOSED and keeps nothing of
// the connection: afterwards it answers a segment of it like a closed port. The relay holds both
// FINs, so that each state can be seen.
//
// With tcp_syncookies=2 it is refuted, and rightly so: the repeated last ACK opens the connection
// anew. A cookie is a hash plus the client's sequence number (secure_tcp_syn_cookie in
// net/ipv4/syncookies.c), so check_tcp_syn_cookie sees only the difference between an ACK's two
// numbers; after a FIN each way both are one higher than in the handshake. cookie_v4_check then
// makes a socket in ESTABLISHED of it.
#include "lab/lab.h"
using namespace twlab;

LAB(close_passive_path,
    {.name = "close.passive-path",
     .story =
         "Two kernels with a relay between them. The client closes, its FIN is held and let go, "
         "then the same with the server's. The states of both are read all the way. At the end "
         "each side's last bare ACK is repeated to the other side.",
     .claims = {"close.passive-path"},
     .control = "the active side in the same run: FIN_WAIT_1, FIN_WAIT_2, and TIME_WAIT, which it "
                "keeps; it sends no RST",
     .needs = 400ms}) {
  auto [client, server, relay, from_client, from_server] = lab.two_kernels_relayed();
  Section& passive_side = lab.section("the passive side");
  Section& active_side = lab.control("the active side");
  auto [active, passive] = lab.connect(client, server);
  EventId before = lab.mark();

  auto fin = relay.hold(from_client, {.flags = FIN | ACK}, Relay::always);
  auto ack = relay.copy(from_server, {.flags = ACK});
  active.close();
  lab.await_state(client, active.tuple(), FIN_WAIT_1);
  relay.release(fin);
  lab.reaches_state(server, passive.tuple(), CLOSE_WAIT, 1s);
  lab.await_state(client, active.tuple(), FIN_WAIT_2);

  auto second_fin = relay.hold(from_server, {.flags = FIN | ACK}, Relay::always);
  auto last_ack = relay.copy(from_client, {.flags = ACK});
  passive.close();
  lab.reaches_state(server, passive.tuple(), LAST_ACK, 1s);
  relay.release(second_fin);
  lab.await_state(client, active.tuple(), TIME_WAIT);
  lab.reaches_state(server, passive.tuple(), CLOSED, 1s);

  auto passive_states = lab.path(server, passive.tuple(), before);
  auto active_states = lab.path(client, active.tuple(), before);

  // An RST would end the TIME_WAIT that the control is about.
  relay.drop(from_server, {.flags = RST}, Relay::always);
  EventId ended = lab.mark("the connection has ended");
  relay.release(last_ack, 1, "the last ACK once more");
  relay.release(ack, 1, "the passive side's ACK once more");
  lab.wait(300ms, "what comes in answer");
  auto resets = [&](Host& host, const Tuple& tuple, Section::Evidence& evidence) {
    size_t sent = 0;
    for (const Seen& seen : lab.trace(host, tuple, ended)) {
      evidence.push_back(seen.id);
      if (seen.outgoing && has(*seen.segment.flags, RST)) ++sent;
    }
    return sent;
  };

  Section::Evidence answers;
  passive_side.states("its states after the first FIN", passive_states,
                      {CLOSE_WAIT, LAST_ACK, CLOSED});
  size_t sent = resets(server, passive.tuple(), answers);
  passive_side.is("it answers a repeated ACK as a closed port does", sent > 0, "an RST",
                  fmt::format("{} RSTs within 300 ms", sent), answers);

  answers.clear();
  active_side.states("its states after its FIN", active_states,
                     {FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT});
  sent = resets(client, active.tuple(), answers);
  active_side.equal("RSTs within 300 ms in answer to a repeated ACK", sent, 0u, answers);
  active_side.equal("its state after that", net::name(client.state(active.tuple())), "TIME_WAIT");
  lab.judge("close.passive-path", passive_side, active_side);
}
