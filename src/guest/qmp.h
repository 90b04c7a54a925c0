// QEMU's monitor protocol (QEMU, docs/interop/qmp-spec.txt): one command at a time, events passed
// over.
#pragma once

#include <chrono>
#include <string>

#include "os/fd.h"

namespace twlab::guest {

using Deadline = std::chrono::steady_clock::time_point;

class Qmp {
 public:
  // `socket` is connected to QEMU.
  explicit Qmp(os::UniqueFd socket) : socket_(std::move(socket)) {}

  // All throw std::runtime_error: with QEMU's own words when it refuses, and when it is gone or has
  // not answered by the deadline.

  // Reads the greeting; before anything else.
  void greet(Deadline deadline);
  // Returns when the machine has stopped by itself.
  void await_pause(Deadline deadline);
  // Hands the whole state of a stopped machine to a shell command; returns when it has taken it.
  void save(const std::string& command, Deadline deadline);
  // Waits until a machine that was started with -incoming is restored, and lets it go on.
  void go_on(Deadline deadline);

 private:
  // Returns this field of the answer; nothing when none is asked for.
  std::string execute(const std::string& command, const std::string& field, Deadline deadline);
  std::string read_line(Deadline deadline);

  os::UniqueFd socket_;
  std::string unread_;
};

}  // namespace twlab::guest
