// A segment of one connection arrives in the next one of the same four-tuple. TIME_WAIT's
// protection is absent in the way the documents mean: the side that closes first, the peer, is
// driven by hand and keeps TIME_WAIT for no time at all; the kernel closes second and keeps
// nothing; so both may connect again at once. Two kernels would choose initial sequence numbers
// that move on between the connections, and nothing would fit: the peer's are chosen by hand, the
// kernel's through TCP_REPAIR. After SO_LINGER {1,0} neither side keeps anything either.
//
// Since RFC 5961 the acknowledgment number must fit as well (tcp_ack(): not below what this
// connection has had acknowledged), which the documents do not know. They say what can happen, once
// the numbers fit: so both fit in what decides, and the sequence number alone is a finding. PAWS
// (tcp_validate_incoming(), tcp_paws_discard()) comes before both.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr uint32_t kClientIsn = 5'000'000, kServerIsn = 1'000'000;
const std::string kOld = "of the old connection", kNew = "of the new connection";

enum class Close { second, abort, first };  // what the kernel's application does
struct Way {
  Close close = Close::second;
  bool timestamps = false;
  uint32_t server_isn = kServerIsn;  // of the new connection
  bool same_acks = true;             // false: the kernel chooses its own number there
  bool stamp_now = false;            // the late segment gets a TSval of the new connection
};

struct Late {
  std::string read{};         // by the application in the new connection
  bool taken{};               // the kernel acknowledged the late segment
  uint32_t window{};          // the receive window it had to fit
  Section::Evidence shown{};  // the late segment, the recv(), the kernel's answer
};

struct Testbed {
  Lab& lab;
  Host& client;
  Peer& server;
  uint16_t port = 40000;  // the client's; each pair of connections has its own

  Socket socket(uint32_t isn) {
    Socket made = client.socket();
    if (isn) made.choose_isn(isn);
    made.set_option(SOL_SOCKET, SO_REUSEADDR, 1);
    made.need(made.bind(client.at(port)));
    return made;
  }

  PeerConnection connect(Socket& socket, const PeerOptions& options) {
    Pending connecting = socket.start_connect({server.address(), 5000});
    PeerConnection connection = server.accept(5000, options);
    if (!connecting.wait(2s)) throw Unexpected("the client's connect() still blocks");
    return connection;
  }

  // A whole connection. Returns its data segment, which may arrive once more, and the peer's clock.
  std::pair<wire::Bytes, uint32_t> first(const Way& way) {
    Socket socket = this->socket(kClientIsn);
    PeerConnection peer = connect(socket, {.timestamps = way.timestamps, .iss = kServerIsn});
    wire::Bytes data =
        peer.send({.flags = PSH | ACK, .payload = kOld}, "the first connection's data");
    socket.recv();
    if (way.close == Close::second) {
      peer.send({.flags = FIN | ACK});
      socket.recv();  // EOF
      socket.close();
      peer.expect({.flags = FIN | ACK});
      peer.send({});
    } else {
      if (way.close == Close::abort) socket.set_linger(true, 0);
      socket.close();
      if (way.close == Close::first) peer.finish();
    }
    lab.await_state(client, socket.tuple(), way.close == Close::first ? TIME_WAIT : CLOSED);
    return {data, peer.tsval()};
  }

  Late both(const Way& way) {
    ++port;
    auto [data, clock] = first(way);
    Socket socket = this->socket(way.same_acks ? kClientIsn : 0);
    PeerConnection peer = connect(socket, {.timestamps = way.timestamps,
                                           .iss = way.server_isn,
                                           .tsval = clock + 1000});  // a second later
    uint32_t rcv_nxt = peer.snd_nxt();
    EventId mark = lab.mark();
    if (way.stamp_now)
      peer.send({.flags = PSH | ACK, .seq = kServerIsn + 1, .payload = kOld},
                "the same bytes with a TSval of now");
    else
      server.replay(data, "the first connection's data once more");
    Answer answer = peer.expect({.flags = ACK});
    // What the server really sends in this connection, and then all that the application reads.
    peer.send({.flags = PSH | ACK, .payload = kNew}, "the new connection's data");
    peer.expect({.flags = ACK, .ack = peer.snd_nxt()});
    Result read = socket.recv();
    Late late{.read = read.data,
              .taken = answer && *answer.segment().ack != rcv_nxt,
              .shown = {twlab::first(lab.trace(client, mark), {.payload = kOld}).id, read.id}};
    if (answer) {
      late.window = uint32_t{*answer.segment().window}
                    << peer.received().front().packet->segment.wscale.value();
      late.shown.push_back(answer.frame->id);
      lab.say(answer.frame->id, late.taken ? "takes the late segment" : "drops the late segment");
    }
    socket.set_linger(true, 0);
    socket.close();
    return late;
  }
};

