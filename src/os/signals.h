// Signals read like any other input, by a Loop.
#pragma once

#include <signal.h>

#include <initializer_list>
#include <optional>

#include "os/fd.h"

namespace twlab::os {

// While it lives, the process gets these signals from fd() alone: they are blocked in the calling
// thread, which must be the only one, and a disposition that would discard them (a shell may leave
// SIGCHLD or SIGINT ignored) is put aside. Children inherit both and call restore_mask() first.
// What was not taken when it ends is dropped.
class SignalFd {
 public:
  explicit SignalFd(std::initializer_list<int> signals);
  ~SignalFd();
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;

  int fd() const { return fd_.get(); }
  // The number of a signal that has come, or none.
  std::optional<int> take();
  // For a forked child: the signal mask as it was before.
  void restore_mask() const;

 private:
  sigset_t mask_{};
  sigset_t before_{};
  struct Saved {
    int number;
    struct sigaction action;
  };
  Saved saved_[8]{};
  size_t count_ = 0;
  UniqueFd fd_;
};

}  // namespace twlab::os
