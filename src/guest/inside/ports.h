// The guest's side of its connection to the program outside: two devices of QEMU that need no
// driver.
//
// QEMU answers a port access before the guest's next instruction, so that nothing of what passes
// here depends on when it is read or written outside.
#pragma once

#include <string>
#include <string_view>

namespace twlab::guest {

class Ports {
 public:
  // Needs CAP_SYS_RAWIO. Throws std::system_error.
  Ports();
  // To whoever listens outside, a line.
  void tell(std::string_view line);
  // Where it can be fetched from once the machine has stopped. Throws std::length_error when it is
  // more than fits.
  void leave(std::string_view bytes);
  // The bytes that the machine was started with under this name (QEMU, docs/specs/fw_cfg.rst), at
  // once. Throws std::runtime_error when there is no such entry.
  std::string receive(std::string_view name);
  // Stops the machine between this instruction and the next one (pvpanic); it may be saved then.
  void pause();
  [[noreturn]] void power_off();  // isa-debug-exit
};

}  // namespace twlab::guest
