#include "guest/machine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "guest/input.h"
#include "guest/protocol.h"
#include "guest/qmp.h"
#include "os/error.h"
#include "os/file.h"
#include "os/process.h"

namespace twlab::guest {
namespace {

constexpr const char* qemu = "qemu-system-x86_64";
constexpr const char* result_buffer = "results";

// Descriptors by which QEMU finds its files.
enum Inherited { monitor = 3, initramfs, order, memory, state, inherited_end };

std::string inherited(Inherited fd) {
  return fmt::format("/proc/self/fd/{}", int(fd));
}

// The same for commands that QEMU runs in a shell, which inherits nothing.
std::string inherited_by_shell(Inherited fd) {
  return fmt::format("/proc/$PPID/fd/{}", int(fd));
}

// What makes the guest's time warp: one clock, counted in instructions. HPET off: with it a day of
// idle time takes minutes instead of seconds. The frequency spares a calibration. CMPXCHG16B off:
// emulated by QEMU 7.2 it sometimes breaks the lists of the kernel's allocator (6.12 panicked in
// __kmalloc in 12 of 12 runs of one lab with it, in none of 10 without).
std::vector<std::string> clock_arguments(const Machine& machine) {
  std::vector<std::string> arguments{
      "-M", "q35,hpet=off,sata=off,smbus=off,vmport=off,i8042=off,memory-backend=memory", "-cpu",
      "max,cx16=off"};
  auto add = [&](std::initializer_list<const char*> more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
  };
  add({"-accel", machine.kvm ? "kvm" : "tcg,thread=single"});
  if (!machine.real_time) add({"-icount", "shift=3,sleep=off"});
  return arguments;
}

std::string kernel_arguments(const Machine& machine) {
  std::string arguments =
      "console=ttyS0 quiet panic=-1 nokaslr cryptomgr.notests mitigations=off no5lvl "
      "init_on_alloc=0 hardened_usercopy=off cgroup_disable=memory psi=0 audit=0 apparmor=0 "
      "sysctl.vm.stat_interval=86400 sysctl.vm.compaction_proactiveness=0 "
      "sysctl.vm.dirty_writeback_centisecs=0 transparent_hugepage=never nowatchdog "
      "random.trust_cpu=on";
  // Every kernel is up after some seconds of its time; see await_start in inside/init.cc.
  if (!machine.real_time)
    arguments += " tsc_early_khz=1000000 tsc=reliable no_timer_check twlab_start=60";
  return arguments;
}

std::vector<std::string> command_line(const Machine& machine, bool restore) {
  std::vector<std::string> arguments{qemu, "-nodefaults", "-no-user-config", "-no-reboot"};
  auto add = [&](std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
  };
  for (std::string& argument : clock_arguments(machine)) arguments.push_back(std::move(argument));
  add({"-display", "none", "-m", "512", "-smp", "1"});
  add({"-rtc", "base=2026-01-01T00:00:00,clock=vm", "-seed", std::to_string(machine.seed)});
  // A restored machine changes pages of its own alone, which are copied when it does.
  add({"-object", fmt::format("memory-backend-file,id=memory,size=512M,mem-path={},share={}",
                              inherited(memory), restore ? "off" : "on")});
  if (restore)
    add({"-incoming", "defer"});
  else
    add({"-kernel", machine.kernel.string(), "-initrd", inherited(initramfs), "-append",
         kernel_arguments(machine)});
  add({"-chardev", "socket,id=monitor,fd=" + std::to_string(monitor)});
  add({"-mon", "chardev=monitor,mode=control"});
  add({"-chardev", "file,id=console,path=/dev/stderr", "-serial", "chardev:console"});
  add({"-chardev", "stdio,id=told,signal=off"});
  add({"-device", fmt::format("isa-debugcon,iobase={:#x},chardev=told", port::console)});
  add({"-chardev", fmt::format("ringbuf,id={},size={}", result_buffer, largest_result)});
  add({"-device",
       fmt::format("isa-debugcon,iobase={:#x},chardev={}", port::results, result_buffer)});
  add({"-device", fmt::format("isa-debug-exit,iobase={:#x},iosize=4", port::exit)});
  add({"-device", fmt::format("pvpanic,ioport={}", port::panic), "-action", "panic=pause"});
  add({"-fw_cfg", fmt::format("name={},file={}", order_entry, inherited(order))});
  return arguments;
}

os::UniqueFd file_with(const char* name, std::string_view bytes) {
  os::UniqueFd file = os::memory_file(name);
  os::write_all(file.get(), bytes, name);
  return file;
}

// QEMU as a child, and what comes out of it.
class Process {
 public:
  Process(const Machine& machine, const std::string& order_bytes, const Saved& saved, bool restore,
          const Place& place);

