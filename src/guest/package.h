// Debian packages of kernels.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace twlab::guest {

struct Package {
  std::string name, version;
  std::vector<std::string> needs;  // packages of the same kernel, as it says
  std::string release;             // of the kernel whose image it has, or empty
};

// By its first bytes. Throws std::system_error when the file cannot be read.
bool is_package(const std::filesystem::path& path);

// Takes the kernel and the modules out of a package, as far as it has them: FOLDER/RELEASE/vmlinuz,
// and FOLDER/RELEASE/modules/ with modules.builtin and the modules, without folders below. Several
// packages may add to one folder. Throws std::runtime_error naming the package when it is damaged
// or for another architecture, std::system_error when something cannot be written.
Package unpack(const std::filesystem::path& package, const std::filesystem::path& folder);

}  // namespace twlab::guest
