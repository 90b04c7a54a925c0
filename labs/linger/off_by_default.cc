// A socket on which nobody set SO_LINGER has l_onoff 0, and closing it takes the normal four
// segments, of which the first is a FIN and none a RST.
#include "lab/lab.h"
using namespace twlab;

LAB(linger_off_by_default,
    {.name = "linger.off-by-default",
     .story = "getsockopt(SO_LINGER) on a fresh and on an accepted socket, then a close by the "
              "server and, once its FIN is acknowledged, by the client.",
     .claims = {"linger.off-by-default"},
     .control = "{1,0}: getsockopt says so, and close sends an RST",
     .needs = 500ms}) {
  auto hosts = lab.two_kernels();
  Section& normal = lab.section("nobody sets SO_LINGER");
  auto [client, server] = lab.connect(hosts.client, hosts.server, 5000);
  for (auto [socket, whose] : {std::pair{&client, "client"}, {&server, "accepted"}}) {
    linger value{-1, -1};
    Result read = socket->need(socket->get_linger(value));
    normal.equal(fmt::format("l_onoff of the {} socket", whose), value.l_onoff, 0, {read.id});
  }
  EventId before = lab.mark();
  server.close();
  client.recv();  // EOF
  lab.await_fin_acked(hosts.server, server.tuple());
  client.close();
  lab.reaches_state(hosts.server, server.tuple(), TIME_WAIT, 500ms);
  normal.segments("the segments of the close", lab.trace(hosts.server, server.tuple(), before),
                  {{true, {.flags = FIN | ACK}},
                   {false, {.flags = ACK}},
                   {false, {.flags = FIN | ACK}},
                   {true, {.flags = ACK}}});

  Section& zero = lab.control("{1,0}");
  auto [other, aborting] = lab.connect(hosts.client, hosts.server, 5001);
  aborting.need(aborting.set_linger(true, 0));
  linger value{-1, -1};
  Result read = aborting.need(aborting.get_linger(value));
  zero.equal("l_onoff", value.l_onoff, 1, {read.id});
  before = lab.mark();
  aborting.close();
  lab.await_state(hosts.client, other.tuple(), CLOSED);
  zero.segments("the segments of the close", lab.trace(hosts.server, aborting.tuple(), before),
                {{true, {.flags = RST | ACK}}});

  lab.judge("linger.off-by-default", normal, zero);
}
