// Closing takes four segments, when the passive side takes its time: FIN+ACK seq=K ack=L; ACK seq=L
// ack=K+1; FIN+ACK seq=L ack=K+1; ACK seq=K+1 ack=L+1. The article's list prints K in the last one,
// while RFC 9293 section 3.6 (figure 12) and the claim have K+1.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Closing {
  std::vector<Seen> segments;  // at the active side's end
  uint32_t k, l;               // seq and ack of the first FIN
};

// The client closes first, after a request: the server's delayed ACK then takes 40 ms, where it
// could be out at once on a connection that has carried nothing.
Closing close_both(Lab& lab, Lab::Kernels hosts, uint16_t port, Duration pause) {
  auto [client, server] = lab.connect(hosts.client, hosts.server, port);
  client.need(client.send("request"));
  server.recv();
  const Tuple& tuple = client.tuple();
  lab.until([&] { return hosts.client.find(tuple)->send_queue == 0; }, 2s);
  EventId before = lab.mark();
  client.close();
  server.recv();  // EOF
  if (pause > 0s) lab.wait(pause, "the passive side to close");
  server.close();
  lab.await_state(hosts.client, tuple, TIME_WAIT);
  auto segments = lab.trace(hosts.client, tuple, before);
  const Segment& fin = first(segments, {.flags = FIN | ACK}).segment;
  return {segments, *fin.seq, *fin.ack};
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
  auto [slow, k, l] = close_both(lab, hosts, 5000, 200ms);
  four.segments("the four segments", slow,
                {{true, {.flags = FIN | ACK, .seq = k, .ack = l}},
                 {false, {.flags = ACK, .seq = l, .ack = k + 1}},
                 {false, {.flags = FIN | ACK, .seq = l, .ack = k + 1}},
                 {true, {.flags = ACK, .seq = k + 1, .ack = l + 1}}});

  Section& three = lab.control("the passive side closes at once");
  auto [quick, m, n] = close_both(lab, hosts, 5001, 0s);
  three.segments("three segments", quick,
                 {{true, {.flags = FIN | ACK, .seq = m, .ack = n}},
                  {false, {.flags = FIN | ACK, .seq = n, .ack = m + 1}},
                  {true, {.flags = ACK, .seq = m + 1, .ack = n + 1}}});

  lab.judge("close.four-segments", four, three)
      .because(fmt::format(
          "{} segments when the passive side closes after 200 ms, {} when at once; the "
          "last of the former has seq K+{} ack L+{}",
          slow.size(), quick.size(), *slow.back().segment.seq - k, *slow.back().segment.ack - l));
}
