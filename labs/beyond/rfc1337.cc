// Does an RST end a TIME_WAIT, and does tcp_rfc1337=1 prevent that? RFC 1337 tells how an old
// duplicate can cause such an RST ("assassination") and wants RSTs ignored in TIME_WAIT. In Linux
// (tcp_timewait_state_process in net/ipv4/tcp_minisocks.c) only an RST with just the number that is
// expected next, and with no older timestamp, ends it.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr const char* kSetting = "net.ipv4.tcp_rfc1337";

struct Reset {
  const char* setting;  // of tcp_rfc1337
  int32_t offset;       // from the sequence number expected next
  bool older = false;   // with a timestamp, older by 1000 than the last
};

struct Met {
  std::string state;  // afterwards
  EventId rst;
};

// The host closes first; its TIME_WAIT gets the RST.
Met meet(Lab& lab, Lab::KernelAndPeer both, uint16_t port, const Reset& reset) {
  auto [host, peer] = both;
  host.set(kSetting, reset.setting);
  PeerConnection conn = peer.connect(port, host.at(5000));
  Socket socket = lab.listener(host).accept();
  Tuple tuple = socket.tuple();
  socket.close();
  conn.finish();
  lab.await_state(host, tuple, TIME_WAIT);
  EventId before = lab.mark();
  Segment rst{.flags = RST, .seq = conn.snd_nxt() + uint32_t(reset.offset)};
  if (reset.older) rst.tsval = conn.tsval() - 1000;
  conn.send(rst, fmt::format("RST, seq {:+} to the expected, tcp_rfc1337={}", reset.offset,
                             reset.setting));
  lab.until([&, &host = host] { return !lab.trace(host, tuple, before).empty(); }, 2s);
  lab.reaches_state(host, tuple, CLOSED, 300ms);
  return {std::string(net::name(host.state(tuple))),
          first(lab.trace(host, tuple, before), {.flags = RST}).id};
}

}  // namespace

LAB(beyond_rfc1337,
    {.name = "beyond.rfc1337",
     .story = "The host closes first and its TIME_WAIT gets an RST from the peer with just the "
              "sequence number that it expects: with tcp_rfc1337 0 and with 1.",
     .claims = {"beyond.rfc1337"},
     .control = "each other; and with 0 an RST off by one octet, which does not end it",
     .needs = 2s}) {
  auto both = lab.kernel_and_peer();
  if (!both.host.has(kSetting))
    throw NotMeasurable(
        fmt::format("{} belongs to the whole machine; a kernel of our own is needed", kSetting));
  lab.listener(both.host);
  const std::string what = "TIME_WAIT, up to 300 ms after the RST";

  Section& control = lab.control("tcp_rfc1337=0, the RST's number off by one");
  for (int32_t offset : {-1, 1}) {
    Met off = meet(lab, both, uint16_t(40000 + offset), {"0", offset});
    control.equal(fmt::format("{}, seq {:+}", what, offset), off.state, "TIME_WAIT", {off.rst});
  }

  Section& ends = lab.section("tcp_rfc1337=0: the RST ends it");
  Met off = meet(lab, both, 40010, {"0", 0});
  ends.either(what, off.state, "CLOSED", {"TIME_WAIT"}, {off.rst});
  Section& stays = lab.section("tcp_rfc1337=1: the RST does not");
  Met on = meet(lab, both, 40011, {"1", 0});
  stays.either(what, on.state, "TIME_WAIT", {"CLOSED"}, {on.rst});

  Section& finding = lab.section("finding: with tcp_rfc1337=0 PAWS holds for the RST too");
  Met older = meet(lab, both, 40012, {"0", 0, true});
  finding.equal(what + " with an older timestamp", older.state, "TIME_WAIT", {older.rst});

  lab.judge("beyond.rfc1337", {&ends, &stays}, control)
      .because(fmt::format("300 ms after an RST with the expected number TIME_WAIT was {} with "
                           "tcp_rfc1337=0 and {} with 1; an RST off by one octet or with an older "
                           "timestamp left {}",
                           off.state == "CLOSED" ? "gone" : "there",
                           on.state == "CLOSED" ? "gone" : "there", older.state));
}
