// Files of loadable modules.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace twlab::guest {

// A module's name as the kernel has it: "crc32c-intel" is crc32c_intel.
std::string module_name(std::string_view text);

struct ModuleFile {
  std::string bytes;                 // unpacked, without signature: so it loads faster
  std::string release;               // of the kernel that it was built for
  std::vector<std::string> depends;  // names
  // To be loaded before it, where there; these may also be names of algorithms.
  std::vector<std::string> soft;
};

// Reads NAME.ko, also compressed. Throws std::system_error, or std::runtime_error naming the file
// when it is no module.
ModuleFile read_module(const std::filesystem::path& path);

// Without the signature that the kernel's build appends (include/linux/module_signature.h).
std::string_view without_signature(std::string_view module);

// The modules below a folder, such as lib/modules/RELEASE.
class ModuleFolder {
 public:
  // An empty path is a folder without modules. `builtin` is taken where it has no modules.builtin.
  // Throws std::system_error when it cannot be read.
  ModuleFolder(const std::filesystem::path& folder, std::set<std::string> builtin);

  const std::set<std::string>& builtin() const { return builtin_; }

  // Reads a module and what it depends on. `depends` of those is complete then: names in it are
  // among them or built in. Returns the names that are in neither: none, or nothing was read.
  // Throws when a module was built for another kernel than `release`.
  std::vector<std::string> read(const std::string& name, const std::string& release,
                                std::map<std::string, ModuleFile>& into) const;

 private:
  std::map<std::string, std::filesystem::path> files_;  // by name
  std::set<std::string> builtin_;
};

}  // namespace twlab::guest
