#include "os/loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "os/error.h"

namespace twlab::os {
namespace {

timespec to_timespec(Duration d) {
  auto whole = std::chrono::duration_cast<std::chrono::seconds>(d);
  return {whole.count(), (d - whole).count()};
}

void swallow(int fd) {
  uint64_t count = 0;
  [[maybe_unused]] ssize_t n = ::read(fd, &count, sizeof count);
}

}  // namespace

void Loop::add(int fd, std::function<void()> ready) {
  entries_.push_back({fd, std::move(ready)});
}

void Loop::remove(int fd) {
  std::erase_if(entries_, [fd](const Entry& entry) { return entry.fd == fd; });
}

void Loop::wait_until(Time deadline) {
  std::vector<pollfd> fds;
  for (const Entry& entry : entries_) fds.push_back({entry.fd, POLLIN, 0});
  timespec timeout = to_timespec(std::max(deadline - now(), Duration(0)));
  int ready = ppoll(fds.data(), fds.size(), &timeout, nullptr);
  if (ready < 0 && errno != EINTR) fail(errno, "waiting for events");
  if (ready <= 0) return;
  for (const pollfd& fd : fds) {
    if (fd.revents == 0) continue;
    // Looked up again: an earlier callback may have removed it.
    auto entry = std::find_if(entries_.begin(), entries_.end(),
                              [&](const Entry& candidate) { return candidate.fd == fd.fd; });
    if (entry == entries_.end()) continue;
    auto callback = entry->ready;
    callback();
  }
}

bool Loop::until(const std::function<bool()>& condition, Time deadline,
                 const std::function<Time()>& next) {
  for (;;) {
    if (condition()) return true;
    if (now() >= deadline) return false;
    wait_until(next ? std::min(deadline, next()) : deadline);
  }
}

TimerFd::TimerFd()
    : fd_(check(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), "making a timer")) {}

void TimerFd::set(Time when) {
  itimerspec spec{};
  // 0 would disarm it.
  spec.it_value = to_timespec(std::max(when.time_since_epoch(), Duration(1)));
  check(timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr), "setting a timer");
}

void TimerFd::clear() {
  itimerspec spec{};
  check(timerfd_settime(fd_.get(), 0, &spec, nullptr), "clearing a timer");
}

void TimerFd::acknowledge() {
  swallow(fd_.get());
}

Wakeup::Wakeup() : fd_(check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "making an eventfd")) {}

void Wakeup::wake() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(fd_.get(), &one, sizeof one);
}

void Wakeup::acknowledge() {
  swallow(fd_.get());
}

}  // namespace twlab::os
