// SO_LINGER {1,N} with data that cannot be sent: how long close() blocks, and what is on the wire
// when its time is over. The peer is driven by hand; its window is shut while it answers every
// probe, so that the data are unsent for sure and the connection is alive.
//
// __tcp_close() only waits (sk_stream_wait_close()) until the FIN is acknowledged or N seconds are
// over. Either way it then lets the socket go as any close() does: an orphan that goes on probing
// and delivers the data and the FIN when it can. Nothing there sends an RST.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr size_t kBytes = 5000;
constexpr uint16_t kOpen = 1000;

// A connection whose server has data to send, and its close().
struct Closing {
  Socket server;
  PeerConnection peer;
  bool answers;  // the peer does, every segment; otherwise it is silent
  std::optional<Pending> call{};
  std::optional<Result> closed{};
  size_t answered = 0;

  // Octets that the peer has received in order.
  uint32_t received() const { return peer.rcv_nxt() - peer.irs() - 1; }
};

struct Testbed {
  Lab& lab;
  Host& server;
  Peer& peer;
  Socket listener;
  std::list<Closing> all{};

  Closing& close(int linger, uint16_t window, bool answers = true) {
    auto port = static_cast<uint16_t>(1001 + all.size());
    PeerConnection connection = peer.connect(port, server.at(5000), {.window = window});
    Closing& made = all.emplace_back(Closing{listener.accept(), connection, answers});
    made.answered = connection.received().size();  // the handshake
    made.server.need(made.server.set_linger(true, linger));
    made.server.need(made.server.send(std::string(kBytes, 'x')));
    made.call.emplace(made.server.start_close());
    return made;
  }

  // The peers that answer acknowledge whatever comes, until the time or until it is done.
  void answer(
      Time end, const std::function<bool()>& done = [] { return false; }) {
    auto idle = [](const Closing& one) {
      return one.answered == one.peer.received().size() && (one.closed || !one.call->done());
    };
    while (os::now() < end && !done()) {
      lab.until([&] { return !std::all_of(all.begin(), all.end(), idle); }, end - os::now());
      for (Closing& one : all) {
        if (!one.closed && one.call->done()) one.closed = one.call->wait(1s);
        const auto& came = one.peer.received();
        bool answer = one.answers && one.answered < came.size() &&
                      !has(*came.back().packet->segment.flags, RST);
        one.answered = came.size();
        if (answer) one.peer.send({});
      }
    }
  }
  void until_closed(std::initializer_list<Closing*> some) {
    auto closed = [](const Closing* one) { return one->closed.has_value(); };
    answer(os::now() + 15s, [&] { return std::all_of(some.begin(), some.end(), closed); });
    if (!std::all_of(some.begin(), some.end(), closed))
      throw Unexpected("close() still blocks after 15 s");
  }

  std::vector<Seen> sent(const Closing& one, Flags flag) {
    std::vector<Seen> found;
    for (const Seen& seen : lab.trace(server, one.server.tuple()))
      if (seen.outgoing && has(*seen.segment.flags, flag)) found.push_back(seen);
    return found;
  }
  std::string state(const Closing& one) {
    return std::string(net::name(server.state(one.server.tuple())));
  }
  // The last segment that the server sent: what it still does.
  EventId last(const Closing& one) { return sent(one, Flags{}).back().id; }
};

void blocks(Section& section, const std::string& what, const Closing& one, int seconds) {
  Duration n = std::chrono::seconds(seconds);
  section.within(what, one.closed->took(), n - 10ms, n + n / 8 + 1s,
                 "a tick too early, the timer wheel's eighth and a busy machine's second too late",
                 {one.closed->id});
}

}  // namespace

