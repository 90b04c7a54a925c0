// A four-tuple that had a connection before: why the new one was possible, and what came of it.
#include <fmt/format.h>

#include "explain/facts.h"

namespace twlab::explain {
namespace {

// TCP_TIMEWAIT_LEN of Linux, by which the timer is never early.
constexpr Duration time_wait = 60s;

// tcp_timewait_state_process(): a newer timestamp, or a higher number; RFC 6191 section 2.
std::string acceptable(const Reuse& reuse) {
  std::vector<std::string> reasons;
  if (reuse.tsval && reuse.last_tsval) {
    int32_t newer = distance(*reuse.tsval, *reuse.last_tsval);
    if (newer < 0)
      return fmt::format(
          "its timestamp {} is older than {} in frame {}, for which it is not "
          "acceptable",
          *reuse.tsval, *reuse.last_tsval, reuse.last_tsval_at.frame);
    if (newer > 0)
      reasons.push_back(fmt::format("its timestamp {} is newer than {} in frame {}", *reuse.tsval,
                                    *reuse.last_tsval, reuse.last_tsval_at.frame));
  }
  if (reuse.ahead && *reuse.ahead >= 0)
    reasons.push_back(
        fmt::format("its sequence number is {} above the last one", *reuse.ahead + 1));
  if (!reasons.empty())
    return "acceptable because " + fmt::format("{}", fmt::join(reasons, " and "));
  if (!reuse.ahead) return "whether it was acceptable is not to be seen";
  return fmt::format(
      "neither its timestamp nor its sequence number ({} below the last one) makes "
      "it acceptable",
      -int64_t(*reuse.ahead));
}

std::string at_server(const Reuse& reuse) {
  switch (reuse.server) {
    case State::TIME_WAIT:
      return "the server was in TIME_WAIT: " + acceptable(reuse);
    case State::CLOSED:
      return "nothing of it was left at the server";
    case State::unknown:
      return "what the server had of it is not known";
    default:
      return fmt::format("the server was still in {}", name(reuse.server));
  }
}

}  // namespace

Finding reuse_finding(const Facts& facts, const Connection&) {
  const Reuse& reuse = *facts.reuse;
  const Side &client = facts.sides[0], &server = facts.sides[1];
  Finding finding{.kind = Kind::reuse};
  Duration since = facts.first.time - reuse.ended.time;
  finding.frames = {reuse.ended.frame, facts.first.frame};
  finding.text = fmt::format(
      "SYN in frame {} on the four-tuple of connection {}, {} after {} "
      "(frame {})",
      facts.first.frame, reuse.of, os::show(since), reuse.was_over ? "its end" : "its last segment",
      reuse.ended.frame);
  if (reuse.client == State::TIME_WAIT) {
    finding.text +=
        since < time_wait
            ? "; the client was in TIME_WAIT, which its own system gave up (tcp_tw_reuse, "
              "or a bound port with SO_REUSEADDR, or an early end)"
            : "; the client's TIME_WAIT of 60 s was over, if it runs Linux";
    finding.claim = since < time_wait ? Illustrates::reuse_client_needs_tw_reuse
                                      : Illustrates::timewait_sixty_seconds;
  }
  finding.text += "; " + at_server(reuse);
  switch (reuse.server) {
    case State::TIME_WAIT:
      finding.claim = Illustrates::reuse_server_accepts_syn;
      break;
    case State::LAST_ACK:
      finding.claim =
          server.isn ? Illustrates::last_ack_connect_fails : Illustrates::last_ack_syn_gets_rst;
      break;
    case State::CLOSED:
    case State::unknown:
      break;
    default:
      finding.claim = Illustrates::beyond_challenge_ack;
  }
  auto then = [&](Stamp at, std::string_view words) {
    if (!at) return;
    finding.text += fmt::format("; {} in frame {}", words, at.frame);
    finding.frames.push_back(at.frame);
  };
  then(reuse.challenged, "answered by an ACK that is none of the SYN");
  then(reuse.reset, "to which the client sent a RST");
  if (server.isn) {
    then(server.syns.first.front(), "accepted");
  } else if (server.path.now() == State::CLOSED && server.sent) {
    finding.text += "; refused";
  } else {
    finding.text += fmt::format("; not accepted, {} SYN in all", client.syns.count);
  }
  return finding;
}

}  // namespace twlab::explain
