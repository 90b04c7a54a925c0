#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "cli/cli.h"
#include "cli/matrix.h"
#include "cli/measure.h"
#include "cli/names.h"
#include "cli/probe.h"
#include "cli/terminal.h"
#include "cli/verdicts.h"
#include "report/expect.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/ktap.h"
#include "report/matrix_json.h"
#include "report/write.h"

namespace twlab::cli {
namespace {

using report::Run;

void print(const Options& options, const Column& column, const Run* expected) {
  switch (options.format) {
    case Format::table:
      fmt::print("{}", show_table(column.run, Terminal::Screen::of(STDOUT_FILENO).colour));
      fmt::print("\nReport: {}/report.html\n", column.out.string());
      break;
    case Format::tap:
      fmt::print("{}", report::ktap(column.run, expected));
      break;
    case Format::junit:
      fmt::print("{}", report::junit(column.run, expected));
      break;
    case Format::json:
      fmt::print("{}", report::results_json(column.run));
      break;
    case Format::markdown:
    case Format::names:
      break;  // not of runs
  }
  std::fflush(stdout);
}

// Of all kernels, above the folders that each has of its own.
void summarise(const Options& options, std::vector<Column>& columns) {
  std::vector<report::PlacedRun> runs;
  runs.reserve(columns.size());
  for (Column& column : columns)
    runs.push_back({std::move(column.run), column.out.filename().string()});
  report::Matrix matrix = report::make_matrix(std::move(runs));
  report::write_summary(matrix, options.out);
  if (options.format == Format::json)
    fmt::print("{}", report::results_json(matrix));
  else
    fmt::print("{}\nReport: {}/report.html\n",
               show_table(matrix, Terminal::Screen::of(STDOUT_FILENO).colour), options.out);
  std::fflush(stdout);
}

// Says what is not as it should be: whether there was anything.
bool complain(const Options& options, const Run& run, const Run* expected) {
  bool unexpected = false;
  for (const std::string& change : changes_between_repetitions(run)) {
    fmt::print(stderr, "twlab: the verdict changed: {}\n", change);
    unexpected = true;
  }
  if (!expected) return unexpected;
  for (const auto& difference : report::compare(run, *expected)) {
    fmt::print(stderr, "twlab: not as in {}: {}\n", options.expect, report::show(difference));
    unexpected = true;
  }
  return unexpected;
}

}  // namespace

int run(const Options& options) {
  // Everything that can be wrong is looked at before the first lab begins.
  select_labs(options.names);
  std::unique_ptr<Guests> guests = make_guests(options);
  std::vector<Column> columns = make_columns(options, guests.get());
  if (columns.size() > 1 && (options.format == Format::tap || options.format == Format::junit))
    throw BadInput("tap and junit are for one kernel at a time");
  std::optional<report::Expected> expected;
  if (!options.expect.empty()) expected.emplace(options.expect);
  if (std::string why = columns.back().guest ? "" : why_unmeasurable(); !why.empty()) {
    fmt::print(stderr, "twlab: nothing can be measured on this system: {}\n", why);
    return unmeasurable;
  }
  std::vector<Task> tasks = make_tasks(options, columns);
  if (tasks.empty()) {
    fmt::print(stderr, "twlab: nothing is left to do for shard {} of {}\n", options.shard.index,
               options.shard.count);
    return success;
  }
  for (const Column& column : columns) report::prepare_folder(column.out);

  measure(options, tasks, columns, guests.get());

  int exit = success;
  size_t ended = 0;
  bool stopped = false;
  for (Column& column : columns) {
    const Run* wanted = expected ? expected->find(column.run.kernel) : nullptr;
    report::describe(column.run);
    report::write_summary(column.run, column.out);
    if (columns.size() == 1) print(options, column, wanted);
    bool unexpected = complain(options, column.run, wanted);
    exit = std::max(exit, exit_code(column.run, unexpected));
    ended += column.run.results.size();
    stopped |= column.run.interrupted;
  }
  if (columns.size() > 1) summarise(options, columns);
  if (stopped) {
    fmt::print(stderr, "twlab: interrupted; {} of {} runs of labs had ended and are in {}\n", ended,
               tasks.size() * options.repeat, options.out);
    return interrupted;
  }
  return exit;
}

}  // namespace twlab::cli
