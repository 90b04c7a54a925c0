// What comes back when a SYN meets a socket in LAST_ACK on the same four-tuple. Kernels before 3.6
// sent an RST for a SYN within the window; since RFC 5961 (section 4.2) tcp_validate_incoming
// (net/ipv4/tcp_input.c) sends a challenge ACK for any SYN, whatever its sequence number, and
// leaves the state alone.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Case {
  std::string title;
  bool timestamps;
  int32_t ahead;  // of what the socket expects next
};

std::string show(const Answer& answer) {
  if (!answer) return "nothing within 300 ms";
  Flags flags = *answer.segment().flags;
  return has(flags, RST)         ? "RST"
         : has(flags, SYN | ACK) ? "SYN+ACK"
         : has(flags, ACK)       ? "ACK"
                                 : "?";
}

Section::Evidence evidence(const Answer& answer) {
  return answer ? Section::Evidence{answer.frame->id} : Section::Evidence{};
}

// Goes as far as LAST_ACK: the peer closes first and does not acknowledge the kernel's FIN.
PeerConnection into_last_ack(Lab& lab, Lab::KernelAndPeer& net, uint16_t port, bool timestamps) {
  Socket& listener = lab.listener(net.host);
  PeerConnection peer = net.peer.connect(port, net.host.at(5000), {.timestamps = timestamps});
  Socket socket = listener.accept();
  peer.send({.flags = FIN | ACK});
  socket.recv();  // EOF
  socket.close();
  if (!peer.expect({.flags = FIN | ACK})) throw Unexpected("the kernel's FIN did not come");
  lab.await_state(net.host, socket.tuple(), LAST_ACK);
  return peer;
}

}  // namespace

LAB(last_ack_syn_gets_rst,
    {.name = "last-ack.syn-gets-rst",
     .story =
         "A kernel socket is held in LAST_ACK by a hand-made peer that does not acknowledge its "
         "FIN. A new SYN comes to the same four-tuple, without timestamps and with, behind, "
         "within and beyond the window.",
     .claims = {"last-ack.syn-gets-rst"},
     .control =
         "the same SYN where no such socket is: SYN+ACK from a listener, RST from a closed port",
     .needs = 2500ms}) {
  auto net = lab.kernel_and_peer();
  uint16_t port = 6000;
  std::vector<std::string> answers;
  Section& section = lab.section("a new SYN meets LAST_ACK");
  for (const Case& one : {Case{"no timestamps, beyond the window", false, 10'000'000},
                          Case{"no timestamps, within the window", false, 1000},
                          Case{"no timestamps, behind it", false, -10'000'000},
                          Case{"newer timestamp, beyond the window", true, 10'000'000},
                          Case{"newer timestamp, within the window", true, 1000}}) {
    PeerConnection peer = into_last_ack(lab, net, port, one.timestamps);
    PeerConnection again = net.peer.open(port++, net.host.at(5000),
                                         {.timestamps = one.timestamps,
                                          .iss = peer.snd_nxt() + static_cast<uint32_t>(one.ahead),
                                          .tsval = peer.tsval() + 10});
    again.send({.flags = SYN}, "a new connection's SYN: " + one.title);
    // The FIN's own repetition is no answer.
    Answer answer;
    do answer = again.next(300ms);
    while (answer && has(*answer.segment().flags, FIN));
    section.either("the answer to a SYN, " + one.title, show(answer), "RST",
                   {"ACK", "nothing within 300 ms", "SYN+ACK"}, evidence(answer));
    answers.push_back(show(answer));
    if (answer) lab.say(answer.frame->id, "the answer to the SYN");
  }
  Section& control = lab.control("the same SYN, no socket in LAST_ACK");
  for (uint16_t server : {5000, 5999}) {
    PeerConnection peer = net.peer.open(port++, net.host.at(server), {.timestamps = false});
    peer.send({.flags = SYN}, "the same SYN, no such socket");
    Answer answer = peer.next(300ms);
    control.either(server == 5000 ? "a listener answers" : "a closed port answers", show(answer),
                   server == 5000 ? "SYN+ACK" : "RST", {"ACK", "nothing within 300 ms"},
                   evidence(answer));
    answers.push_back(show(answer));
  }
  lab.judge("last-ack.syn-gets-rst", section, control)
      .because(fmt::format("SYNs to LAST_ACK and, last, to a listener and to a closed port were "
                           "answered with {}",
                           fmt::join(answers, ", ")));
}
