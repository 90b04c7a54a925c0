#include "cli/probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "guest/kernel.h"
#include "guest/machine.h"
#include "net/diag.h"
#include "net/link.h"
#include "net/nat.h"
#include "os/error.h"
#include "os/file.h"
#include "os/namespace.h"
#include "os/process.h"
#include "wire/capture.h"
#include "wire/injector.h"

namespace twlab::cli {
namespace {

constexpr unsigned deadline = 5;  // seconds

// Two namespaces of this process's own and a link between them, as labs have them.
struct Pair {
  Pair() {
    os::isolate();
    here = os::Namespace::create();
    there = os::Namespace::create();
    net::make_link({&*here, "probe0", {2, 0, 0, 0, 0, 1}}, {&*there, "probe1", {2, 0, 0, 0, 0, 2}});
  }
  std::optional<os::Namespace> here, there;
};

std::string try_user_namespace() {
  bool root = geteuid() == 0;
  os::isolate();
  return root ? "not needed as root" : "no root is needed";
}

std::string try_namespace() {
  os::isolate();
  os::Namespace::create();
  return "";
}

std::string try_link() {
  Pair pair;
  return "";
}

std::string try_packets() {
  Pair pair;
  wire::Capture capture(*pair.here, "probe0");
  wire::Injector injector(*pair.there, "probe1");
  return "";
}

std::string try_diag() {
  os::isolate();
  for (Family family : {Family::inet, Family::inet6})
    net::Diag(os::Namespace::current()).dump(family);
  return "";
}

std::string try_nat() {
  Pair pair;
  for (Family family : {Family::inet, Family::inet6}) net::masquerade(*pair.here, family, "probe0");
  return "";
}

std::string try_readable(const char* path) {
  os::UniqueFd fd(os::check(::open(path, O_RDONLY | O_CLOEXEC), std::string("opening ") + path));
  char byte;
  os::check(::read(fd.get(), &byte, 1), std::string("reading ") + path);
  return "";
}

std::string list_kernels() {
  std::string found;
  for (const guest::Kernel& kernel : guest::kernels())
    found += (found.empty() ? "" : ", ") + kernel.release;
  if (found.empty()) throw std::runtime_error("none in " + guest::kernel_store().string());
  return found;
}

const Probe all[] = {
    {"user namespaces", "running without root", true, try_user_namespace,
     "as root: sysctl user.max_user_namespaces=15000, and where they exist "
     "kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0; or "
     "run "
     "twlab as root"},
    {"network namespaces", "every lab", true, try_namespace,
     "a kernel with CONFIG_NET_NS, and user.max_net_namespaces above 0"},
    {"veth pairs", "every lab", true, try_link, "as root: modprobe veth"},
    {"packet sockets", "every lab", true, try_packets, "as root: modprobe af_packet"},
    {"sock_diag", "every lab", true, try_diag, "as root: modprobe tcp_diag"},
    {"NAT", "labs with clients behind one address", false, try_nat,
     "as root: modprobe nf_tables nft_chain_nat nft_masq"},
    {"BTF", "sizes of kernel structures", false,
     [] { return try_readable("/sys/kernel/btf/vmlinux"); }, "a kernel with CONFIG_DEBUG_INFO_BTF"},
    {"slabinfo", "memory that sockets really take", false,
     [] { return try_readable("/proc/slabinfo"); }, "run twlab as root"},
    {"QEMU", "running other kernels", false, guest::qemu_version,
     std::string("as root: ") + guest::qemu_advice},
    {"kernels", "to run in QEMU", false, list_kernels, "scripts/fetch-kernels"},
    {"KVM", "other kernels at full speed with --real-time", false, ask_kvm,
     "be in the group of /dev/kvm and, in a virtual machine, have nested virtualization switched "
     "on "
     "outside; without it other kernels run emulated",
     "opens but does not run: no answer"},
};

}  // namespace

std::span<const Probe> probes() {
  return all;
}

Answer ask(const Probe& probe) {
  os::UniqueFd words = os::memory_file("twlab-probe");
  os::Child child = os::Child::spawn([&] {
    signal(SIGALRM, SIG_DFL);
    alarm(deadline);
    try {
      os::write_all(words.get(), probe.ask(), "the answer");
      return EXIT_SUCCESS;
    } catch (const std::exception& error) {
      os::write_all(words.get(), error.what(), "the answer");
      return EXIT_FAILURE;
    }
  });
  int status = child.wait();
  std::string note = os::read_all(words.get(), "the answer");
  if (WIFEXITED(status)) return {WEXITSTATUS(status) == EXIT_SUCCESS, note};
  if (WTERMSIG(status) == SIGALRM)
    return {false, fmt::format("{} within {} s", probe.hangs, deadline)};
  return {false, "the attempt was " + os::show_wait_status(status)};
}

std::string why_unmeasurable() {
  // One attempt at the most that labs need; which part is missing matters only when it fails.
  Probe together{"", "", true,
                 [] {
                   Pair pair;
                   return std::string();
                 },
                 ""};
  if (ask(together).yes) return "";
  for (const Probe& probe : all) {
    if (!probe.needed) continue;
    if (Answer answer = ask(probe); !answer.yes)
      return fmt::format("{}: {} ({})", probe.name, answer.note, probe.advice);
  }
  return "";
}

}  // namespace twlab::cli
