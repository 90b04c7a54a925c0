// What decides whether a client's TIME_WAIT is reused: the new timestamp against the old
// connection's last one, be that the last sent or the last received, or something else. A crafted
// server sets the received ones at will, the setting tcp_timestamps moves the client's own.
// tcp_twsk_unique() compares only times of the kernel's clock; a comparison of timestamps is made
// for TIME_WAIT on the other side, when a SYN comes in (tcp_timewait_state_process()).
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr uint16_t kPort = 40000;  // the client's only one

struct Old {
  std::string name;
  Tuple tuple;
  Seen last;  // its last segment, with the last timestamps sent and received
};

// The client connects to the peer, whose timestamps begin at `tsval`, and closes first.
Old close_one(Lab& lab, Host& client, Peer& peer, uint16_t port, uint32_t tsval,
              const std::string& name) {
  Socket socket = client.socket();
  Pending pending = socket.start_connect({peer.address(), port});
  PeerConnection connection = peer.accept(port, {.tsval = tsval});
  socket.need(pending.wait(2s).value());
  Tuple tuple = socket.tuple();
  socket.close();
  connection.finish();
  lab.await_state(client, tuple, TIME_WAIT);
  return {name, tuple, lab.trace(client, tuple).back()};
}

// The timestamp of a connection that the peer resets.
uint32_t probe(Lab& lab, Host& client, Peer& peer, uint16_t port, const char* timestamps) {
  client.set("net.ipv4.tcp_timestamps", timestamps);
  Socket socket = client.socket();
  Pending pending = socket.start_connect({peer.address(), port});
  PeerConnection connection = peer.accept(port);
  socket.need(pending.wait(2s).value());
  connection.send({.flags = RST | ACK});
  lab.await_state(client, socket.tuple(), CLOSED);
  return connection.ts_recent();
}

struct Attempt {
  std::optional<uint32_t> tsval{};  // of the SYN, when one went out
  Section::Evidence evidence{};
};

// One connect; the peer answers the SYN with RST, so that the call ends.
Attempt attempt(Lab& lab, Host& client, Peer& peer, uint16_t port, const char* timestamps) {
  client.set("net.ipv4.tcp_timestamps", timestamps);
  PeerConnection end = peer.open(port, client.at(kPort));
  Socket socket = client.socket();
  Pending pending = socket.start_connect({peer.address(), port});
  lab.until([&] { return pending.done() || !end.received().empty(); }, 2s);
  Attempt made;
  if (!end.received().empty()) {
    const wire::Frame& syn = end.received().front();
    made = {syn.packet->segment.tsval.value(), {syn.id}};
    end.send({.flags = RST | ACK, .seq = 0}, "ends the attempt");
  }
  made.evidence.push_back(pending.wait(2s).value().id);
  return made;
}

}  // namespace

LAB(reuse_compares_timestamps,
    {.name = "reuse.compares-timestamps",
     .story =
         "A client reuses its port with timestamps older and newer than the last ones that the "
         "old connection sent and received.",
     .claims = {"reuse.compares-timestamps"},
     .control = "a SYN that comes in for a TIME_WAIT: there the timestamp decides",
     .needs = 3s}) {
  auto [client, peer] = lab.kernel_and_peer("client");
  client.set("net.ipv4.ip_local_port_range", fmt::format("{0} {0}", kPort));
  client.set("net.ipv4.tcp_tw_reuse", "1");
  // tcp_timestamps 1 adds a random offset to the clock, 2 does not: to change from the greater to
  // the lesser turns it back.
  uint32_t with_offset = probe(lab, client, peer, 5000, "1");
  uint32_t clock = probe(lab, client, peer, 5000, "2");
  bool ahead = int32_t(with_offset - clock) > 0;
  const char *greater = ahead ? "1" : "2", *lesser = ahead ? "2" : "1";
  constexpr uint32_t kFar = 1 << 29;

  client.set("net.ipv4.tcp_timestamps", greater);
  Old back = close_one(lab, client, peer, 5000, clock - kFar, "clock turned back");
  client.set("net.ipv4.tcp_timestamps", "2");
  Old older = close_one(lab, client, peer, 5001, clock + kFar, "older than the received ones");
  Old newer = close_one(lab, client, peer, 5002, clock - kFar, "newer than all");
  lab.wait(2100ms, "the first second of TIME_WAIT, by a clock of whole seconds, to pass");
  Old fresh = close_one(lab, client, peer, 5003, clock - kFar, "newer than all, at once");
  lab.wait(100ms, "the clock to run on");

  Section& table = lab.section("attempts with newer and older timestamps");
  Section::Evidence evidence;
  bool by_sent = true, by_received = true;  // does this comparison explain what is seen?
  std::string seen;
  for (auto [old, timestamps] :
       {std::pair{&fresh, "2"}, {&newer, "2"}, {&older, "2"}, {&back, lesser}}) {
    Attempt made = attempt(lab, client, peer, old->tuple.remote.port, timestamps);
    evidence.push_back(old->last.id);
    evidence.insert(evidence.end(), made.evidence.begin(), made.evidence.end());
    uint32_t sent = old->last.segment.tsval.value(), received = old->last.segment.tsecr.value();
    // Without a SYN, what its timestamp would have been, more or less.
    uint32_t tsval = made.tsval.value_or(old != &back ? sent + 100 : ahead ? clock : with_offset);
    bool reused = made.tsval.has_value();
    by_sent = by_sent && reused == (int32_t(tsval - sent) > 0);
    by_received = by_received && reused == (int32_t(tsval - received) > 0);
    seen += fmt::format("{}{}: {}", seen.empty() ? "" : "; ", old->name,
                        reused ? fmt::format("reused ({:+} against the last sent, {:+} against the "
                                             "last received)",
                                             int32_t(tsval - sent), int32_t(tsval - received))
                               : "refused");
  }
  table.is("what explains them", by_sent || by_received,
           "the new timestamp compared with the last one sent, or with the last received", seen,
           evidence);

  Section& control = lab.control("SYNs that come in for a TIME_WAIT");
  Socket& listener = lab.listener(client, 7000);
  for (int32_t newer : {1000, -1000}) {
    PeerConnection old = peer.connect(newer > 0 ? 41000 : 41001, client.at(7000));
    Socket accepted = listener.accept();
    accepted.close();
    old.finish();
    lab.await_state(client, old.tuple().reversed(), TIME_WAIT);
    old.skip();
    // Below what the kernel expects, so that the timestamp alone decides.
    old.send({.flags = SYN, .seq = old.snd_nxt() - 100'000, .tsval = old.tsval() + uint32_t(newer)},
             fmt::format("forged SYN, TSval {:+} against the last", newer));
    Answer answer = old.next();
    control.equal(fmt::format("answer to a SYN with TSval {:+}", newer),
                  answer ? wire::show(*answer.segment().flags) : "nothing",
                  newer > 0 ? "[S.]" : "[.]", {answer ? answer.frame->id : 0});
  }
  lab.judge("reuse.compares-timestamps", table, control).because(seen);
}