LAB(linger_positive_blocks,
    {.name = "linger.positive-blocks",
     .story =
         "The server closes with SO_LINGER {1,1} and {1,3} while 5000 bytes cannot be sent, since "
         "the peer's window is shut or the peer is silent; once the window opens in time, once "
         "4 s after close() has returned. The duration of close() and the wire are looked at.",
     .claims = {"linger.positive-blocks", "linger.positive-graceful", "linger.positive-rst-at-end"},
     .control = "an open window; a window that stays shut; {1,0}",
     .needs = 6s}) {
  auto [server, peer] = lab.kernel_and_peer();
  Testbed bed{lab, server, peer, server.listen(5000)};
  Closing& one = bed.close(1, 0);
  Closing& three = bed.close(3, 0);
  Closing& silent = bed.close(1, kOpen, false);
  Closing& open = bed.close(3, kOpen);
  Closing& opened = bed.close(3, 0);
  Closing& zero = bed.close(0, 0);

  Time begin = os::now();
  bed.answer(begin + 500ms);
  opened.answers = false;
  opened.peer.send({.window = kOpen}, "the window opens in time");
  opened.peer.expect({.flags = FIN | ACK});
  opened.peer.send({});
  opened.peer.send({.flags = FIN | ACK});
  opened.peer.expect({.flags = ACK, .ack = opened.peer.snd_nxt()});
  bed.until_closed({&one, &opened});
  std::string state_at_return = bed.state(one);
  size_t fins_at_return = bed.sent(one, FIN).size();
  bed.until_closed({&three, &silent, &open, &zero});
  bed.answer(one.closed->end + 4s);

  Section& shut = lab.section("the peer's window is shut");
  blocks(shut, "close() with {1,1} takes", one, 1);
  blocks(shut, "close() with {1,3} takes", three, 3);
  Section& quiet = lab.section("the peer is silent: data sent, and not acknowledged");
  blocks(quiet, "close() with {1,1} takes", silent, 1);
  Section& free = lab.control("the peer's window is open");
  free.within("close() with {1,3} takes", open.closed->took(), 0s, 1500ms, "half of N",
              {open.closed->id});
  lab.judge("linger.positive-blocks", shut, free)
      .because(
          fmt::format("close() took {} with N = 1 and {} with N = 3, and then returned {}; with "
                      "the window open {}",
                      os::show(one.closed->took()), os::show(three.closed->took()),
                      one.closed->result, os::show(open.closed->took())));

  Section& graceful = lab.section("{1,3}, the window opens after 0.5 s");
  graceful.within("close() takes", opened.closed->took(), 400ms, 2900ms,
                  "as long as the window is shut, and less than N", {opened.closed->id});
  graceful.equal("the server sends a FIN", !bed.sent(opened, FIN).empty(), true,
                 {bed.last(opened)});
  graceful.equal("RSTs", bed.sent(opened, RST).size(), 0u);
  graceful.equal("octets that the peer received, the FIN included", opened.received(), kBytes + 1);
  graceful.equal("the server's state", bed.state(opened), "TIME_WAIT");
  Section& late = lab.control("{1,1}, the window stays shut: when close() returns");
  late.equal("FINs", fins_at_return, 0u);
  late.equal("the server's state", state_at_return, "FIN_WAIT_1", {one.closed->id});
  lab.judge("linger.positive-graceful", graceful, late);

  Section& after = lab.section("{1,1}, until 4 s after close() returned");
  Section& reset = lab.control("{1,0}, over the same time");
  for (auto [section, closing] : {std::pair{&after, &one}, {&after, &silent}, {&reset, &zero}}) {
    std::string who = closing == &silent ? "the peer silent: " : "the window shut: ";
    section->equal(who + "RSTs", bed.sent(*closing, RST).size(), 1u, {bed.last(*closing)});
    section->equal(who + "the server's state", bed.state(*closing), "CLOSED");
  }
  size_t resets = bed.sent(one, RST).size();
  for (Closing* closing : {&one, &zero}) {
    closing->peer.send({.window = kOpen}, "the window opens too late");
    lab.until([&] { return closing->received() > kBytes; }, 300ms);
    (closing == &one ? after : reset)
        .equal("octets that the peer receives when its window opens then", closing->received(), 0u,
               {bed.last(*closing)});
  }
  lab.judge("linger.positive-rst-at-end", after, reset)
      .because(fmt::format(
          "until 4 s after close() had returned the server sent {} RSTs; when the window "
          "opened then, the peer received {} octets of {} (data and FIN)",
          resets, one.received(), kBytes + 1));
}