  // What the monitor is asked to do; what goes wrong there is told as `what`.
  void command(const char* what, const std::function<void(Qmp&)>& body);

  // What the guest tells next. Throws when it has ended, or at the deadline.
  std::string read_line();
  // What it has left, so many bytes.
  std::string result(size_t size);

  // With what is known of its end, and the last lines of the console.
  [[noreturn]] void fail(const std::string& what);

 private:
  std::string last_of_console() const;

  std::string name_;
  os::UniqueFd console_ = os::memory_file("twlab-console");
  std::optional<Input> told_;
  std::optional<Qmp> qmp_;
  std::optional<os::Child> child_;
};

void become_qemu(const std::vector<std::string>& arguments, int output, int console, int processor,
                 std::array<int, inherited_end - monitor> files) {
  // A Ctrl-C at the terminal would end QEMU before the runner has decided what it means.
  setsid();
  // Whoever takes signals as input has them blocked.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Out of the way first: a descriptor may have the number that another one is to get.
  auto aside = [](int fd) { return os::check(fcntl(fd, F_DUPFD_CLOEXEC, 64), "keeping a file"); };
  for (int& file : files) file = aside(file);
  // A position of its own: others read the same saved state at the same time.
  int& file = files[state - monitor];
  file = os::check(::open(fmt::format("/proc/self/fd/{}", file).c_str(), O_RDWR | O_CLOEXEC),
                   "opening the saved state");
  file = aside(file);
  os::check(dup2(aside(output), STDOUT_FILENO), "giving QEMU its output");
  os::check(dup2(aside(console), STDERR_FILENO), "giving QEMU its console");
  os::UniqueFd nothing(os::check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "opening /dev/null"));
  os::check(dup2(aside(nothing.get()), STDIN_FILENO), "giving QEMU no input");
  for (int fd = monitor; int file : files) os::check(dup2(file, fd++), "giving QEMU a file");
  if (processor >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<size_t>(processor), &set);
    os::check(sched_setaffinity(0, sizeof set, &set), "staying on one processor");
  }
  os::become(arguments);
  dprintf(STDERR_FILENO, "%s cannot be started: %m\n", qemu);
}

Process::Process(const Machine& machine, const std::string& order_bytes, const Saved& saved,
                 bool restore, const Place& place)
    : name_(machine.name) {
  Patience patience{.limit = place.limit, .stop = place.stop};
  os::check(fcntl(console_.get(), F_SETFL, O_APPEND), "preparing the guest's console");
  os::UniqueFd order_file = file_with("twlab-order", order_bytes);
  int ends[2];
  os::check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "making a socket pair");
  qmp_.emplace(os::UniqueFd(ends[0]), patience);
  os::UniqueFd monitor_end(ends[1]);
  os::Pipe told;
  told_.emplace(std::move(told.read), patience);
  std::vector<std::string> arguments = command_line(machine, restore);
  child_ = os::Child::spawn([&] {
    try {
      become_qemu(arguments, told.write.get(), console_.get(), place.processor,
                  {monitor_end.get(), machine.initramfs->get(), order_file.get(),
                   saved.memory.get(), saved.state.get()});
    } catch (const std::exception& error) {
      dprintf(console_.get(), "%s\n", error.what());
    }
    return 127;
  });
}

