#include "cli/cli.h"
#include "cli/matrix.h"
#include "report/read.h"
#include "report/write.h"

namespace twlab::cli {

namespace files = twlab::report;

int report(const Options& options) {
  const std::filesystem::path folder = options.names.at(0);
  if (files::kernel_folders(folder).empty()) {
    files::write_reports(files::read_run(folder), folder);
  } else {
    files::Matrix matrix = files::read_matrix(folder);
    for (const auto& column : matrix.columns)
      files::write_reports(column.run, folder / column.folder);
    files::write_summary(matrix, folder);
  }
  print_results(folder);
  return success;
}

}  // namespace twlab::cli
