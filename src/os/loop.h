// Waiting for descriptors and for conditions, in one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "os/clock.h"
#include "os/fd.h"

namespace twlab::os {

class Loop {
 public:
  // `ready` runs whenever the descriptor is readable. The descriptor stays the caller's and must be
  // removed before it is closed. Callbacks may add and remove descriptors.
  void add(int fd, std::function<void()> ready);
  void remove(int fd);

  // Waits until a descriptor is readable or the time has come, and runs the callbacks.
  void wait_until(Time deadline);
  // Runs the loop until the condition holds (true) or the deadline has passed (false). The
  // condition is asked before each wait. `next` says until when at most to wait before asking
  // again.
  bool until(const std::function<bool()>& condition, Time deadline,
             const std::function<Time()>& next = {});

 private:
  struct Entry {
    int fd;
    std::function<void()> ready;
  };
  std::vector<Entry> entries_;
};

// A one-shot timer that a Loop can wait for.
class TimerFd {
 public:
  TimerFd();
  void set(Time when);  // at once when that has passed
  void clear();
  int fd() const { return fd_.get(); }
  void acknowledge();  // after it was readable

 private:
  UniqueFd fd_;
};

// Wakes a Loop from another thread.
class Wakeup {
 public:
  Wakeup();
  void wake();
  void acknowledge();
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace twlab::os
