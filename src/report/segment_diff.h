// The first segment in which two recordings of one lab differ, in numbers that do not depend on
// when and where either was made.
//
// What a sender sent in one connection in A is compared, segment by segment, with what it sent
// there in B; of all differences the earliest counts. In this:
//
// - Ports from which somebody connected, and those of Linux's ephemeral range, are named in the
//   order in which they appear between their address and the other end: p1, p2.
// - Sequence numbers count from the SYN of their direction. When a connection has had several, they
//   count from the nearest and say from which: "27 of SYN 2". A number more than 16 MiB from any is
//   "far" and equal to any other such.
// - Timestamps count from the first TSval of their direction. Kernels differ in whether connections
//   of one host share a clock. One that jumps by more than 16 Mi ticks is another clock.
// - Time is that since the segment before in the same connection, compared within `same_time`; a
//   connection's first segment has none: it is sent when the lab gets there.
// - An ACK may go alone, up to 40 ms (TCP_DELACK_MIN) before a segment of the same sender that
//   acknowledges as much, or ride on that segment: it depends on whether a timer or the application
//   was first.
// - Not compared: payload bytes (their number is), PSH and the ECN bits, the values of window (but
//   whether it is zero), window scale and SACK, TTL, addresses of the link.
//
// A segment that only one recording has is no difference when the other one ended just then.
#pragma once

#include <optional>
#include <string>

#include "lab/recording.h"

namespace twlab::report {

// The same time: not more than 250 ms apart, or an eighth of the longer one if that is more. A
// delayed ACK waits up to 200 ms (TCP_DELACK_MAX), and a timer of the kernel's wheel goes off late
// by up to an eighth (kernel/time/timer.c); the next longer timeout of TCP, 1 s, is far enough off.
constexpr Duration time_tolerance = 250ms;
constexpr int late_part = 8;
bool same_time(Duration a, Duration b);

struct SegmentDifference {
  std::string sender;  // "192.0.2.1:p1 > 192.0.2.2:5000"
  size_t number = 0;   // among those from this sender in this connection, from 1
  std::string fields;  // "ack, time"; empty where only one recording has the segment
  // "+0.204 s [F.] seq 27 ack 1 length 0"; empty where the recording has none.
  std::string a, b;
};

std::optional<SegmentDifference> first_difference(const Recording& a, const Recording& b);

}  // namespace twlab::report
