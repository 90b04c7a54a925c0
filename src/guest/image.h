// The bootable part of a kernel.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace twlab::guest {

struct Image {
  std::string release;  // as uname -r says it, from the kernel's own banner
  // The vmlinux, which QEMU starts by its PVH note and at once; or, where the kernel was built
  // without that note (CONFIG_PVH, since 4.11), the bzImage.
  std::string bytes;
  std::string file_name;  // "vmlinux" or "bzImage"
  // Of the modules that no lab can do without (lab_modules), those it has built in, as far as the
  // image shows. To be used where there is no modules.builtin.
  std::set<std::string> builtin;
};

// Reads a bzImage or a vmlinux. Throws std::system_error when the file cannot be read, and
// std::runtime_error naming it when it is no Linux kernel for x86-64 or is damaged.
Image read_image(const std::filesystem::path& path);

}  // namespace twlab::guest
