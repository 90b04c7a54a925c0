// Where the documents meet: what they disagree about, with each other or with themselves, what one
// of them quotes as wrong information ("틀린 정보", four boxes), and what it leaves open.
#include <string_view>
#include <vector>

#include "lab/lab.h"

namespace twlab {
namespace {

using enum Topic::Kind;

constexpr std::string_view timewait = "timewait-2015";

const std::vector<Topic>& all_topics() {
  static const std::vector<Topic> all = {
      {.kind = disagreement,
       .text = "How long TIME_WAIT lasts",
       .sides = {{"timewait.sixty-seconds"},
                 {"timewait.two-minutes"},
                 {"timewait.one-to-four-minutes"}},
       .remark = "One minute is within one to four: the first and the last can both be so."},
      {.kind = disagreement,
       .text = "What becomes of FIN_WAIT_2 when its time is over",
       .sides = {{"fin.expires-straight-to-closed"}, {"fin.expires-into-time-wait"}}},
      {.kind = disagreement,
       .text = "Whether many sockets in TIME_WAIT do harm",
       .sides = {{"timewait.exhausts-sockets"},
                 {"timewait.server-needs-nothing", "timewait.no-slowdown"}}},
      {.kind = disagreement,
       .text = "Whether a server has to do something because of TIME_WAIT",
       .sides = {{"timewait.server-needs-nothing"},
                 {"timewait.blocks-restart", "reuse.so-reuseaddr-restarts"}},
       .remark = "The article says both: it means that no kernel setting is needed, and advises a "
                 "socket option for the restart."},
      {.kind = disagreement,
       .text = "Whether the same two endpoints can be connected again during TIME_WAIT",
       .sides = {{"timewait.same-tuple-blocked"},
                 {"timewait.reusable", "reuse.server-accepts-syn"}},
       .remark = "It makes a difference whether the TIME_WAIT is on the side that connects again, "
                 "or on the side that the SYN comes to."},
      {.kind = disagreement,
       .text = "What leaves both sides in TIME_WAIT",
       .sides = {{"close.simultaneous"}, {"close.simultaneous-needs-crossing-acks"}}},
      {.kind = disagreement,
       .text = "What a new SYN gets from a peer that is stuck in LAST_ACK",
       .sides = {{"last-ack.syn-gets-rst", "last-ack.connect-fails"},
                 {"last-ack.timestamps-recover"}},
       .remark = "Only the article makes a difference between connections with timestamps and "
                 "those without."},
      {.kind = disagreement,
       .text = "Whether the search for a free port costs anything",
       .sides = {{"ports.scan-costs-nothing"}, {"ports.reuse-skips-scan"}},
       .remark = "The article says both: its conclusion advises tcp_tw_reuse because of the "
                 "search, though for old servers only."},
      {.kind = disagreement,
       .text = "Which local port comes next",
       .sides = {{"timewait.next-port-plus-one", "ports.sequential"}, {"ports.random-start"}},
       .remark = "The article explains the ports of connect by the code that bind uses."},
      {.kind = disagreement,
       .text = "Whether the number of local ports limits connections to different servers",
       .sides = {{"ports.thirty-thousand-servers"},
                 {"ports.five-tuple", "ports.other-destination"}},
       .remark = "The article says both."},
      {.kind = disagreement,
       .text = "Whether tcp_tw_reuse has a part in bind",
       .sides = {{"ports.reuse-flag"}, {"reuse.not-for-bind", "reuse.not-the-same"}},
       .remark = "The article says both."},
      {.kind = disagreement,
       .text = "Whether 90 is a better tcp_fin_timeout than the default, 60",
       .sides = {{"fin.ninety-recommended"}, {"fin.timeout-ninety"}},
       .remark = "By the article's own account 90 makes 30 s and 30 s: no more than the default."},

      {.kind = wrong_information,
       .text = "Setting net.ipv4.tcp_fin_timeout changes how long TIME_WAIT lasts.",
       .sides = {{"timewait.fin-timeout-irrelevant"}},
       .source = {timewait, "본론"}},
      {.kind = wrong_information,
       .text = "SO_REUSEADDR and tcp_tw_reuse are options that do the same.",
       .sides = {{"reuse.not-the-same"}},
       .source = {timewait, "소켓 옵션"}},
      {.kind = wrong_information,
       .text = "A server has at most 65,535 sockets, as many as there are local ports, and "
               "net.ipv4.ip_local_port_range changes that.",
       .sides = {{"ports.server-not-limited-to-65535", "ports.range-irrelevant-to-server"}},
       .source = {timewait, "자원 할당"}},
      {.kind = wrong_information,
       .text = "Setting net.ipv4.tcp_fin_timeout changes the time-out of TIME_WAIT (the first box "
               "again).",
       .sides = {{"timewait.fin-timeout-irrelevant"}},
       .source = {timewait, "타임아웃"}},

      {.kind = open_question,
       .text = "Why does the transcript show `ack 27` and a last ACK that differ by one from the "
               "textbook?",
       .sides = {{"close.last-ack-number"}},
       .source = {timewait, "종료 과정"}},
      {.kind = open_question,
       .text = "Which setting controls how often and for how long an unanswered FIN is repeated?",
       .sides = {{"fin.wait-1-tunable"}},
       .source = {timewait, "재시도"}},
  };
  return all;
}

}  // namespace

std::span<const Topic> topics() {
  return all_topics();
}

}  // namespace twlab
