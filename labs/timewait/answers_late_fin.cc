// When the last ACK is lost, the peer repeats its FIN: does TIME_WAIT acknowledge it, and what does
// the very same FIN get where there is no TIME_WAIT? RFC 9293 section 3.10.7.4 wants it
// acknowledged and the 2MSL begun anew; so does tcp_timewait_state_process in
// net/ipv4/tcp_minisocks.c.
//
// TIME_WAIT is taken away by an RST with the expected sequence number, which it obeys as long as
// tcp_rfc1337 is 0: so the same bytes meet the same two endpoints with TIME_WAIT and without it.
#include "lab/lab.h"
using namespace twlab;

namespace {

const std::string kNothing = "nothing within 300 ms";

std::string word(const std::optional<Segment>& answer) {
  if (!answer) return kNothing;
  return has(*answer->flags, RST)   ? "RST"
         : has(*answer->flags, ACK) ? "ACK"
                                    : wire::show(*answer->flags);
}

// Two kernels; the last ACK is lost, and the repeated FIN kept from the client for 2.5 s.
Section& lose_last_ack(Lab& lab, std::string& outcome) {
  auto [client, server, relay, from_client, from_server] = lab.two_kernels_relayed();
  Section& answered = lab.section("the last ACK is lost and the server repeats its FIN");
  auto [near, far] = lab.connect(client, server);
  Tuple tuple = near.tuple();
  near.close();
  far.recv();  // EOF
  lab.await_fin_acked(client, tuple);
  uint32_t end = *first(lab.trace(client, tuple), {.flags = SYN | ACK}).segment.seq + 2;
  auto lost = relay.drop(from_client, {.flags = ACK, .ack = end});
  relay.copy(from_server, {.flags = FIN | ACK});  // the first passes
  auto kept = relay.drop(from_server, {.flags = FIN | ACK}, Relay::always);
  EventId closing = lab.mark("the server closes, and the client's ACK of that gets lost");
  far.close();
  lab.await_state(client, tuple, TIME_WAIT);
  Seen fin = first(lab.trace(client, tuple, closing), {.flags = FIN | ACK});
  lab.wait(2500ms, "TIME_WAIT to become 2.5 s old");
  auto before = client.find(tuple);
  if (!before || server.state(far.tuple()) != LAST_ACK || relay.matched(lost) != 1)
    throw Unexpected("the lost ACK did not leave a TIME_WAIT and a LAST_ACK");

  EventId late = lab.mark("from now on the server's FIN gets through");
  relay.cancel(kept);
  if (!lab.until([&, &client = client] { return !lab.trace(client, tuple, late).empty(); }, 10s))
    throw Unexpected("the server did not repeat its FIN within 10 s");
  lab.until([&, &client = client] { return lab.trace(client, tuple, late).size() > 1; }, 300ms);
  auto seen = lab.trace(client, tuple, late);
  auto after = client.find(tuple);
  Seen again = seen.front(), reply = seen.back();
  bool replied = reply.outgoing;
  std::string got = word(replied ? std::optional(reply.segment) : std::nullopt);
  if (replied) lab.say(reply.id, "the answer to the repeated FIN");
  answered.equal("the server repeats its FIN: sequence number", *again.segment.seq,
                 *fin.segment.seq, {fin.id, again.id});
  answered.either("the client's answer to it", got, "ACK", {"RST", kNothing}, {again.id, reply.id});
  answered.equal("it acknowledges the FIN: ack", replied ? *reply.segment.ack : 0, end, {reply.id});
  lab.reaches_state(server, far.tuple(), CLOSED, 1s);
  answered.equal("which ends the server's LAST_ACK", net::name(server.state(far.tuple())), "CLOSED",
                 {reply.id});

  Section& restarted =
      lab.section("finding: does the repeated FIN start the 60 s again (RFC 9293)?");
  std::string left = after ? os::show(after->timer_left) : "gone";
  restarted.is("TIME_WAIT's timer before the repeated FIN", before->timer_left < 58s,
               "below 58 s, 2.5 s having passed", os::show(before->timer_left));
  restarted.is("TIME_WAIT's timer after it", after && after->timer_left > before->timer_left + 1s,
               "more than a second above that", left, {again.id});
  outcome =
      fmt::format("{} in answer to the server's FIN when it came again; timer {} before, {} after",
                  got, os::show(before->timer_left), left);
  return answered;
}

}  // namespace

LAB(timewait_answers_late_fin,
    {.name = "timewait.answers-late-fin",
     .story =
         "The client closes first and its last ACK is lost on the way; the server's repeated FIN "
         "meets TIME_WAIT. Then the bytes of a hand-made FIN are sent twice to the same two "
         "endpoints: while the kernel has TIME_WAIT there, and after that is gone.",
     .claims = {"timewait.answers-late-fin", "timewait.without-it-rst"},
     .control =
         "each other: the same FIN gets an ACK where TIME_WAIT is, and an RST where it is not",
     .needs = 7s}) {
  std::string outcome;
  Section& lost = lose_last_ack(lab, outcome);

  auto [host, peer] = lab.kernel_and_peer("closer");
  Socket listener = host.listen(6000);
  PeerConnection conn = peer.connect(7000, host.at(6000));
  Tuple tuple = conn.tuple().reversed();
  Socket socket = listener.accept();
  listener.close();
  socket.close();
  if (!conn.expect({.flags = FIN | ACK})) throw Unexpected("the kernel's FIN did not come");
  conn.send({.flags = ACK});
  wire::Bytes fin = conn.send({.flags = FIN | ACK});
  lab.await_state(host, tuple, TIME_WAIT);
  auto repeat = [&, &host = host, &peer = peer](Section& section, net::TcpState state,
                                                const std::string& wanted,
                                                const std::string& refuting) {
    section.equal("the socket of these endpoints", net::name(host.state(tuple)), net::name(state));
    conn.skip();
    peer.replay(fin, fmt::format("the same FIN, to {}", net::name(state)));
    Answer answer = conn.next(300ms);
    section.either("the answer to the FIN", answer ? word(answer.segment()) : kNothing, wanted,
                   {refuting, kNothing},
                   answer ? Section::Evidence{answer.frame->id} : Section::Evidence{});
  };

  Section& with = lab.section("the bytes of a FIN once more, to TIME_WAIT");
  repeat(with, TIME_WAIT, "ACK", "RST");
  conn.send({.flags = RST}, "takes TIME_WAIT away");
  lab.await_state(host, tuple, CLOSED);
  Section& without = lab.section("the same bytes to the same endpoints, no socket there");
  repeat(without, CLOSED, "RST", "ACK");

  Judgement late = lab.judge("timewait.answers-late-fin", {&lost, &with}, without);
  if (late.verdict() == Verdict::confirmed) late.because(outcome);
  lab.judge("timewait.without-it-rst", without, with);
}