void decide(Section& section, const Late& late, bool taken) {
  auto words = [](bool is) { return is ? "acknowledges it" : "acknowledges nothing of it"; };
  section.is("the kernel's answer to the late segment", late.taken == taken, words(taken),
             words(late.taken), late.shown);
  section.equal("all that the application reads", late.read, taken ? kOld : kNew, late.shown);
}

}  // namespace

LAB(timewait_old_duplicate_corrupts,
    {.name = "timewait.old-duplicate-corrupts",
     .story = "A data segment of one connection comes once more in the next one of the same "
              "four-tuple, where nothing keeps a TIME_WAIT, fitting or not, with timestamps or "
              "not, after a FIN or SO_LINGER {1,0}. What the application reads decides.",
     .claims = {"timewait.old-duplicate-corrupts", "timewait.misfit-dropped",
                "timestamps.paws-drops-duplicate", "linger.zero-unprotected"},
     .control = "for each the one thing changed: timestamps on; a fitting number; a fresh "
                "timestamp; a normal close, whose TIME_WAIT keeps the four-tuple",
     .needs = 1s}) {
  auto [client, server] = lab.kernel_and_peer("client");
  Testbed bed{lab, client, server};

  Section& fits = lab.section("its numbers fit, no timestamps");
  Late late = bed.both({});
  decide(fits, late, true);

  Section& own = lab.section("finding: only its sequence number fits");
  Late unanswered = bed.both({.same_acks = false});
  own.is("all that the application reads (its number acknowledges what was never sent here)",
         unanswered.read == kNew, kNew, unanswered.read, unanswered.shown);

  Section& stamped = lab.section("its numbers fit, with timestamps");
  int64_t before = client.counter("TcpExt.PAWSEstab");
  decide(stamped, bed.both({.timestamps = true}), false);
  stamped.equal("TcpExt.PAWSEstab rises by", client.counter("TcpExt.PAWSEstab") - before, 1);
  Section& fresh = lab.control("with timestamps, and the late segment has one of now");
  decide(fresh, bed.both({.timestamps = true, .stamp_now = true}), true);
  lab.judge("timestamps.paws-drops-duplicate", stamped, fresh);

  lab.judge("timewait.old-duplicate-corrupts", fits, stamped)
      .because(fmt::format("read as what can happen: the application reads \"{}\", sent \"{}\"; "
                           "where the sequence number fits and the "
                           "acknowledgment number does not, it reads \"{}\"",
                           late.read, kNew, unanswered.read));

  Section& misfit = lab.section("initial sequence numbers spread over all 2^32");
  constexpr int kTries = 16;
  int dropped = 0;
  Section::Evidence shown;
  for (uint32_t i = 0; i < kTries; ++i) {
    Late one = bed.both({.server_isn = kServerIsn + (i << 28) + (1u << 27)});
    if (!one.taken && one.read == kNew) ++dropped;
    shown.insert(shown.end(), one.shown.begin(), one.shown.end());
  }
  misfit.is("late segments that the kernel drops", dropped > kTries / 2,
            fmt::format("most of {}", kTries), std::to_string(dropped), shown);
  lab.judge("timewait.misfit-dropped", misfit, fits)
      .because(fmt::format("{} of {} were dropped; the window is {} of 2^32 numbers", dropped,
                           kTries, late.window));

  Section& aborted = lab.section("after SO_LINGER {1,0}, no timestamps");
  Late plain = bed.both({.close = Close::abort});
  decide(aborted, plain, true);
  Section& aborted_stamped = lab.section("after SO_LINGER {1,0}, with timestamps");
  Late paws = bed.both({.close = Close::abort, .timestamps = true});
  decide(aborted_stamped, paws, true);

  Section& kept = lab.control("after a normal close, no timestamps");
  ++bed.port;
  wire::Bytes data = bed.first({.close = Close::first}).first;
  Socket socket = bed.socket(kClientIsn);
  Result refused = socket.connect({server.address(), 5000});
  kept.equal("connecting again while the client is in TIME_WAIT", net::errno_name(refused.error),
             "EADDRNOTAVAIL", {refused.id});
  EventId mark = lab.mark();
  server.replay(data, "the first connection's data once more");
  lab.wait(300ms, "the late segment to be answered");
  auto trace = lab.trace(client, {client.at(bed.port), {server.address(), 5000}}, mark);
  kept.equal("TIME_WAIT acknowledges the late segment, and nobody reads it",
             count(trace, {.flags = ACK, .length = 0}), 1u,
             {first(trace, {.flags = ACK, .length = 0}).id});
  // "Nothing" is read as it stands: what timestamps do, which are on by default, counts.
  lab.judge("linger.zero-unprotected", {&aborted, &aborted_stamped}, kept)
      .because(fmt::format("read as nothing at all: without timestamps the application reads "
                           "\"{}\", with timestamps \"{}\"; "
                           "after a normal close the connection is refused with {}",
                           plain.read, paws.read, net::errno_name(refused.error)));
}
