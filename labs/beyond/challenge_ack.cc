// What each state answers to a SYN, an RST and an ACK outside the window, and how often.
//
// RFC 9293 section 3.10.7.4 wants an ACK for an ACK or SYN outside the window, and an RST there
// dropped without a word; so does Linux (tcp_validate_incoming in net/ipv4/tcp_input.c). In
// SYN_RECV and TIME_WAIT other functions decide (tcp_check_req and tcp_timewait_state_process in
// net/ipv4/tcp_minisocks.c); TIME_WAIT takes a SYN with a newer timestamp for a new connection.
#include "lab/lab.h"
using namespace twlab;

namespace {

const std::string kNothing = "nothing within 300 ms";
constexpr uint32_t kFar = 10'000'000;  // beyond any window
constexpr uint32_t kBelow = 100'000;   // more than a window

constexpr net::TcpState kStates[] = {SYN_RECV,   ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2,
                                     CLOSE_WAIT, CLOSING,     LAST_ACK,   TIME_WAIT};

struct Open {
  PeerConnection conn;
  std::optional<Socket> socket{};
  Tuple tuple{};
};

// The kernel's end of a connection in this state.
Open enter(Lab& lab, Host& host, Peer& peer, uint16_t port, net::TcpState state) {
  auto expect = [](PeerConnection& conn, Flags flags) {
    if (!conn.expect({.flags = flags})) throw Unexpected("no " + wire::show(flags));
  };
  Socket& listener = lab.listener(host);
  if (state == SYN_RECV) {
    Open open{peer.open(port, host.at(5000))};
    open.conn.send({.flags = SYN});
    expect(open.conn, SYN | ACK);
    open.tuple = open.conn.tuple().reversed();
    return open;
  }
  Open open{peer.connect(port, host.at(5000))};
  PeerConnection& conn = open.conn;
  open.socket = listener.accept();
  Socket& socket = *open.socket;
  open.tuple = socket.tuple();
  if (state == CLOSE_WAIT || state == LAST_ACK) {
    conn.send({.flags = FIN | ACK});
    expect(conn, ACK);
    if (state == LAST_ACK) {
      socket.shutdown(SHUT_WR);
      expect(conn, FIN | ACK);
    }
  } else if (state != ESTABLISHED) {
    socket.shutdown(SHUT_WR);
    expect(conn, FIN | ACK);
    if (state == FIN_WAIT_2) conn.send({});
    if (state == CLOSING) conn.send({.flags = FIN | ACK, .ack = conn.rcv_nxt() - 1});
    if (state == TIME_WAIT) conn.send({.flags = FIN | ACK});
    if (state == CLOSING || state == TIME_WAIT) expect(conn, ACK);
  }
  lab.await_state(host, open.tuple, state);
  return open;
}

std::string word(Flags flags) {
  return has(flags, SYN | ACK) ? "SYN+ACK" : flags == ACK ? "ACK" : wire::show(flags);
}

struct Met {
  std::string text{};
  Section::Evidence evidence{};
};

// What the kernel sent on the connection since the mark, and the state then. The FIN or SYN+ACK
// that a socket repeats by its timer is no answer; `with_syn_ack` tells that a SYN came in.
Met met(Lab& lab, Host& host, const Open& open, EventId mark, bool with_syn_ack) {
  Met met;
  for (const Seen& seen : lab.trace(host, open.tuple, mark)) {
    std::string got = word(*seen.segment.flags);
    if (seen.outgoing && (has(*seen.segment.flags, FIN) || (got == "SYN+ACK" && !with_syn_ack)))
      continue;
    met.evidence.push_back(seen.id);
    if (seen.outgoing && met.text.empty()) met.text = got;
  }
  met.text = fmt::format("{}, {}", met.text.empty() ? kNothing : met.text,
                         net::name(host.state(open.tuple)));
  return met;
}

struct Kind {
  const char* name;
  Flags flags;
};
constexpr Kind kKinds[] = {{"SYN", SYN}, {"RST", RST}, {"ACK", ACK}};

// One segment in ESTABLISHED, so far above the expected number.
Met meet(Lab& lab, Host& host, Peer& peer, uint16_t port, const Kind& kind, uint32_t above) {
  Open open = enter(lab, host, peer, port, ESTABLISHED);
  EventId mark = lab.mark();
  open.conn.send({.flags = kind.flags, .seq = open.conn.snd_nxt() + above},
                 fmt::format("{}, {} above the expected number", kind.name, above));
  lab.wait(300ms, "answers");
  return met(lab, host, open, mark, kind.flags == SYN);
}

// ACKs that come at once to one connection, with a number beyond the window: how many are answered,
// and in what time they came.
struct Burst {
  size_t answers = 0;
  Duration took{};
  Section::Evidence evidence{};
};
Burst burst(Lab& lab, Host& host, Peer& peer, uint16_t port, int times) {
  Open open = enter(lab, host, peer, port, ESTABLISHED);
  EventId mark = lab.mark();
  for (int i = 0; i < times; ++i)
    open.conn.send({.flags = ACK, .seq = open.conn.snd_nxt() + kFar}, "beyond the window");
  lab.wait(300ms, "answers");
  Burst burst;
  auto trace = lab.trace(host, open.tuple, mark);
  Time begin = trace.front().time, end = begin;
  for (const Seen& seen : trace) {
    if (!seen.outgoing) end = seen.time;
    if (!seen.outgoing || seen.segment.flags != ACK) continue;
    ++burst.answers;
    burst.evidence.push_back(seen.id);
  }
  burst.took = end - begin;
  return burst;
}

}  // namespace

