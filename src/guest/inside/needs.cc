#include "guest/inside/needs.h"

#include <link.h>

#include <algorithm>

namespace twlab::guest {
namespace {

// Where the program says that its interpreter is; the guest's kernel looks there.
std::string interpreter(const dl_phdr_info& program) {
  for (int i = 0; i < program.dlpi_phnum; ++i)
    if (program.dlpi_phdr[i].p_type == PT_INTERP)
      return reinterpret_cast<const char*>(program.dlpi_addr + program.dlpi_phdr[i].p_vaddr);
  return {};
}

}  // namespace

std::vector<std::string> needed_files() {
  std::vector<std::string> files;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto& files = *static_cast<std::vector<std::string>*>(data);
        // The first is the program itself. The vdso is no file.
        std::string path = files.empty() ? interpreter(*info) : info->dlpi_name;
        if (path.starts_with('/') && std::ranges::find(files, path) == files.end())
          files.push_back(path);
        return 0;
      },
      &files);
  return files;
}

}  // namespace twlab::guest
