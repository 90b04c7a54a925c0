#include "report/diff.h"

#include <fmt/format.h>

#include "cli/cli.h"

namespace twlab::cli {

int diff(const Options& options) {
  auto a = twlab::report::open_run(options.names.at(0));
  auto b = twlab::report::open_run(options.names.at(1));
  auto differences = twlab::report::diff(a, b, options.segments);
  fmt::print("{}", twlab::report::show(differences, a, b, options.segments));
  return differences.verdicts.empty() ? success : differs;
}

}  // namespace twlab::cli
