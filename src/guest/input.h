// What another process says, awaited no longer than a deadline.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

#include "os/clock.h"
#include "os/fd.h"

namespace twlab::guest {

// How long somebody is willing to wait, for all that follows together.
struct Patience {
  Duration limit{};
  std::chrono::steady_clock::time_point end = std::chrono::steady_clock::now() + limit;
  int stop = -1;  // a descriptor: as soon as it is readable nobody waits any more
};

class Input {
 public:
  // Why nothing more comes: "ended", "gave no answer within 3 s", "was stopped".
  struct Ended : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

  // The descriptor is a pipe's or a socket's.
  Input(os::UniqueFd fd, const Patience& patience) : fd_(std::move(fd)), patience_(patience) {}

  int fd() const { return fd_.get(); }
  // Without its end. Throws Ended.
  std::string read_line();

 private:
  void read_more();

  os::UniqueFd fd_;
  Patience patience_;
  std::string unread_;
};

}  // namespace twlab::guest
