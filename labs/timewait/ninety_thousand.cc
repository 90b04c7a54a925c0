// How many TIME_WAIT sockets one server port can have, and what happens past tcp_max_tw_buckets:
// inet_twsk_alloc() then gives none, tcp_time_wait() counts it, and the connection is simply gone.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr size_t kArticle = 89'262, kLimit = 20'000;
constexpr const char* kOverflow = "TcpExt.TCPTimeWaitOverflow";

// As many clients as the article had, on several addresses; the host closes each connection first.
CrowdResult fill(Lab::KernelAndCrowd hosts, Socket& listener, size_t buckets) {
  hosts.host.set("net.ipv4.tcp_max_tw_buckets", std::to_string(buckets));
  CrowdResult crowd = hosts.crowd.connect(listener, kArticle);
  if (crowd.ended != kArticle)
    throw Unexpected(fmt::format("{} of {} connections came to their end", crowd.ended, kArticle));
  return crowd;
}

}  // namespace

LAB(timewait_ninety_thousand,
    {.name = "timewait.ninety-thousand",
     .story =
         "Crafted clients on several addresses open 89,262 connections to one port of a kernel, "
         "which closes each first; tcp_max_tw_buckets is 262,144 in its namespace. Then the "
         "same at a host that may have 20,000.",
     .claims = {"timewait.ninety-thousand", "beyond.bucket-overflow"},
     .control = "tcp_max_tw_buckets is 20,000: no more remain, and the overflow counter tells how "
                "many were dropped; with 262,144 it stays at 0",
     .needs = 10s,
     .heavy = true}) {
  auto roomy = lab.kernel_and_crowd("server");
  Socket listener = roomy.host.listen(5000);

  Section& many = lab.section("89,262 connections to one port, room for 262,144");
  CrowdResult crowd = fill(roomy, listener, 262'144);
  auto diag = roomy.host.count(TIME_WAIT, 5000);
  auto sockstat = roomy.host.sockstat("TCP.tw");
  many.is("TIME_WAIT sockets at port 5000, by sock_diag", diag.count >= kArticle, "at least 89262",
          fmt::format("{}", diag.count), {crowd.id, diag.id});
  many.is("TIME_WAIT sockets of the host, by /proc/net/sockstat", sockstat.count >= kArticle,
          "at least 89262", fmt::format("{}", sockstat.count), {sockstat.id});

  Section& none = lab.control("with room for 262,144 none is dropped");
  none.equal(kOverflow, roomy.host.counter(kOverflow), 0, {crowd.id});
  Tuple last = roomy.crowd.tuple(listener, kArticle - 1);
  none.equal("the last connection's state", net::name(roomy.host.state(last)), "TIME_WAIT");

  auto tight = lab.kernel_and_crowd("tight");
  Socket other = tight.host.listen(5000);
  Section& overflow = lab.section("the same with tcp_max_tw_buckets = 20,000");
  CrowdResult again = fill(tight, other, kLimit);
  auto left = tight.host.count(TIME_WAIT, 5000);
  int64_t dropped = tight.host.counter(kOverflow);
  // The kernel compares before it counts, so that one more may get in.
  overflow.is("TIME_WAIT sockets that remain", left.count >= kLimit && left.count <= kLimit + 1,
              "20000, or one more", fmt::format("{}", left.count), {again.id, left.id});
  overflow.equal(kOverflow, dropped, kArticle - left.count, {again.id});
  overflow.equal("the last connection's state",
                 net::name(tight.host.state(tight.crowd.tuple(other, kArticle - 1))), "CLOSED");

  Section& fewer = lab.control("with room for 20,000 the same clients do not leave as many");
  fewer.is("TIME_WAIT sockets at port 5000, by sock_diag", left.count < kArticle,
           "fewer than 89262", fmt::format("{}", left.count), {left.id});
  auto less = tight.host.sockstat("TCP.tw");
  fewer.is("TIME_WAIT sockets of the host, by /proc/net/sockstat", less.count < kArticle,
           "fewer than 89262", fmt::format("{}", less.count), {less.id});

  lab.judge("timewait.ninety-thousand", many, fewer)
      .because(fmt::format("{} connections by clients on several addresses left {} TIME_WAIT "
                           "sockets at one port ({:.0f} connections a second)",
                           kArticle, diag.count, crowd.per_second()));
  lab.judge("beyond.bucket-overflow", overflow, none)
      .because(fmt::format("with tcp_max_tw_buckets = {}, {} of {} connections left a TIME_WAIT "
                           "socket, and TCPTimeWaitOverflow rose by {}",
                           kLimit, left.count, kArticle, dropped));
}
