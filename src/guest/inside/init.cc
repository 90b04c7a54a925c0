#include "guest/inside/init.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sstream>

#include "guest/inside/ports.h"
#include "guest/order.h"
#include "guest/protocol.h"
#include "lab/runner.h"
#include "os/error.h"
#include "os/fd.h"
#include "os/file.h"

namespace twlab::guest {
namespace {

void mount_at(const char* type, const char* path) {
  mkdir(path, 0755);
  // The kernel may have mounted devtmpfs already.
  if (::mount(type, path, type, 0, nullptr) < 0 && errno != EBUSY)
    os::fail(errno, std::string("mounting ") + path);
}

// finit_module(2) without a library: an old kernel's modules come without compression.
void load_modules() {
  std::istringstream names(os::read_file(modules_order));
  for (std::string name; std::getline(names, name);) {
    std::string path = std::string(modules_folder) + "/" + name;
    os::UniqueFd file(os::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "opening " + path));
    if (syscall(SYS_finit_module, file.get(), "", 0) < 0 && errno != EEXIST)
      os::fail(errno, "loading the module " + name);
  }
}

// While QEMU stops a machine that asked for it, its main loop may take the processor for idle and
// let the clock jump to the next timer, or not: that depends on which of its threads comes first
// (icount_start_warp_timer, seen in QEMU 7.2). So that this does not matter, labs begin at a fixed
// time, some idle seconds after the machine goes on. The kernel hands over what is on its command
// line (guest/machine.cc) and not for itself as environment.
void await_start() {
  const char* start = getenv("twlab_start");
  if (!start) return;
  timespec when{.tv_sec = std::atol(start), .tv_nsec = 0};
  // Not a little later so that other timers may be served along with it.
  os::check(prctl(PR_SET_TIMERSLACK, 1), "asking for exact timers");
  while (int error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr))
    if (error != EINTR) os::fail(error, "waiting for the start");
  os::check(prctl(PR_SET_TIMERSLACK, 0), "asking for timers as usual");
}

void do_order(Ports& ports, const std::function<std::string(const LabResult&)>& encode) {
  Order order = read_order(ports.receive(order_entry));
  const LabInfo* lab = find_lab(order.lab);
  if (!lab) throw std::runtime_error("no lab is named " + order.lab);
  LabResult result =
      execute(*lab, order.family,
              [&](std::string what, Time until) {
                std::ranges::replace(what, '\n', ' ');
                ports.tell(fmt::format("waiting {} {}\n", (until - os::now()).count(), what));
              },
              order.settings, {},
              {.idle_is_free = order.warped, .own_machine = true, .work_takes_time = false});
  std::string bytes = encode(result);
  ports.leave(bytes);
  ports.tell(fmt::format("result {}\n", bytes.size()));
  ports.pause();
}

}  // namespace

void init(const std::function<std::string(const LabResult&)>& encode) {
  // Without ports nobody can be told anything; the kernel panics when its first process ends.
  Ports ports;
  try {
    mount_at("devtmpfs", "/dev");
    // The kernel looked for its console before there was a /dev.
    for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      os::UniqueFd console(os::check(::open("/dev/console", O_RDWR), "opening the console"));
      if (console.get() == fd)
        console.release();
      else
        os::check(dup2(console.get(), fd), "using the console");
    }
    mount_at("proc", "/proc");
    mount_at("sysfs", "/sys");
    mount_at("tmpfs", "/tmp");
    load_modules();
    ports.tell(std::string(ready_line) + "\n");
    ports.pause();
    await_start();
    do_order(ports, encode);
  } catch (const std::exception& error) {
    fmt::print(stderr, "twlab: {}\n", error.what());
    std::fflush(stderr);
  }
  ports.power_off();
}

}  // namespace twlab::guest
