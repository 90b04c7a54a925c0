// In the article's transcript the segment after the FIN has `ack 27`, one less than the textbook's
// K+1, and the last one has seq 28, one more than the K in the article's list. The sample server
// closes 10 us after it has written 26 octets, so the acknowledgement of these octets is still on
// its way when the FIN goes out: that is `ack 27`. The FIN has number 27 and is acknowledged by
// `ack 28` in the client's own FIN; and since it takes up that number, 28 is what must follow in
// the last segment (RFC 9293 section 3.6, figure 12, where the list has K by mistake).
#include "lab/lab.h"
using namespace twlab;

namespace {

const std::string kMessage = "Fri Nov 20 13:32:31 2026\r\n";  // as the sample server writes it

// A closing segment's number as the transcript prints it: its FIN has K = 27.
int64_t relative(uint32_t number, uint32_t k) {
  return 27 + static_cast<int32_t>(number - k);
}

}  // namespace

LAB(close_last_ack_number,
    {.name = "close.last-ack-number",
     .story =
         "Two kernels with a relay between them. The server writes 26 octets and closes at once, "
         "as the article's sample server does. The client's acknowledgement of the octets and the "
         "FIN are held until both are on the wire, so that they cross as in the transcript; then "
         "the client reads to the end and closes.",
     .claims = {"close.last-ack-number"},
     .control =
         "the FIN is sent 100 ms after the octets are acknowledged: the segment after it has "
         "ack K+1",
     .needs = 200ms}) {
  auto hosts = lab.two_kernels_relayed();
  // No loss probe while the relay holds the FIN.
  hosts.server.set("net.ipv4.tcp_early_retrans", "0");
  auto finish = [&](Connection& connection) {
    while (connection.client.need(connection.client.recv()).result > 0) continue;
    connection.client.close();
    lab.await_state(hosts.server, connection.server.tuple(), TIME_WAIT);
  };

  Section& sample = lab.section("the server closes while the acknowledgement is on its way");
  auto one = lab.connect(hosts.client, hosts.server, 5000);
  auto ack = hosts.relay.hold(hosts.from_client, {.flags = ACK});
  auto fin = hosts.relay.hold(hosts.from_server, {.flags = FIN | ACK});
  EventId before = lab.mark();
  one.server.need(one.server.send(kMessage));
  one.server.close();
  if (!lab.until(
          [&] { return hosts.relay.held(ack).size() == 1 && hosts.relay.held(fin).size() == 1; },
          2s))
    throw Unexpected("the octets were not acknowledged, or no FIN was sent, within 2 s");
  hosts.relay.release(ack);
  hosts.relay.release(fin);
  finish(one);

  auto listing = lab.trace(hosts.server, one.server.tuple(), before);
  const Seen sent = first(listing, {.flags = FIN | ACK});
  uint32_t k = *sent.segment.seq, l = *sent.segment.ack;
  std::erase_if(listing, [&](const Seen& seen) { return seen.time < sent.time; });
  sample.segments("the article's four lines, at the server's end", listing,
                  {{true, {.flags = FIN | ACK, .seq = k, .ack = l}},
                   {false, {.flags = ACK, .seq = l, .ack = k}},
                   {false, {.flags = FIN | ACK, .seq = l, .ack = k + 1}},
                   {true, {.flags = ACK, .ack = l + 1}}});

  auto at_client = lab.trace(hosts.client, one.client.tuple(), before);
  const Seen came = first(at_client, {.flags = FIN | ACK, .seq = k});
  const Seen acked_data = first(at_client, {.flags = ACK, .seq = l, .ack = k});
  lab.say(acked_data.id, "acknowledges the 26 octets, not the FIN");
  sample.is("`ack 27` answers the FIN", acked_data.time > came.time,
            "sent after the FIN has reached the client",
            fmt::format("sent {} the FIN reached the client",
                        acked_data.time > came.time ? "after" : "before"),
            {acked_data.id, came.id});

  std::erase_if(at_client, [&](const Seen& seen) { return seen.time <= came.time; });
  const Seen answer = first(at_client, {.source = one.client.tuple().local.port});
  lab.say(answer.id, "the first to acknowledge the FIN");
  sample.is("what acknowledges the FIN has another number than the textbook's K+1",
            *answer.segment.ack != k + 1, "other than ack 28",
            fmt::format("ack {}", relative(*answer.segment.ack, k)), {came.id, answer.id});

  const Seen last = listing.back();
  lab.say(last.id, "the last ACK");
  sample.is("the last ACK has another number than the list's K", *last.segment.seq != k,
            "other than seq 27", fmt::format("seq {}", relative(*last.segment.seq, k)), {last.id});

  Section& apart = lab.control("the FIN is sent long after the octets are acknowledged");
  auto two = lab.connect(hosts.client, hosts.server, 5001);
  before = lab.mark();
  two.server.need(two.server.send(kMessage));
  two.client.recv();
  lab.wait(100ms, "the acknowledgement to be long past");
  two.server.close();
  finish(two);
  listing = lab.trace(hosts.server, two.server.tuple(), before);
  const Seen fin_alone = first(listing, {.flags = FIN | ACK});
  std::erase_if(listing, [&](const Seen& seen) { return seen.time <= fin_alone.time; });
  apart.equal("the segment after the FIN, at the server's end",
              fmt::format("ack {}", relative(*listing.at(0).segment.ack, *fin_alone.segment.seq)),
              "ack 28", {fin_alone.id, listing.at(0).id});

  lab.judge("close.last-ack-number", sample, apart)
      .because(
          fmt::format("`ack 27` was sent {} {} the FIN reached the client and acknowledges the 26 "
                      "octets; the FIN was acknowledged by `ack {}`, and the last ACK has seq {}",
                      os::show(std::chrono::abs(came.time - acked_data.time)),
                      acked_data.time > came.time ? "after" : "before",
                      relative(*answer.segment.ack, k), relative(*last.segment.seq, k)));
}
