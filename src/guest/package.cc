#include "guest/package.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <map>
#include <sstream>
#include <stdexcept>

#include "guest/archive.h"
#include "guest/kernel.h"
#include "os/error.h"
#include "os/fd.h"

namespace twlab::guest {
namespace fs = std::filesystem;
namespace {

// The fields of a control file; continued lines are of no interest here.
std::map<std::string, std::string> fields(const std::string& control) {
  std::map<std::string, std::string> found;
  std::istringstream lines(control);
  for (std::string line; std::getline(lines, line);) {
    size_t colon = line.find(": ");
    if (colon != line.npos && line[0] != ' ') found[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return found;
}

// Of "kmod, linux-base-7.2.1-amd64 (= 7.2.1-1) | other": those of a kernel.
std::vector<std::string> kernel_packages(const std::string& depends) {
  std::vector<std::string> found;
  std::istringstream words(depends);
  for (std::string word; words >> word;) {
    if (word.ends_with(',')) word.pop_back();
    for (const char* kind : {"linux-image-", "linux-binary-", "linux-modules-", "linux-base-"})
      if (word.starts_with(kind)) found.push_back(word);
  }
  return found;
}

// Where to put a file of a package, relative; empty if it is of no use. Names in a package are not
// to be trusted: only the release and the last component of a path are taken over.
fs::path place_of(std::string path) {
  if (path.starts_with("usr/")) path.erase(0, 4);
  constexpr std::string_view kernel = "boot/vmlinuz-", modules = "lib/modules/";
  if (path.starts_with(kernel)) {
    std::string release = path.substr(kernel.size());
    return is_release(release) ? fs::path(release) / "vmlinuz" : fs::path();
  }
  if (!path.starts_with(modules)) return {};
  path.erase(0, modules.size());
  size_t slash = path.find('/');
  std::string release = path.substr(0, slash);
  if (slash == path.npos || !is_release(release)) return {};
  std::string rest = path.substr(slash + 1), file = fs::path(rest).filename().string();
  if (rest == "vmlinuz") return fs::path(release) / rest;
  bool wanted = rest == "modules.builtin" || file.find(".ko") != file.npos;
  return wanted ? fs::path(release) / "modules" / file : fs::path();
}

}  // namespace

bool is_package(const fs::path& path) {
  os::UniqueFd file(
      os::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "opening " + path.string()));
  std::array<char, 8> magic{};
  os::check(pread(file.get(), magic.data(), magic.size(), 0), "reading " + path.string());
  return std::string_view(magic.data(), magic.size()) == "!<arch>\n";
}

Package unpack(const fs::path& path, const fs::path& folder) {
  Package package;
  auto control = [&](ArchiveFile& file) {
    if (file.path() != "control") return;
    auto field = fields(file.read());
    package = {field["Package"], field["Version"], kernel_packages(field["Depends"]), {}};
    if (field["Architecture"] != "amd64")
      throw std::runtime_error(
          fmt::format("{}: a package for {}, not for amd64", path.string(), field["Architecture"]));
  };
  auto data = [&](ArchiveFile& file) {
    fs::path place = place_of(file.path());
    if (place.empty()) return;
    fs::create_directories((folder / place).parent_path());
    file.save(folder / place);
    if (place.filename() == "vmlinuz") package.release = place.parent_path();
  };
  walk_package(path, control, data);
  return package;
}

}  // namespace twlab::guest