void Process::command(const char* what, const std::function<void(Qmp&)>& body) {
  try {
    body(*qmp_);
  } catch (const std::runtime_error& error) {
    fail(fmt::format("could not be {}: {}", what, error.what()));
  }
}

std::string Process::read_line() {
  try {
    return told_->read_line();
  } catch (const Input::Ended& ended) {
    fail(ended.what());
  }
}

std::string Process::result(size_t size) {
  std::string bytes;
  command("asked for its result", [&](Qmp& qmp) { bytes = qmp.read_buffer(result_buffer, size); });
  return bytes;
}

std::string Process::last_of_console() const {
  constexpr ptrdiff_t enough = 12;
  std::string text = os::read_all(console_.get(), "the guest's console");
  std::vector<std::string> lines;
  ptrdiff_t oops = -1;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::erase(line, '\r');
    auto says = [&](const char* words) { return line.find(words) != line.npos; };
    if (oops < 0 && (says("Oops") || says("BUG:"))) oops = std::ssize(lines);
    lines.push_back(line);
    // What follows are registers and a trace.
    if (says("Kernel panic")) break;
  }
  ptrdiff_t first = oops >= 0 ? oops : std::max<ptrdiff_t>(std::ssize(lines) - enough, 0);
  ptrdiff_t end = std::min(first + enough, std::ssize(lines));
  return fmt::format("{}", fmt::join(lines.begin() + first, lines.begin() + end, "\n"));
}

void Process::fail(const std::string& what) {
  child_->signal(SIGKILL);
  child_->wait();
  std::string console = last_of_console();
  throw std::runtime_error(fmt::format(
      "the guest with Linux {} {}; {}", name_, what,
      console.empty() ? "its console is empty" : "the last of its console:\n" + console));
}

}  // namespace

std::string qemu_version() {
  std::string text = os::output_of({qemu, "--version"});
  return text.substr(0, text.find('\n'));
}

std::string show_command(const Machine& machine) {
  Machine named = machine;
  named.kernel = machine.kernel.filename();
  auto line = [&](bool restore) {
    return fmt::format("{}", fmt::join(command_line(named, restore), " "));
  };
  return line(false) + "\n" + line(true);
}

Saved boot(const Machine& machine, const Place& place) {
  Saved saved{os::memory_file("twlab-guest-memory"), os::memory_file("twlab-guest")};
  Process guest(machine, std::string(order_size, '\0'), saved, false, place);
  guest.command("started", [](Qmp& qmp) { qmp.greet(); });
  if (std::string line = guest.read_line(); line != ready_line)
    guest.fail("said '" + line + "' instead of being ready");
  guest.command("saved", [](Qmp& qmp) {
    qmp.await_stop();
    qmp.save("cat > " + inherited_by_shell(state));
  });
  return saved;
}

std::string perform(const Machine& machine, const Saved& saved, const Order& order,
                    const Place& place,
                    const std::function<void(const std::string& what, Duration left)>& waiting) {
  Process guest(machine, write_order(order), saved, true, place);
  guest.command("restored", [](Qmp& qmp) {
    qmp.greet();
    qmp.restore(state);
  });
  for (;;) {
    std::string line = guest.read_line();
    size_t space = line.find(' ');
    std::string key = line.substr(0, space);
    int64_t number = 0;
    const char* end = line.data() + line.size();
    auto [rest, error] =
        std::from_chars(line.data() + std::min(space + 1, line.size()), end, number);
    if (key == "waiting" && error == std::errc() && rest != end)
      waiting(std::string(rest + 1, end), Duration(number));
    else if (key == "result" && error == std::errc() && number > 0)
      return guest.result(static_cast<size_t>(number));
    else
      guest.fail("said '" + line + "'");
  }
}

}  // namespace twlab::guest
