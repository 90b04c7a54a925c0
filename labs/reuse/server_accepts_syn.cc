// A new SYN meets the TIME_WAIT of a server, which has no setting of any kind: does it open a new
// connection? First two kernels, the client connecting again from the same port; then forged SYNs,
// a table of timestamp and sequence number, against what RFC 6191 section 2 wants. The article
// quotes RFC 1122 (section 4.2.2.13: the server MAY accept it) and leaves out its condition, a
// sequence number larger than any of the old connection.
//
// The kernel (tcp_timewait_state_process in net/ipv4/tcp_minisocks.c) wants a newer timestamp or a
// sequence number above the one it expects next, and no older timestamp. It is stricter than RFC
// 6191 in two ways: a SYN with just the expected number is not above it (but is above the last one
// used, the FIN's); and where the old connection had no timestamps it does not look at the SYN's.
#include "lab/lab.h"
using namespace twlab;

namespace {

enum class Stamp { newer, equal, older, none };
enum class Place { above, at, below };

struct Cell {
  bool old_timestamps;
  Stamp stamp;
  Place place;

  bool honoured() const {  // by RFC 6191
    bool larger = place != Place::below;
    if (stamp == Stamp::none) return larger;
    if (!old_timestamps) return true;
    return stamp == Stamp::newer || (stamp == Stamp::equal && larger);
  }
  std::string words() const {
    constexpr const char* stamps[] = {"timestamp newer by 1", "timestamp equal",
                                      "timestamp older by 1", "no timestamp"};
    constexpr const char* places[] = {"above", "at", "below"};
    return fmt::format("{}, sequence number {} the expected one", stamps[int(stamp)],
                       places[int(place)]);
  }
};

// What became of a forged SYN.
struct Met {
  bool reopened = false;
  std::string text{};
  Section::Evidence evidence{};
};

// The peer connects and the server closes first; then a SYN of the cell's kind.
Met meet(Lab& lab, Host& server, Peer& peer, Socket& listener, uint16_t port, const Cell& cell) {
  auto old = peer.connect(port, listener.tuple().local, {.timestamps = cell.old_timestamps});
  Tuple tuple = old.tuple().reversed();
  listener.accept().close();
  old.finish();
  lab.await_state(server, tuple, TIME_WAIT);
  // What the peer's FIN carried, or would have.
  uint32_t stamp = old.tsval();
  for (const Seen& seen : lab.trace(server, tuple))
    if (!seen.outgoing && seen.segment.tsval.present()) stamp = seen.segment.tsval.value();
  stamp += cell.stamp == Stamp::newer ? 1 : cell.stamp == Stamp::older ? -1 : 0;
  uint32_t seq = old.snd_nxt();
  seq += cell.place == Place::above ? 1000 : cell.place == Place::below ? -1000 : 0;

  PeerConnection syn = peer.open(port, tuple.local, {.iss = seq});
  if (cell.stamp == Stamp::none)
    syn.send({.flags = SYN, .tsval = absent}, cell.words());
  else
    syn.send({.flags = SYN, .tsval = stamp, .tsecr = 0}, cell.words());
  Answer answer = syn.next(300ms);
  Met outcome{.text = "nothing within 300 ms"};
  if (answer) {
    outcome.evidence.push_back(answer.frame->id);
    outcome.reopened = answer.segment().flags == (SYN | ACK) && answer.segment().ack == seq + 1;
    Flags flags = *answer.segment().flags;
    outcome.text = outcome.reopened ? "SYN+ACK" : has(flags, RST) ? "RST" : wire::show(flags);
    if (flags == ACK && answer.segment().ack == old.snd_nxt()) outcome.text = "ACK of the old FIN";
  }
  outcome.text += fmt::format("; then {}", net::name(server.state(tuple)));
  if (outcome.reopened) syn.send({.flags = RST, .seq = seq + 1}, "enough");
  return outcome;
}

// Two kernels, the client always from the same port; returns how many SYNs were answered at once.
int reconnect(Lab& lab, Lab::Kernels hosts, uint16_t port, Section& section, int times) {
  int taken = 0;
  for (int i = 0; i <= times; ++i) {
    EventId before = lab.mark();
    Socket socket = hosts.client.socket();
    socket.need(socket.bind(hosts.client.at(port)));
    socket.need(socket.connect(hosts.server.at(5000)));
    Socket accepted = lab.listener(hosts.server).accept();
    Tuple tuple = accepted.tuple();
    if (i > 0)
      taken += section.segments(
          fmt::format("connection {} from the same port", i + 1),
          lab.trace(hosts.server, tuple, before),
          {{false, {.flags = SYN}}, {true, {.flags = SYN | ACK}}, {false, {.flags = ACK}}});
    lab.into_time_wait(hosts.server, accepted, socket);
    lab.await_state(hosts.client, tuple.reversed(), CLOSED);
  }
  return taken;
}

}  // namespace

LAB(reuse_server_accepts_syn,
    {.name = "reuse.server-accepts-syn",
     .story =
         "The server closes first and keeps TIME_WAIT; the client, a kernel too, connects again "
         "from the same port, ten times, with nothing set on either side. Then forged SYNs: "
         "timestamp newer, equal, older, absent; sequence number above, at and below the "
         "expected one; an old connection with timestamps and one without.",
     .claims = {"reuse.server-accepts-syn"},
     .control = "a SYN that is older in both timestamp and sequence number: TIME_WAIT stays",
     .needs = 0s}) {
  Lab::Kernels hosts = lab.two_kernels();
  lab.listener(hosts.server);
  Section& kernels = lab.section("two kernels: the client connects again from the same port");
  int taken = reconnect(lab, hosts, 40000, kernels, 10);
  const std::string timestamps = "net.ipv4.tcp_timestamps";
  if (hosts.client.has(timestamps)) {
    Section& without = lab.section("finding: the same, the client having timestamps switched off");
    hosts.client.set(timestamps, "0");
    reconnect(lab, hosts, 40001, without, 10);
  }

  auto [server, peer] = lab.kernel_and_peer("server 2");
  Socket listener = server.listen(5000);
  uint16_t port = 10000;
  Section& control = lab.control("a SYN with an older timestamp and an older sequence number");
  Met outcome = meet(lab, server, peer, listener, port++, {true, Stamp::older, Place::below});
  control.is("what it gets", !outcome.reopened, "no SYN+ACK", outcome.text, outcome.evidence);

  int reopened = 0, as_rfc = 0, all = 0;
  for (bool old_timestamps : {true, false}) {
    Section& table =
        lab.section(fmt::format("finding: is RFC 6191 followed? The old connection had {}",
                                old_timestamps ? "timestamps" : "no timestamps"));
    for (Stamp stamp : {Stamp::newer, Stamp::equal, Stamp::older, Stamp::none})
      for (Place place : {Place::above, Place::at, Place::below}) {
        Cell cell{old_timestamps, stamp, place};
        outcome = meet(lab, server, peer, listener, port++, cell);
        as_rfc +=
            table.is(cell.words(), outcome.reopened == cell.honoured(),
                     cell.honoured() ? "SYN+ACK" : "no SYN+ACK", outcome.text, outcome.evidence);
        reopened += outcome.reopened;
        ++all;
      }
  }
  Judgement judged = lab.judge("reuse.server-accepts-syn", kernels, control);
  if (judged.verdict() != Verdict::inconclusive)
    judged.because(
        fmt::format("{} of 10 SYNs of a real client got a SYN+ACK at once; of {} forged "
                    "ones {} did, and {} of the answers are what RFC 6191 wants",
                    taken, all, reopened, as_rfc));
}
