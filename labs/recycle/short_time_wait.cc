// Whether the kernel has tcp_tw_recycle, and how long TIME_WAIT then lasts: 3.5 retransmission
// time-outs, which the article computes to be 3.5 s. Linux 4.12 has removed the setting.

#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr const char* kRecycle = "net.ipv4.tcp_tw_recycle";

struct Lasted {
  Duration time_wait, rto;
  Section::Evidence evidence;
};

Lasted measure(Lab& lab, Host& client, Host& server, const char* recycle) {
  client.set(kRecycle, recycle);
  auto connection = lab.connect(client, server);
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(connection.client.raw().fd(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    throw Unexpected("no TCP_INFO");
  Tuple tuple = lab.into_time_wait(client, connection.client, connection.server);
  Seen ack = lab.trace(client, tuple).back();
  Time gone = lab.await_state(client, tuple, CLOSED, 70s);
  EventId end = lab.path(client, tuple).back().id;
  return {gone - ack.time, std::chrono::microseconds(info.tcpi_rto), {ack.id, end}};
}

}  // namespace

LAB(recycle_short_time_wait,
    {.name = "recycle.short-time-wait",
     .story = "A client with tcp_tw_recycle closes first; its TIME_WAIT is measured and compared "
              "with the retransmission time-out of that connection.",
     .claims = {"recycle.short-time-wait"},
     .control = "tcp_tw_recycle 0: 60 s",
     .needs = 75s}) {
  auto [client, server] = lab.two_kernels();
  if (!client.has(kRecycle)) {
    if (!lab.exists(kRecycle))
      throw FeatureAbsent("net.ipv4.tcp_tw_recycle does not exist in this kernel");
    throw NotMeasurable(
        "this kernel has tcp_tw_recycle in the first namespace alone, where it acts "
        "on the whole machine: run this in a guest");
  }

  Section& recycled = lab.section("tcp_tw_recycle 1");
  Lasted with = measure(lab, client, server, "1");
  Duration computed = with.rto * 7 / 2;
  recycled.within(fmt::format("against 3.5 times the RTO of {}", os::show(with.rto)),
                  with.time_wait, computed - 50ms, computed + 1500ms,
                  "old kernels round up to slots of the recycling wheel", with.evidence);
  recycled.within("against 3.5 s", with.time_wait, 3400ms, 5s, "the same", with.evidence);

  Section& control = lab.control("tcp_tw_recycle 0");
  Lasted without = measure(lab, client, server, "0");
  control.within("TIME_WAIT", without.time_wait, 60s - 100ms, 60s + 60s / 8 + 2s,
                 "the timer wheel's eighth, and 2 s for a busy machine", without.evidence);

  lab.judge("recycle.short-time-wait", recycled, control)
      .because(fmt::format("TIME_WAIT lasted {} with an RTO of {}, and {} without the setting",
                           os::show(with.time_wait), os::show(with.rto),
                           os::show(without.time_wait)));
}
