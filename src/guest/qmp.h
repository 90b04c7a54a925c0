// QEMU's monitor protocol (QEMU, docs/interop/qmp-spec.txt): one command at a time, and the events
// that tell what has become of it.
#pragma once

#include <deque>
#include <string>

#include "guest/input.h"
#include "os/fd.h"

namespace twlab::guest {

struct QmpEvent {
  std::string name, status;  // "MIGRATION", "completed"; most events have no status
};

class Qmp {
 public:
  // `socket` is connected to QEMU.
  Qmp(os::UniqueFd socket, const Patience& patience) : input_(std::move(socket), patience) {}

  // All throw std::runtime_error: "QEMU: " with its own words when it refuses, "QEMU ended" and the
  // like when it does not answer (see Input).

  // Reads the greeting; before anything else.
  void greet();
  // Returns when the machine has stopped by itself.
  void await_stop();
  // Hands the state of a stopped machine, without memory that is shared with a file, to a shell
  // command; returns when it has taken it.
  void save(const std::string& command);
  // Restores a machine that was started with "-incoming defer" from a descriptor of QEMU's own that
  // was open when it started, and lets it go on.
  void restore(int descriptor);
  // The first bytes of what has been written to a character device that keeps it ("ringbuf").
  std::string read_buffer(const std::string& device, size_t size);

 private:
  // Returns the answer when it is a string.
  std::string execute(const std::string& command);
  void await_migration();
  QmpEvent next_event();
  std::string read_line();

  Input input_;
  std::deque<QmpEvent> events_;  // that came before an answer
};

}  // namespace twlab::guest
