#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <stdexcept>

#include "cli/probe.h"
#include "os/clock.h"
#include "os/error.h"
#include "os/fd.h"

#ifdef __x86_64__
#include <linux/kvm.h>

namespace twlab::cli {
namespace {

// In 64-bit mode, as a kernel runs: counts a million down, writes 5 to port 0x10, halts.
constexpr uint8_t code[] = {
    0xb9, 0x40, 0x42, 0x0f, 0x00,  // mov ecx, 1000000
    0xff, 0xc9,                    // dec ecx
    0x75, 0xfc,                    // jnz to the line before
    0xb0, 0x05,                    // mov al, 5
    0xe6, 0x10,                    // out 0x10, al
    0xf4,                          // hlt
};
// Some hypervisors that cannot virtualise a processor interpret every instruction: that takes
// seconds where a processor needs a millisecond, and a kernel never comes up.
constexpr Duration far_too_long = 100ms;

constexpr uint64_t memory_size = 0x10000, start = 0x1000;
constexpr uint64_t page_map = 0x2000, page_directories = 0x3000, page_directory = 0x4000;

Duration cpu_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec);
}

void fill(char* memory) {
  auto put = [&](uint64_t at, uint64_t value) { std::memcpy(memory + at, &value, sizeof value); };
  constexpr uint64_t present_writable = 3, large = 0x80;
  put(page_map, page_directories | present_writable);
  put(page_directories, page_directory | present_writable);
  put(page_directory, large | present_writable);  // the first 2 MiB, at their own addresses
  std::memcpy(memory + start, code, sizeof code);
}

void set_registers(int cpu) {
  kvm_sregs s{};
  os::check(ioctl(cpu, KVM_GET_SREGS, &s), "opens but reading the registers fails");
  s.cr3 = page_map;
  s.cr4 = 0x20;        // PAE
  s.cr0 = 0x80050033;  // PG, AM, WP, NE, ET, MP, PE
  s.efer = 0x500;      // LMA, LME
  kvm_segment segment{};
  segment.limit = 0xffffffff;
  segment.selector = 8;
  segment.present = segment.s = segment.g = 1;
  segment.type = 11;  // code
  segment.l = 1;
  s.cs = segment;
  segment.selector = 16;
  segment.type = 3;  // data
  segment.l = 0;
  segment.db = 1;
  s.ds = s.es = s.fs = s.gs = s.ss = segment;
  os::check(ioctl(cpu, KVM_SET_SREGS, &s), "opens but setting the segments fails");
  kvm_regs registers{};
  registers.rip = start;
  registers.rflags = 2;  // a bit that is always set
  os::check(ioctl(cpu, KVM_SET_REGS, &registers), "opens but setting the registers fails");
}

}  // namespace

std::string ask_kvm() {
  auto map = [](size_t size, int flags, int fd) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);
    if (memory == MAP_FAILED) os::fail(errno, "mapping memory");
    return static_cast<char*>(memory);
  };
  os::UniqueFd kvm(os::check(::open("/dev/kvm", O_RDWR | O_CLOEXEC), "opening /dev/kvm"));
  os::UniqueFd machine(
      os::check(ioctl(kvm.get(), KVM_CREATE_VM, 0), "opens but making a machine fails"));
  char* memory = map(memory_size, MAP_ANONYMOUS, -1);
  fill(memory);
  kvm_userspace_memory_region region{};
  region.memory_size = memory_size;
  region.userspace_addr = reinterpret_cast<uint64_t>(memory);
  os::check(ioctl(machine.get(), KVM_SET_USER_MEMORY_REGION, &region),
            "opens but giving memory fails");
  os::UniqueFd cpu(
      os::check(ioctl(machine.get(), KVM_CREATE_VCPU, 0), "opens but making a processor fails"));
  int size = os::check(ioctl(kvm.get(), KVM_GET_VCPU_MMAP_SIZE, 0), "asking for the run area");
  char* area = map(static_cast<size_t>(size), 0, cpu.get());
  const auto* exit = reinterpret_cast<const kvm_run*>(area);
  set_registers(cpu.get());

  // Where this hangs, the probe's deadline ends the process.
  Duration begin = cpu_time();
  os::check(ioctl(cpu.get(), KVM_RUN, 0), "opens but does not run");
  Duration took = cpu_time() - begin;
  if (exit->exit_reason != KVM_EXIT_IO || area[exit->io.data_offset] != 5)
    throw std::runtime_error(
        fmt::format("opens but does not run: exit reason {}", exit->exit_reason));
  if (took > far_too_long)
    throw std::runtime_error(
        "opens but interprets every instruction: a million turns of a loop took " + os::show(took));
  return fmt::format("a million turns of a loop took {}", os::show(took));
}

}  // namespace twlab::cli

#else

std::string twlab::cli::ask_kvm() {
  os::UniqueFd kvm(os::check(::open("/dev/kvm", O_RDWR | O_CLOEXEC), "opening /dev/kvm"));
  return "opens; whether it runs is not tried on this architecture";
}

#endif
