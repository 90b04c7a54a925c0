#include "guest/add.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "guest/image.h"
#include "guest/module.h"
#include "guest/package.h"
#include "guest/store.h"
#include "os/file.h"

namespace twlab::guest {
namespace fs = std::filesystem;
namespace {

struct Candidate {
  fs::path image, modules;
  std::string source;
  std::string advice;  // what to give besides when modules are missing
  bool packaged = false;
};

std::vector<Candidate> in_packages(const std::vector<fs::path>& paths, const fs::path& folder) {
  std::map<std::string, Package> images;  // by release
  std::string without;
  for (const fs::path& path : paths) {
    Package package = unpack(path, folder);
    if (!package.release.empty()) images[package.release] = package;
    // Not wrong beside others: some packages only depend on those with the files.
    without = fmt::format("{}: no kernel in {}", path.string(), package.name);
    if (!package.needs.empty())
      without += fmt::format("; add {} instead", fmt::join(package.needs, " "));
  }
  std::vector<Candidate> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string release = entry.path().filename();
    auto image = images.find(release);
    if (image == images.end())
      throw std::runtime_error(
          fmt::format("{0}: modules but no kernel image; add linux-binary-{0} as well", release));
    fs::path modules = entry.path() / "modules";
    if (!fs::exists(modules / "modules.builtin"))
      throw std::runtime_error(fmt::format(
          "{0}: no modules.builtin in {1}; add linux-base-{0} and linux-modules-{0} as well",
          release, image->second.name));
    found.push_back({entry.path() / "vmlinuz", modules,
                     image->second.name + " " + image->second.version,
                     fmt::format("add linux-modules-{} as well", release), true});
  }
  if (found.empty()) throw std::runtime_error(without);
  return found;
}

std::vector<Candidate> in_boot(const fs::path& folder) {
  constexpr std::string_view prefix = "vmlinuz-";
  std::vector<Candidate> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string file = entry.path().filename();
    if (!file.starts_with(prefix) || file.ends_with(".old") || !entry.is_regular_file()) continue;
    fs::path modules = folder / ".." / "lib" / "modules" / file.substr(prefix.size());
    found.push_back({entry.path(), fs::exists(modules) ? modules : fs::path(), entry.path(),
                     "they should be in " + modules.lexically_normal().string(), false});
  }
  if (found.empty())
    throw std::runtime_error(folder.string() + ": a folder without a kernel (vmlinuz-RELEASE)");
  std::sort(found.begin(), found.end(),
            [](const Candidate& a, const Candidate& b) { return a.image < b.image; });
  return found;
}

std::vector<Candidate> candidates(const Addition& addition, const fs::path& scratch) {
  std::vector<Candidate> found;
  std::vector<fs::path> packages;
  for (fs::path path : addition.paths) {
    // "/boot/" too: its parent is wanted.
    path = fs::absolute(path).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    if (fs::is_directory(path)) {
      for (Candidate& one : in_boot(path)) found.push_back(std::move(one));
    } else if (is_package(path)) {
      packages.push_back(path);
    } else {
      found.push_back({path, addition.modules, path, "name their folder with --modules", false});
    }
  }
  if (packages.empty()) return found;
  if (!addition.modules.empty())
    throw std::runtime_error(packages[0].string() + ": a package; --modules is for an image");
  for (Candidate& one : in_packages(packages, scratch)) found.push_back(std::move(one));
  return found;
}

// The image and the modules that labs need, as files of `folder`, with kernel.json beside them.
void write(const Candidate& from, const Image& image, const fs::path& folder) {
  ModuleFolder modules(from.modules, image.builtin);
  std::map<std::string, ModuleFile> kept;
  std::vector<std::string> missing;
  for (const std::string& name : lab_modules)
    for (const std::string& one : modules.read(name, image.release, kept))
      if (std::find(missing.begin(), missing.end(), one) == missing.end()) missing.push_back(one);
  if (!missing.empty())
    throw std::runtime_error(fmt::format("{}: modules missing: {}; {}", image.release,
                                         fmt::join(missing, ", "), from.advice));
  for (const auto& names : {nat_modules, other_modules})
    for (const std::string& name : names) modules.read(name, image.release, kept);

  Kernel kernel;
  kernel.release = image.release;
  kernel.source = from.source;
  kernel.added = fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
  kernel.image = image.file_name;
  kernel.builtin = modules.builtin();
  fs::create_directories(folder / "modules");
  for (const auto& [name, module] : kept) {
    fs::path file = fs::path("modules") / (name + ".ko");
    os::write_file_atomically(folder / file, module.bytes);
    kernel.modules.push_back({name, file, module.depends});
  }
  os::write_file_atomically(folder / image.file_name, image.bytes);
  os::write_file_atomically(folder / "kernel.json", as_json(kernel));
}

}  // namespace

void add_kernels(const Addition& addition,
                 const std::function<void(const Kernel&, bool was_there)>& done) {
  Store store;
  fs::path unpacked = store.scratch() / "packages", made = store.scratch() / "kernel";
  fs::create_directory(unpacked);
  for (const Candidate& candidate : candidates(addition, unpacked)) {
    Image image = read_image(candidate.image);
    if (store.has(image.release) && !addition.replace) {
      Kernel old = find_kernel(image.release);
      if (!candidate.packaged || old.source != candidate.source)
        throw std::runtime_error(fmt::format("{} is already there, from {}; --force replaces it",
                                             old.release, old.source));
      done(old, true);
      continue;
    }
    write(candidate, image, made);
    store.put(made, image.release);
    fs::remove_all(made);
    done(find_kernel(image.release), false);
  }
}

}  // namespace twlab::guest
