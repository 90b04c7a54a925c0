// A virtual machine of QEMU that boots a kernel with this program as its first process, is saved
// once, and goes on from there for each lab.
//
// Time is warped by default: the guest's clocks count its instructions (8 ns each), and when it is
// idle they jump to its next timer. Nothing inside depends on how fast the machine outside is: the
// same kernel, program, order and seed give the same bytes.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "guest/order.h"
#include "os/clock.h"
#include "os/fd.h"

namespace twlab::guest {

struct Machine {
  std::string name;              // of the kernel, for messages
  std::filesystem::path kernel;  // vmlinux
  const os::UniqueFd* initramfs = nullptr;
  uint64_t seed = 1;       // of everything random in the guest
  bool real_time = false;  // the guest's clocks follow the ones outside
  bool kvm = false;        // with real_time only: the processor runs it, nothing is emulated
};

// How to run a machine outside.
struct Place {
  int processor = -1;  // the guest stays on this one; -1: on any
  Duration limit{};    // of real time; then QEMU is killed
  int stop = -1;       // a descriptor: QEMU is killed as soon as it is readable
};

// What installs QEMU, as root.
inline constexpr const char* qemu_advice =
    "apt-get install --no-install-recommends qemu-system-x86";

// The first line of `qemu-system-x86_64 --version`. Throws std::runtime_error when there is none.
std::string qemu_version();

// QEMU's command lines, to boot and to restore, a line each, of the kernel the name: all that the
// guest's bytes depend on besides the files.
std::string show_command(const Machine& machine);

// All of the following kill QEMU before they return, and the kernel kills it when the calling
// thread ends. They throw std::runtime_error with the last lines of the guest's console when the
// guest panics, hangs until the limit, is to stop, or QEMU does not start.

// A machine that was stopped, in files in memory: its own memory, which those that go on from there
// share until they change it, and the state of everything else.
struct Saved {
  os::UniqueFd memory, state;
};

// Boots the machine until it is ready and saves it.
Saved boot(const Machine& machine, const Place& place);

// Restores a saved machine, gives it the order, and returns the bytes of the result. `waiting`
// hears what the lab waits for, and how long in the guest's time.
std::string perform(const Machine& machine, const Saved& saved, const Order& order,
                    const Place& place,
                    const std::function<void(const std::string& what, Duration left)>& waiting);

}  // namespace twlab::guest
