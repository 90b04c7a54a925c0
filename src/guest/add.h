// Kernels into the store.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "guest/kernel.h"

namespace twlab::guest {

struct Addition {
  // Debian packages (those that belong together at once), bzImages, vmlinux files, or folders
  // such as /boot with files vmlinuz-RELEASE, whose modules are in ../lib/modules/RELEASE.
  std::vector<std::filesystem::path> paths;
  std::filesystem::path modules{};  // for an image: its lib/modules/RELEASE, or empty
  bool replace = false;             // kernels that are already there
};

// Calls back with each kernel once it is in the store, and whether it was there before: a package
// whose kernel is there in the same version is not added again. Anything else that is wrong is a
// std::runtime_error or std::system_error of one line; the kernel it concerns and those after it
// are then not in the store, or as they were before.
void add_kernels(const Addition& addition,
                 const std::function<void(const Kernel&, bool was_there)>& done);

}  // namespace twlab::guest
