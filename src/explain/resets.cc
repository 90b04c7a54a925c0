// Why a RST was sent, as far as what passed before it tells.
#include <fmt/format.h>

#include <algorithm>

#include "explain/facts.h"
#include "explain/tracker.h"

namespace twlab::explain {
namespace {

// After so many repetitions without an answer a sender may give up.
constexpr uint64_t many_repeats = 3;

// RFC 9293 section 3.5.2: what has no connection is reset with the acknowledgement's number, or, if
// it had none, with the number 0 and an acknowledgement of all of it.
bool answers(const Header& reset, const Side& peer) {
  if (!peer.last) return false;
  const Header& last = peer.last_header;
  if (!reset.has(wire::ACK)) return last.has(wire::ACK) && reset.seq == last.ack;
  return reset.seq == 0 && !last.has(wire::ACK) && reset.ack == last.end();
}

// RFC 5961 section 3: the number must be the next that is expected, which lies between what has
// been acknowledged and what has been sent.
bool acceptable(const Header& reset, const Side& me, const Side& peer) {
  if (peer.isn && !me.isn && peer.path.now() == State::SYN_SENT)
    return reset.has(wire::ACK) && reset.ack == *peer.isn + 1;
  if (!peer.acks || reset.seq == peer.acked) return true;
  return distance(reset.seq, peer.acked) > 0 && me.sent && distance(reset.seq, me.next) <= 0;
}

Cause cause(const Facts& facts, const Reset& reset, const Header& header, bool answer) {
  const Side &me = facts.sides[reset.side], &peer = facts.sides[1 - reset.side];
  const Header& last = peer.last_header;
  if (facts.successor_syn && facts.successor_client == reset.side) return Cause::challenge;
  // In SYN_SENT the number is that of an answer to some former connection.
  bool strange = last.ack != (me.isn ? *me.isn + 1 : 0);
  if (me.path.now() == State::SYN_SENT && answer && !last.has(wire::SYN) && strange)
    return Cause::challenge;
  if (peer.isn && !me.sent && facts.begun) return Cause::refused;
  if (answer && last.has(wire::SYN) && last.has(wire::ACK)) return Cause::not_its_syn;
  if (peer.path.now() == State::TIME_WAIT) return Cause::ends_time_wait;
  bool done = me.path.now() == State::CLOSED || me.path.now() == State::TIME_WAIT;
  if (last.has(wire::FIN) && peer.fins.count > 1 && done) return Cause::fin_without_state;
  bool close_acked = me.path.now() == State::FIN_WAIT_2;
  if (me.fin && (close_acked || me.path.now() == State::FIN_WAIT_1)) {
    if (last.length > 0) return Cause::data_after_close;
    if (last.has(wire::FIN) && close_acked) return Cause::fin_wait_2_over;
  }
  if (me.repeats >= many_repeats) return Cause::gave_up;
  if (answer) return Cause::no_socket;
  if (!header.has(wire::ACK)) return Cause::unknown;
  return peer.last_data.frame > me.last_data.frame ? Cause::unread : Cause::abort;
}

std::string sentence(const Facts& facts, const Connection& told, const Reset& reset) {
  const Side& me = facts.sides[reset.side];
  std::string_view who = role(told, reset.side), other = role(told, 1 - reset.side);
  uint64_t answered = reset.answers.frame;
  switch (reset.cause) {
    case Cause::refused:
      return fmt::format("nobody listens at {}, or a firewall refuses", show(me.at));
    case Cause::not_its_syn:
      return fmt::format(
          "the {} does not want the SYN+ACK (frame {}): it has given up, or the SYN "
          "was not its own, or only a probe",
          who, answered);
    case Cause::abort:
      return fmt::format("the {} aborted, as close() does with SO_LINGER {{1,0}}", who);
    case Cause::unread:
      return fmt::format(
          "the {} aborted: close(), or the end of its process, with received data still unread "
          "(the "
          "last came in frame {}), or SO_LINGER {{1,0}}",
          who, facts.sides[1 - reset.side].last_data.frame);
    case Cause::data_after_close:
      return fmt::format(
          "data in frame {} came after the {} had closed (frame {}), and nobody is "
          "left to read them",
          answered, who, me.fins.first.front().frame);
    case Cause::fin_wait_2_over:
      return fmt::format(
          "the FIN in frame {} came {} after the {}'s own had been acknowledged, and "
          "its FIN_WAIT_2 was over by then",
          answered, os::show(reset.at.time - me.fin_acked.time), who);
    case Cause::no_socket:
      return fmt::format(
          "it answers frame {}: the {} knows nothing of the connection any more "
          "(ended, restarted, or reset by something between)",
          answered, who);
    case Cause::fin_without_state:
      return fmt::format("the FIN repeated in frame {} found nothing left at the {}", answered,
                         who);
    case Cause::ends_time_wait:
      if (!reset.fits) return fmt::format("it hits the TIME_WAIT of the {}", other);
      return fmt::format("it ends the TIME_WAIT of the {} early, unless tcp_rfc1337 is set", other);
    case Cause::challenge:
      return fmt::format(
          "the {} answers the segment of frame {}, which does not acknowledge its SYN", who,
          answered);
    case Cause::gave_up:
      return fmt::format("the {} gave up after {} segments repeated in vain (frames {} to {})", who,
                         me.repeats, me.first_repeat.frame, me.last_repeat.frame);
    case Cause::unknown:
      break;
  }
  return "why is not to be seen";
}

Illustrates claim(const Reset& reset) {
  switch (reset.cause) {
    case Cause::abort:
      return Illustrates::linger_zero_rst;
    case Cause::unread:
      return Illustrates::beyond_unread_data_rst;
    case Cause::data_after_close:
      return Illustrates::fin_stands_in_for_time_wait;
    case Cause::fin_wait_2_over:
      return Illustrates::fin_expires_straight_to_closed;
    case Cause::fin_without_state:
      return Illustrates::timewait_without_it_rst;
    case Cause::ends_time_wait:
      return Illustrates::beyond_rfc1337;
    case Cause::challenge:
      return Illustrates::last_ack_connect_fails;
    case Cause::gave_up:
      return reset.own == State::CLOSE_WAIT ? Illustrates::beyond_keepalive_close_wait
                                            : Illustrates::nothing;
    default:
      return reset.ignored && !reset.fits ? Illustrates::beyond_challenge_ack
                                          : Illustrates::nothing;
  }
}

}  // namespace

Reset judge(const Facts& facts, size_t side, const Header& header, Stamp at) {
  const Side &me = facts.sides[side], &peer = facts.sides[1 - side];
  Reset reset{.side = side, .at = at};
  reset.own = me.path.now();
  reset.seq = header.seq;
  reset.fits = acceptable(header, me, peer);
  reset.cause = cause(facts, reset, header, answers(header, peer));
  // Those are by no segment of the other side.
  if (reset.cause != Cause::abort && reset.cause != Cause::unread &&
      reset.cause != Cause::gave_up && reset.cause != Cause::unknown)
    reset.answers = peer.last;
  return reset;
}

Finding reset_finding(const Facts& facts, const Connection& told, const Reset& reset) {
  std::string_view other = role(told, 1 - reset.side);
  Finding finding{.kind = Kind::reset, .frames = {reset.at.frame}, .claim = claim(reset)};
  if (reset.answers) finding.frames.insert(finding.frames.begin(), reset.answers.frame);
  finding.text = fmt::format("RST of the {} in frame {}: ", role(told, reset.side), reset.at.frame);
  if (reset.disowned) {
    finding.text +=
        fmt::format("probably not its own, since it went on in frame {}", reset.disowned.frame);
    finding.frames.push_back(reset.disowned.frame);
    finding.claim = Illustrates::nothing;
    return finding;
  }
  finding.text += "likely cause: " + sentence(facts, told, reset);
  if (!reset.fits && reset.cause != Cause::challenge)
    finding.text += fmt::format(". Its number is not the one that the {} expects", other);
  if (reset.retried) {
    finding.text += fmt::format(". Tried again, it was accepted in frame {}", reset.retried.frame);
    finding.frames.push_back(reset.retried.frame);
  }
  if (reset.ignored) {
    finding.text += fmt::format(". The {} went on in frame {}: it was lost or ignored", other,
                                reset.ignored.frame);
    finding.frames.push_back(reset.ignored.frame);
  }
  return finding;
}

}  // namespace twlab::explain
