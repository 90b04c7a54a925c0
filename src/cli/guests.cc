#include "cli/guests.h"

#include <fmt/format.h>
#include <sched.h>
#include <signal.h>

#include <mutex>
#include <stdexcept>
#include <thread>

#include "cli/probe.h"
#include "guest/digest.h"
#include "guest/initramfs.h"
#include "os/error.h"
#include "os/file.h"
#include "os/loop.h"
#include "os/signals.h"

namespace twlab::cli {
namespace {

// Of this machine's time. A kernel boots in some seconds here.
constexpr Duration boot_limit = 120s;
constexpr Duration kvm_boot_limit = 10s;
constexpr Duration warped_limit = 600s;
constexpr Duration real_time_grace = 60s;

std::vector<int> usable_processors() {
  cpu_set_t set;
  os::check(sched_getaffinity(0, sizeof set, &set), "asking for the usable processors");
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(static_cast<size_t>(i), &set)) processors.push_back(i);
  return processors;
}

std::string find_qemu() {
  try {
    return guest::qemu_version();
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("other kernels run in QEMU: {}; {} installs it",
                                         error.what(), guest::qemu_advice));
  }
}

// Beside this program as it was built, or where it is installed.
std::filesystem::path inner_program() {
  auto folder = std::filesystem::canonical("/proc/self/exe").parent_path();
  for (const char* place : {"twlab-guest", "../libexec/twlab/twlab-guest"})
    if (auto path = folder / place; std::filesystem::exists(path)) return path;
  throw std::runtime_error("twlab-guest, which runs inside of guests, is not in " +
                           folder.string() + ": build or install all of twlab");
}

std::string pack(const guest::Kernel& kernel, std::vector<guest::Packed> files) {
  std::vector<std::string> names;
  for (auto* more : {&guest::lab_modules, &guest::nat_modules, &guest::other_modules})
    names.insert(names.end(), more->begin(), more->end());
  std::string order;
  std::vector<std::string> missing;
  for (const guest::Module& module : guest::modules_needed(kernel, names, &missing)) {
    files.push_back({module.path, "modules/" + module.name});
    order += module.name + "\n";
  }
  std::vector<std::pair<std::string, std::string>> texts{{"modules/order", order}};
  return guest::make_initramfs(files, texts);
}

}  // namespace

Guests::Guests(std::vector<guest::Kernel> kernels, GuestOptions options)
    : options_(std::move(options)), emulator_(find_qemu()), processors_(usable_processors()) {
  std::filesystem::path program = inner_program();
  program_sha256_ = guest::sha256_of_file(program);
  std::vector<guest::Packed> files = guest::program_files(program);
  for (guest::Kernel& kernel : kernels) {
    std::string bytes = pack(kernel, files);
    Guest& guest = guests_.emplace_back();
    guest.kernel = std::move(kernel);
    guest.initramfs = os::memory_file("twlab-initramfs");
    os::write_all(guest.initramfs.get(), bytes, "the initramfs");
    guest.initramfs_sha256 = guest::sha256(bytes);
    guest.trouble = "it was not booted";
  }
  if (options_.real_time && !guests_.empty()) try_kvm();
}

guest::Machine Guests::machine(const Guest& guest) const {
  return {guest.kernel.release, guest.kernel.image, &guest.initramfs,
          options_.seed,        options_.real_time, kvm_};
}

// /dev/kvm may open and not run a kernel, so one is booted. Before that the quick probe: where it
// says no, most of these boots would hang until their limit.
void Guests::try_kvm() {
  if (!ask({.name = "KVM", .ask = ask_kvm}).yes) return;
  try {
    kvm_ = true;
    guest::boot(machine(guests_.front()), {processors_.front(), kvm_boot_limit});
    emulator_ += " with KVM";
  } catch (const std::runtime_error&) {
    kvm_ = false;
  }
}

void Guests::boot(Guest& guest, const guest::Place& place) const {
  try {
    guest.saved = guest::boot(machine(guest), place);
    guest.trouble.clear();
  } catch (const std::exception& error) {
    guest.trouble = error.what();
  }
}

bool Guests::boot(const std::set<size_t>& kernels,
                  const std::function<void(const std::string& line)>& said) {
  os::SignalFd signals{SIGINT, SIGTERM};
  os::Wakeup stop, ended;
  std::vector<size_t> waiting(kernels.rbegin(), kernels.rend());
  std::vector<std::string> lines;
  std::mutex mutex;  // of the two
  // A thread for each processor: QEMU ends with the thread that started it.
  auto work = [&](int processor) {
    for (;;) {
      std::unique_lock lock(mutex);
      if (waiting.empty()) return;
      Guest& guest = guests_[waiting.back()];
      waiting.pop_back();
      lock.unlock();
      auto begin = std::chrono::steady_clock::now();
      boot(guest, {processor, boot_limit, stop.fd()});
      lock.lock();
      lines.push_back(guest.trouble.empty()
                          ? fmt::format("Linux {} is ready after {}", guest.kernel.release,
                                        os::show(std::chrono::steady_clock::now() - begin))
                          : guest.trouble);
      ended.wake();
    }
  };
  std::vector<std::jthread> threads;
  for (int processor : processors_) threads.emplace_back(work, processor);

  bool interrupted = false;
  size_t left = kernels.size();
  os::Loop loop;
  loop.add(signals.fd(), [&] { interrupted = signals.take().has_value(); });
  loop.add(ended.fd(), [&] {
    ended.acknowledge();
    std::lock_guard lock(mutex);
    for (const std::string& line : lines) said(line);
    left -= lines.size();
    lines.clear();
  });
  loop.until([&] { return interrupted || left == 0; }, Time::max());
  if (!interrupted) return true;
  {
    std::lock_guard lock(mutex);
    waiting.clear();
  }
  stop.wake();
  said("interrupted while kernels booted");
  return false;
}

std::string Guests::perform(const Task& task, size_t kernel, size_t place,
                            const OnWait& waiting) const {
  const Guest& guest = guests_[kernel];
  guest::Order order{std::string(task.lab->name), task.family, options_.settings,
                     !options_.real_time};
  // A little earlier than the runner, so that the console is still there to be quoted.
  Duration allowed = limit() - 5s;
  return guest::perform(
      machine(guest), guest.saved, order, {processors_[place % processors_.size()], allowed},
      [&](const std::string& what, Duration left) { waiting(what, os::now() + left); });
}

std::vector<int> Guests::descriptors() const {
  std::vector<int> open;
  for (const Guest& guest : guests_) {
    open.push_back(guest.initramfs.get());
    open.push_back(guest.saved.memory.get());
    open.push_back(guest.saved.state.get());
  }
  return open;
}

Duration Guests::limit() const {
  if (!options_.real_time) return warped_limit;
  Duration longest{};
  for (const LabInfo& lab : labs()) longest = std::max(longest, lab.needs);
  return longest + real_time_grace;
}

report::GuestText Guests::describe(size_t kernel) const {
  const Guest& guest = guests_[kernel];
  return {guest.kernel.source,
          emulator_,
          options_.seed,
          options_.real_time,
          guest::show_command(machine(guest)),
          guest::sha256_of_file(guest.kernel.image),
          guest.initramfs_sha256,
          program_sha256_};
}

}  // namespace twlab::cli
