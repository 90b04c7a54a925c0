#include "net/slab.h"

#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <system_error>

#include "os/file.h"

namespace twlab::net {
namespace {

size_t page_size() {
  return static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

// The number at the beginning of such a file; behind it may stand "N0=32", by node.
size_t number(const std::filesystem::path& path) {
  return std::stoul(os::read_file(path));
}

}  // namespace

std::optional<Slab> find_slab(const std::string& slabinfo, const std::string& name) {
  std::istringstream lines(slabinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, word;
    size_t active = 0, all = 0, size = 0, per_slab = 0, pages = 0, active_slabs = 0, slabs = 0;
    words >> first >> active >> all >> size >> per_slab >> pages;
    if (first != name) continue;
    while (words >> word && word != "slabdata") {
    }
    words >> active_slabs >> slabs;
    if (!words) return {};
    return Slab{size, 0, active, slabs * pages * page_size()};
  }
  return {};
}

std::optional<Slab> read_slab(const std::string& name) {
  try {
    std::filesystem::path cache = "/sys/kernel/slab/" + name;
    return Slab{number(cache / "slab_size"), number(cache / "object_size"),
                number(cache / "objects"),
                number(cache / "slabs") * (page_size() << number(cache / "order"))};
  } catch (const std::system_error&) {
  }
  try {
    return find_slab(os::read_file("/proc/slabinfo"), name);
  } catch (const std::system_error&) {
    return {};
  }
}

}  // namespace twlab::net
