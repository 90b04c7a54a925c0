// The side that closes second goes through CLOSE_WAIT and LAST_ACK to CLOSED and keeps nothing of
// the connection: afterwards it answers a segment of it like a closed port. The relay holds both
// FINs, so that each state can be seen.
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
     .needs = 600ms}) {
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
  lab.await_state(server, passive.tuple(), CLOSE_WAIT);
  lab.await_state(client, active.tuple(), FIN_WAIT_2);

  auto second_fin = relay.hold(from_server, {.flags = FIN | ACK}, Relay::always);
  auto last_ack = relay.copy(from_client, {.flags = ACK});
  passive.close();
  lab.await_state(server, passive.tuple(), LAST_ACK);
  relay.release(second_fin);
  lab.await_state(client, active.tuple(), TIME_WAIT);
  lab.reaches_state(server, passive.tuple(), CLOSED, 1s);

  // An RST would end the TIME_WAIT that the control is about.
  relay.drop(from_server, {.flags = RST}, Relay::always);
  EventId ended = lab.mark("the connection has ended");
  relay.release(last_ack, 1, "the last ACK once more");
  relay.release(ack, 1, "the passive side's ACK once more");
  lab.wait(300ms, "what comes in answer");

  passive_side.states("its states after the first FIN", lab.path(server, passive.tuple(), before),
                      {CLOSE_WAIT, LAST_ACK, CLOSED});
  auto stray = lab.trace(server, passive.tuple(), ended);
  auto reset = std::find_if(stray.begin(), stray.end(), [](const Seen& seen) {
    return seen.outgoing && has(*seen.segment.flags, RST);
  });
  passive_side.is("the last ACK, repeated, is answered as by a closed port", reset != stray.end(),
                  "an RST", reset != stray.end() ? show(reset->segment) : "no RST within 300 ms",
                  {first(stray, {.flags = ACK}).id, reset != stray.end() ? reset->id : 0});

  active_side.states("its states after the first FIN", lab.path(client, active.tuple(), before),
                     {FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT});
  auto kept = lab.trace(client, active.tuple(), ended);
  size_t resets = std::count_if(kept.begin(), kept.end(), [](const Seen& seen) {
    return seen.outgoing && has(*seen.segment.flags, RST);
  });
  active_side.equal("RSTs within 300 ms in answer to a repeated ACK", resets, 0u,
                    {first(kept, {.flags = ACK}).id});
  lab.judge("close.passive-path", passive_side, active_side);
}
