#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/verdicts.h"
#include "report/read.h"
#include "report/write.h"

namespace twlab::cli {

int report(const Options& options) {
  const std::string& folder = options.names.at(0);
  twlab::report::Run run = twlab::report::read_run(folder);
  twlab::report::write_reports(run, folder);
  fmt::print("{}", show_table(run, false));
  fmt::print("\nReport: {}/report.html\n", folder);
  return success;
}

}  // namespace twlab::cli