LAB(beyond_challenge_ack,
    {.name = "beyond.challenge-ack",
     .story = "In each of the eight states that have a window the kernel gets a SYN, an RST and an "
              "ACK with a number far below the expected one and one far beyond the window, each on "
              "a connection of its own; then twenty such ACKs at once.",
     .claims = {"beyond.challenge-ack"},
     .control = "with the expected number an ACK gets no answer and an RST ends the connection; "
                "with tcp_invalid_ratelimit 0 every one of the twenty is answered",
     .needs = 6s}) {
  auto [host, peer] = lab.kernel_and_peer();
  lab.listener(host);
  uint16_t port = 40000;
  Section& outside = lab.section("outside the window");
  std::map<std::string, int> as_claimed;  // of 16 each
  for (net::TcpState state : kStates) {
    std::vector<std::tuple<Kind, bool, Open>> cells;
    for (const Kind& kind : kKinds)
      for (bool below : {true, false})
        cells.emplace_back(kind, below, enter(lab, host, peer, port++, state));
    EventId mark = lab.mark();
    auto words = [&](const Kind& kind, bool below) {
      return fmt::format("{}: {} {} the window", net::name(state), kind.name,
                         below ? "below" : "beyond");
    };
    for (auto& [kind, below, open] : cells)
      open.conn.send({.flags = kind.flags, .seq = open.conn.snd_nxt() + (below ? -kBelow : kFar)},
                     words(kind, below));
    lab.wait(300ms, "answers");
    for (auto& [kind, below, open] : cells) {
      Met got = met(lab, host, open, mark, kind.flags == SYN);
      std::string wanted =
          fmt::format("{}, {}", kind.flags == RST ? kNothing : "ACK", net::name(state));
      as_claimed[kind.name] += outside.equal(words(kind, below), got.text, wanted, got.evidence);
    }
  }

  // At a limited rate: of all that come within half a second one is answered.
  constexpr const char* kRate = "net.ipv4.tcp_invalid_ratelimit";
  constexpr size_t kTimes = 20;
  Section& rate = lab.section("twenty ACKs beyond the window at once");
  Burst limited = burst(lab, host, peer, port++, kTimes);
  rate.is("answers", limited.answers >= 1 && limited.answers <= 1 + size_t(limited.took / 500ms),
          "1, and 1 more for each tcp_invalid_ratelimit, 500 ms",
          fmt::format("{} within {}", limited.answers, os::show(limited.took)), limited.evidence);

  Section& control = lab.control("with the expected number; and without the limit");
  Section& inside = lab.section("finding: above the expected number, inside the window");
  for (const Kind& kind : kKinds) {
    Met above = meet(lab, host, peer, port++, kind, 100);
    inside.equal(kind.name, above.text, (kind.flags == ACK ? kNothing : "ACK") + ", ESTABLISHED",
                 above.evidence);
    if (kind.flags == SYN) continue;
    Met exact = meet(lab, host, peer, port++, kind, 0);
    control.equal(kind.name, exact.text,
                  kNothing + (kind.flags == RST ? ", CLOSED" : ", ESTABLISHED"), exact.evidence);
  }
  if (host.has(kRate)) {
    host.set(kRate, "0");
    Burst every = burst(lab, host, peer, port++, kTimes);
    control.equal("answers with tcp_invalid_ratelimit 0", every.answers, kTimes, every.evidence);
  }
  lab.judge("beyond.challenge-ack", {&outside, &rate}, control)
      .because(fmt::format(
          "an ACK that changes nothing came for {} of 16 SYNs outside the window and "
          "{} of 16 ACKs, nothing for {} of 16 RSTs; {} for {} ACKs at once",
          as_claimed["SYN"], as_claimed["ACK"], as_claimed["RST"], limited.answers, kTimes));
}
