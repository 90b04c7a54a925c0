#include "guest/module.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <sstream>
#include <stdexcept>

#include "guest/archive.h"
#include "guest/elf.h"
#include "os/file.h"

namespace twlab::guest {
namespace fs = std::filesystem;
namespace {

// "veth.ko.xz": its name, or nothing if the file is no module.
std::string name_in(const std::string& file) {
  size_t end = file.find(".ko");
  bool module = end != file.npos && (end + 3 == file.size() || file[end + 3] == '.');
  return module ? module_name(file.substr(0, end)) : "";
}

std::vector<std::string> words(std::string text, char separator) {
  std::vector<std::string> found;
  std::istringstream stream(std::move(text));
  for (std::string word; std::getline(stream, word, separator);)
    if (!word.empty()) found.push_back(module_name(word));
  return found;
}

// "pre: crc32c post: other"
std::vector<std::string> before(const std::string& soft) {
  std::vector<std::string> found;
  bool before = false;
  for (const std::string& word : words(soft, ' ')) {
    if (word.ends_with(':')) {
      before = word == "pre:";
    } else if (before) {
      found.push_back(word);
    }
  }
  return found;
}

}  // namespace

std::string module_name(std::string_view text) {
  std::string name(text);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string_view without_signature(std::string_view module) {
  constexpr std::string_view magic = "~Module signature appended~\n";
  constexpr size_t description = 12;  // struct module_signature
  if (!module.ends_with(magic) || module.size() < magic.size() + description) return module;
  std::string_view rest = module.substr(0, module.size() - magic.size());
  auto byte = [&](size_t from_end) {
    return size_t{static_cast<uint8_t>(rest[rest.size() - from_end])};
  };
  // Big-endian; signer and key were named beside it until 4.3.
  size_t signature = byte(4) << 24 | byte(3) << 16 | byte(2) << 8 | byte(1);
  size_t all = description + signature + byte(9) + byte(8);
  return all <= rest.size() ? rest.substr(0, rest.size() - all) : module;
}

ModuleFile read_module(const fs::path& path) {
  ModuleFile module;
  module.bytes = os::read_file(path);
  if (path.extension() != ".ko") module.bytes = decompress(module.bytes, path.string());
  module.bytes.resize(without_signature(module.bytes).size());
  ElfFile elf(module.bytes);
  auto info = elf.section(".modinfo");
  if (!elf.x86_64() || !info)
    throw std::runtime_error(path.string() + ": no kernel module for x86-64");
  std::istringstream fields{std::string(*info)};
  for (std::string field; std::getline(fields, field, '\0');) {
    size_t equals = field.find('=');
    if (equals == field.npos) continue;
    std::string key = field.substr(0, equals), value = field.substr(equals + 1);
    if (key == "depends") module.depends = words(value, ',');
    if (key == "vermagic") module.release = value.substr(0, value.find(' '));
    if (key == "softdep")
      for (std::string& name : before(value)) module.soft.push_back(std::move(name));
  }
  return module;
}

ModuleFolder::ModuleFolder(const fs::path& folder, std::set<std::string> builtin)
    : builtin_(std::move(builtin)) {
  if (folder.empty()) return;
  if (!fs::is_directory(folder)) throw std::runtime_error(folder.string() + ": no folder");
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::string name = name_in(entry.path().filename());
    // A system's folder also has links, to its build folder.
    if (!name.empty() && entry.is_regular_file()) files_.emplace(name, entry.path());
  }
  fs::path list = folder / "modules.builtin";
  if (!fs::exists(list)) return;
  builtin_.clear();
  std::istringstream lines(os::read_file(list));
  for (std::string line; std::getline(lines, line);)
    builtin_.insert(name_in(fs::path(line).filename()));
}

std::vector<std::string> ModuleFolder::read(const std::string& wanted, const std::string& release,
                                            std::map<std::string, ModuleFile>& into) const {
  std::map<std::string, ModuleFile> found;
  std::vector<std::string> missing;
  std::function<void(const std::string&)> add = [&](const std::string& name) {
    if (builtin_.contains(name) || into.contains(name) || found.contains(name)) return;
    auto file = files_.find(name);
    if (file == files_.end()) {
      missing.push_back(name);
      return;
    }
    ModuleFile& module = found[name] = read_module(file->second);
    if (module.release != release)
      throw std::runtime_error(fmt::format("{}: made for {}, not for {}", file->second.string(),
                                           module.release, release));
    for (std::string soft : module.soft) {
      // Algorithms go by the name of what does them: the portable way is X_generic.
      for (const std::string& doer : {soft, soft + "_generic"}) {
        if (!builtin_.contains(doer) && !files_.contains(doer)) continue;
        module.depends.push_back(doer);
        break;
      }
    }
    // A copy: the map may move nothing, but a module may name itself.
    for (const std::string& needed : std::vector(module.depends)) add(needed);
  };
  add(module_name(wanted));
  if (missing.empty()) into.merge(found);
  return missing;
}

}  // namespace twlab::guest
