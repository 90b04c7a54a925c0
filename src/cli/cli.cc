#include "cli/cli.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/shell.h"
#include "os/error.h"

namespace twlab::cli {
namespace {

int dispatch(const Options& options) {
  switch (options.command) {
    case Command::list:
      return list(options);
    case Command::show:
      return show(options);
    case Command::run:
      return run(options);
    case Command::watch:
      return watch(options);
    case Command::shell:
      return shell(options);
    case Command::report:
      return report(options);
    case Command::merge:
      return merge(options);
    case Command::diff:
      return diff(options);
    case Command::ladder:
      return ladder(options);
    case Command::explain:
      return explain(options);
    case Command::serve:
      return serve(options);
    case Command::kernels:
      return kernels(options);
    case Command::doctor:
      return doctor(options);
  }
  return bad_input;
}

}  // namespace

// Whatever a file, a folder or the system refuses arrives here as one line that names it.
int main(int argc, char** argv) {
  if (auto exit = shell_command(argc, argv)) return *exit;
  try {
    Parsed parsed = parse(argc, argv);
    int exit = parsed.options ? dispatch(*parsed.options) : parsed.exit;
    // What is still buffered would fail without a word after this.
    if (std::fflush(stdout) != 0) os::fail(errno, "writing to standard output");
    return exit;
  } catch (const std::exception& error) {
    // fmt::print throws when that fails, as on a terminal that is gone.
    std::fputs(fmt::format("twlab: {}\n", error.what()).c_str(), stderr);
    return bad_input;
  }
}

}  // namespace twlab::cli
