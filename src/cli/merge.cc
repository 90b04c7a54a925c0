#include "report/merge.h"

#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/matrix.h"

namespace twlab::cli {

int merge(const Options& options) {
  twlab::report::merge({options.names.begin(), options.names.end()}, options.out, options.partial);
  print_results(options.out);
  return success;
}

}  // namespace twlab::cli
