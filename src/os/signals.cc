#include "os/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cassert>

#include "os/error.h"

namespace twlab::os {

SignalFd::SignalFd(std::initializer_list<int> signals) {
  assert(signals.size() <= std::size(saved_));
  sigemptyset(&mask_);
  for (int number : signals) sigaddset(&mask_, number);
  fd_.reset(check(signalfd(-1, &mask_, SFD_CLOEXEC | SFD_NONBLOCK), "making a signalfd"));
  check(sigprocmask(SIG_BLOCK, &mask_, &before_), "blocking signals");
  for (int number : signals) {
    Saved& saved = saved_[count_++];
    saved.number = number;
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    sigaction(number, &standard, &saved.action);
  }
}

SignalFd::~SignalFd() {
  while (take()) {
  }
  for (size_t i = 0; i < count_; ++i) sigaction(saved_[i].number, &saved_[i].action, nullptr);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> SignalFd::take() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return {};
  return static_cast<int>(info.ssi_signo);
}

void SignalFd::restore_mask() const {
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace twlab::os
