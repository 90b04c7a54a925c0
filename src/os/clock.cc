#include "os/clock.h"

#include <fmt/format.h>
#include <time.h>

#include <cmath>

namespace twlab::os {
namespace {

Duration read(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec);
}

}  // namespace

Time now() {
  return Time(read(CLOCK_REALTIME));
}

Duration thread_time() {
  return read(CLOCK_THREAD_CPUTIME_ID);
}

Duration realtime_offset() {
  return read(CLOCK_REALTIME) - read(CLOCK_MONOTONIC);
}

std::string show(Duration d) {
  double ns = static_cast<double>(d.count());
  double size = std::fabs(ns);
  if (size < 1e3) return fmt::format("{:.0f} ns", ns);
  if (size < 1e6) return fmt::format("{:.0f} us", ns / 1e3);
  if (size < 1e9) return fmt::format("{:.1f} ms", ns / 1e6);
  return size < 1e10 ? fmt::format("{:.3f} s", ns / 1e9) : fmt::format("{:.2f} s", ns / 1e9);
}

}  // namespace twlab::os
