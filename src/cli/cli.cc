#include "cli/cli.h"

#include <fmt/format.h>

#include <cstdio>

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
    case Command::report:
      return report(options);
    case Command::doctor:
      return doctor(options);
  }
  return bad_input;
}

}  // namespace

// Whatever a file, a folder or the system refuses arrives here as one line that names it.
int main(int argc, char** argv) {
  try {
    Parsed parsed = parse(argc, argv);
    return parsed.options ? dispatch(*parsed.options) : parsed.exit;
  } catch (const std::exception& error) {
    fmt::print(stderr, "twlab: {}\n", error.what());
    return bad_input;
  }
}

}  // namespace twlab::cli
