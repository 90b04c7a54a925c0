#include <fmt/format.h>

#include <algorithm>

#include "cli/cli.h"
#include "guest/add.h"
#include "guest/kernel.h"

namespace twlab::cli {
namespace {

void print_table(const std::vector<guest::Kernel>& kernels) {
  if (kernels.empty()) {
    fmt::print("No kernels in {}: scripts/fetch-kernels gets those of Debian.\n",
               guest::kernel_store().string());
    return;
  }
  size_t release = 7, source = 6;
  for (const guest::Kernel& kernel : kernels) {
    release = std::max(release, kernel.release.size());
    source = std::max(source, kernel.source.size());
  }
  fmt::print("{:<{}}  {:<{}}  added\n", "release", release, "source", source);
  for (const guest::Kernel& kernel : kernels)
    fmt::print("{:<{}}  {:<{}}  {}\n", kernel.release, release, kernel.source, source,
               kernel.added);
}

void tell(const guest::Kernel& kernel, bool was_there) {
  std::string without;
  for (const auto* names : {&guest::nat_modules, &guest::other_modules}) {
    std::vector<std::string> missing;
    modules_needed(kernel, *names, &missing);
    for (const std::string& name : missing) without += (without.empty() ? "" : " ") + name;
  }
  fmt::print("{} {} from {}{}\n", was_there ? "already there:" : "added", kernel.release,
             kernel.source, without.empty() ? "" : ", without " + without);
}

}  // namespace

int kernels(const Options& options) {
  switch (options.kernels_action) {
    case KernelsAction::list:
      if (options.format == Format::json) {
        fmt::print("{}", guest::as_json(guest::kernels()));
      } else if (options.format == Format::names) {
        for (const guest::Kernel& kernel : guest::kernels()) fmt::print("{}\n", kernel.release);
      } else {
        print_table(guest::kernels());
      }
      break;
    case KernelsAction::add:
      guest::add_kernels(
          {{options.names.begin(), options.names.end()}, options.modules, options.replace}, tell);
      break;
    case KernelsAction::remove:
      guest::remove_kernel(options.names[0]);
      break;
  }
  return success;
}

}  // namespace twlab::cli
