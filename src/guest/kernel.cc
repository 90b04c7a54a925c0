#include "guest/kernel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

// Costs seconds to compile: no other file of this layer should need it.
#include <nlohmann/json.hpp>

#include "guest/module.h"
#include "guest/store.h"
#include "os/file.h"

namespace twlab::guest {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

Kernel read_kernel(const fs::path& folder) {
  fs::path file = folder / "kernel.json";
  std::string text = os::read_file(file);
  try {
    json read = json::parse(text);
    Kernel kernel;
    kernel.release = read.at("release");
    kernel.source = read.at("source");
    kernel.added = read.at("added");
    kernel.image = folder / read.at("image").get<std::string>();
    for (const json& module : read.at("modules"))
      kernel.modules.push_back(
          {module.at("name"), folder / module.at("file").get<std::string>(), module.at("depends")});
    kernel.builtin = read.at("builtin");
    if (kernel.release != folder.filename()) throw std::runtime_error("of another kernel");
    return kernel;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: not what 'twlab kernels add' writes ({}); remove {}",
                                         file.string(), error.what(), folder.string()));
  }
}

json to_json(const Kernel& kernel) {
  json modules = json::array();
  for (const Module& module : kernel.modules)
    modules.push_back({{"name", module.name},
                       {"file", module.path.generic_string()},
                       {"depends", module.depends}});
  return {{"release", kernel.release}, {"source", kernel.source},
          {"added", kernel.added},     {"image", kernel.image.generic_string()},
          {"modules", modules},        {"builtin", kernel.builtin}};
}

bool matches(const std::string& release, std::string_view name) {
  if (!release.starts_with(name) || name.empty()) return false;
  return release.size() == name.size() ||
         !isalnum(static_cast<unsigned char>(release[name.size()]));
}

[[noreturn]] void fail_unknown(std::string_view name, const std::vector<Kernel>& known) {
  std::vector<std::string> releases;
  for (const Kernel& kernel : known) releases.push_back(kernel.release);
  std::string have = releases.empty() ? fmt::format("there is none in {}", kernel_store().string())
                                      : fmt::format("known are {}", fmt::join(releases, ", "));
  throw std::runtime_error(
      fmt::format("no kernel '{}': {}; get some with scripts/fetch-kernels or 'twlab kernels add'",
                  name, have));
}

const Kernel& newest_of(std::string_view name, const std::vector<Kernel>& known) {
  auto found = std::find_if(known.rbegin(), known.rend(),
                            [&](const Kernel& kernel) { return kernel.release == name; });
  if (found == known.rend())
    found = std::find_if(known.rbegin(), known.rend(),
                         [&](const Kernel& kernel) { return matches(kernel.release, name); });
  if (found == known.rend()) fail_unknown(name, known);
  return *found;
}

}  // namespace

bool is_release(std::string_view text) {
  auto part_of_one = [](unsigned char c) { return isalnum(c) || strchr(".+-_~", c); };
  return !text.empty() && isdigit(static_cast<unsigned char>(text[0])) &&
         text.find('\0') == text.npos && std::all_of(text.begin(), text.end(), part_of_one);
}

fs::path kernel_store() {
  auto variable = [](const char* name) {
    const char* value = getenv(name);
    return fs::path(value ? value : "");
  };
  if (auto folder = variable("TWLAB_KERNELS"); !folder.empty()) return folder;
  if (auto cache = variable("XDG_CACHE_HOME"); cache.is_absolute())
    return cache / "twlab" / "kernels";
  if (auto home = variable("HOME"); !home.empty()) return home / ".cache" / "twlab" / "kernels";
  throw std::runtime_error("no folder for kernels: set TWLAB_KERNELS (HOME is not set)");
}

std::vector<Kernel> kernels() {
  std::vector<Kernel> found;
  fs::path store = kernel_store();
  if (!fs::exists(store)) return found;
  for (const auto& entry : fs::directory_iterator(store))
    if (is_release(entry.path().filename().string())) found.push_back(read_kernel(entry.path()));
  std::sort(found.begin(), found.end(), [](const Kernel& a, const Kernel& b) {
    return strverscmp(a.release.c_str(), b.release.c_str()) < 0;
  });
  return found;
}

Kernel find_kernel(std::string_view name) {
  return newest_of(name, kernels());
}

std::vector<Kernel> find_kernels(std::span<const std::string> names) {
  std::vector<Kernel> known = kernels(), found;
  auto add = [&](const Kernel& kernel) {
    for (const Kernel& other : found)
      if (other.release == kernel.release) return;
    found.push_back(kernel);
  };
  for (const std::string& name : names) {
    if (name != "all") {
      add(newest_of(name, known));
    } else if (known.empty()) {
      fail_unknown(name, known);
    } else {
      for (const Kernel& kernel : known) add(kernel);
    }
  }
  return found;
}

std::vector<Module> modules_needed(const Kernel& kernel, std::span<const std::string> names,
                                   std::vector<std::string>* missing) {
  std::vector<Module> order;
  std::set<std::string> seen;
  std::function<void(const std::string&)> add = [&](const std::string& name) {
    if (kernel.builtin.contains(name) || !seen.insert(name).second) return;
    auto module = std::find_if(kernel.modules.begin(), kernel.modules.end(),
                               [&](const Module& one) { return one.name == name; });
    if (module == kernel.modules.end()) {
      if (missing) missing->push_back(name);
      return;
    }
    for (const std::string& needed : module->depends) add(needed);
    order.push_back(*module);
  };
  for (const std::string& name : names) add(module_name(name));
  return order;
}

void remove_kernel(std::string_view release) {
  Store store;
  std::vector<Kernel> known = kernels();
  for (const Kernel& kernel : known)
    if (kernel.release == release) return store.remove(kernel.release);
  fail_unknown(release, known);
}

std::string as_json(const Kernel& kernel) {
  return to_json(kernel).dump(1) + "\n";
}

std::string as_json(const std::vector<Kernel>& kernels) {
  json all = json::array();
  for (const Kernel& kernel : kernels) all.push_back(to_json(kernel));
  return all.dump(1) + "\n";
}

}  // namespace twlab::guest
