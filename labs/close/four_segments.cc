// Closing takes four segments, when the passive side takes its time: FIN+ACK seq=K ack=L; ACK seq=L
// ack=K+1; FIN+ACK seq=L ack=K+1; ACK seq=K+1 ack=L+1. The article's list prints K in the last one,
// while RFC 9293 section 3.6 (figure 12) and the claim have K+1.
#include "lab/lab.h"
using namespace twlab;

namespace {

// The closing segments at the active side's end, which closes first.
std::vector<Seen> close_both(Lab& lab, Lab::Kernels hosts, uint16_t port, Duration pause) {
  auto [client, server] = lab.connect(hosts.client, hosts.server, port);
  EventId before = lab.mark();
  client.close();
  server.recv();  // EOF
  if (pause > 0s) lab.wait(pause, "the passive side to close");
  server.close();
  lab.await_state(hosts.client, client.tuple(), TIME_WAIT);
  return lab.trace(hosts.client, client.tuple(), before);
}

}  // namespace

LAB(close_four_segments,
    {.name = "close.four-segments",
     .story =
         "Client and server are kernels on one veth pair. The client closes; the server sees EOF, "
         "waits and closes too. Every sequence and acknowledgment number is compared.",
     .claims = {"close.four-segments"},
     .control = "the passive side closes at once, before its delayed ACK goes out: three segments",
     .needs = 200ms}) {
  auto hosts = lab.two_kernels();

  Section& four = lab.section("the passive side closes 200 ms after EOF");
  auto segments = close_both(lab, hosts, 5000, 200ms);
  const Segment& fin = first(segments, {.flags = FIN | ACK}).segment;
  uint32_t k = *fin.seq, l = *fin.ack;
  four.segments("the four segments", segments,
                {{true, {.flags = FIN | ACK, .seq = k, .ack = l}},
                 {false, {.flags = ACK, .seq = l, .ack = k + 1}},
                 {false, {.flags = FIN | ACK, .seq = l, .ack = k + 1}},
                 {true, {.flags = ACK, .seq = k + 1, .ack = l + 1}}});

  Section& three = lab.control("the passive side closes at once");
  three.equal("segments", close_both(lab, hosts, 5001, 0s).size(), 3u);

  lab.judge("close.four-segments", four, three);
}
