// Time as the whole lab uses it: nanoseconds, one clock.
#pragma once

#include <chrono>
#include <string>

namespace twlab {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;

// A point on CLOCK_REALTIME, the clock on which the kernel stamps captured frames: frames, calls
// and states are comparable only because they share it.
using Time = std::chrono::sys_time<Duration>;

namespace os {

Time now();

// The processor time that the calling thread has used, in the kernel and outside. What else the
// machine does meanwhile does not count.
Duration thread_time();

// How far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC. It changes only when somebody sets the clock;
// a lab compares it at its start and end and distrusts its durations when it moved.
Duration realtime_offset();

// "350 us", "12.3 ms", "1.204 s", "60.41 s": three to four digits, for people.
std::string show(Duration d);

inline double seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace os
}  // namespace twlab
