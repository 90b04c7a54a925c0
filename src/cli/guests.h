// Kernels in QEMU, ready for labs.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "guest/kernel.h"
#include "guest/machine.h"
#include "lab/runner.h"
#include "os/fd.h"
#include "report/run.h"

namespace twlab::cli {

struct GuestOptions {
  uint64_t seed = 1;
  bool real_time = false;
  Settings settings;
};

class Guests {
 public:
  // Throws std::runtime_error when there is no QEMU, or when the program that runs inside is not
  // beside this one.
  Guests(std::vector<guest::Kernel> kernels, GuestOptions options);

  size_t size() const { return guests_.size(); }
  // Boots these kernels and saves them; as many at a time as there are processors. `said` hears how
  // each of them fared, in the calling thread, which must be the only one. Returns false when
  // SIGINT or SIGTERM ended it early.
  bool boot(const std::set<size_t>& kernels,
            const std::function<void(const std::string& line)>& said);
  const std::string& emulator() const { return emulator_; }
  // Why the kernel did not boot; empty when it did.
  const std::string& trouble(size_t kernel) const { return guests_[kernel].trouble; }

  // Runs the task under the kernel; for RunnerOptions::perform.
  std::string perform(const Task& task, size_t kernel, size_t place, const OnWait& waiting) const;
  std::vector<int> descriptors() const;  // that perform needs
  // How long a lab may take outside.
  Duration limit() const;
  // As many as should go at a time: each has a processor to itself, so that none delays another.
  size_t places() const { return processors_.size(); }

  const guest::Kernel& kernel(size_t index) const { return guests_[index].kernel; }
  report::GuestText describe(size_t kernel) const;

 private:
  struct Guest {
    guest::Kernel kernel;
    os::UniqueFd initramfs;
    guest::Saved saved;
    std::string initramfs_sha256;
    std::string trouble;
  };
  guest::Machine machine(const Guest& guest) const;
  void try_kvm();
  void boot(Guest& guest, const guest::Place& place) const;

  GuestOptions options_;
  std::string emulator_;
  bool kvm_ = false;
  std::string program_sha256_;
  std::vector<int> processors_;
  std::vector<Guest> guests_;
};

}  // namespace twlab::cli
