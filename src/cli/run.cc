#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/probe.h"
#include "cli/terminal.h"
#include "cli/verdicts.h"
#include "lab/runner.h"
#include "report/expect.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/ktap.h"
#include "report/read.h"
#include "report/write.h"

namespace twlab::cli {
namespace {

using twlab::report::Run;

Run describe_run(const Options& options) {
  utsname system{};
  uname(&system);
  Run run;
  run.program_version = TWLAB_VERSION;
  run.kernel = system.release;
  run.machine = system.machine;
  run.command = options.as_typed;
  run.root = geteuid() == 0;
  run.classic_pcap = options.classic_pcap;
  run.begin = os::now();
  return run;
}

std::vector<Task> make_tasks(const Options& options) {
  std::vector<Task> tasks;
  for (const LabInfo* lab : select_labs(options.names))
    for (Family family : options.families) tasks.push_back({lab, family});
  return tasks;
}

// Runs the tasks as often as wanted; evidence is written as soon as a lab has ended.
void measure(const Options& options, const std::vector<Task>& tasks, Run& run) {
  Terminal terminal(
      tasks.size() * options.repeat, [] { return Terminal::Screen::of(STDERR_FILENO); },
      [](std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
      });
  RunnerOptions runner;
  runner.jobs = options.jobs;
  runner.settings = options.settings;
  runner.encode = twlab::report::encode;
  runner.decode = twlab::report::decode;
  runner.progress = [&](const Progress& progress) { terminal.progress(progress); };
  // Nobody to draw for: the runner sleeps until something happens.
  if (Terminal::Screen::of(STDERR_FILENO).live) runner.tick = [&] { terminal.tick(); };

  int repetition = 1;
  runner.finished = [&](LabResult result) {
    twlab::report::write_result(result, repetition, options.out, options.classic_pcap);
    terminal.finished(result);
    run.results.push_back(std::move(result));
  };
  for (size_t i = 0; i < options.repeat && !run.interrupted; ++i, ++repetition)
    run.interrupted = !run_labs(tasks, runner);
}

void print(const Options& options, const Run& run, const Run* expected) {
  switch (options.format) {
    case Format::table: {
      fmt::print("{}", show_table(run, Terminal::Screen::of(STDOUT_FILENO).colour));
      fmt::print("\nReport: {}/report.html\n", options.out);
      break;
    }
    case Format::tap:
      fmt::print("{}", twlab::report::ktap(run, expected));
      break;
    case Format::junit:
      fmt::print("{}", twlab::report::junit(run, expected));
      break;
    case Format::json:
      fmt::print("{}", twlab::report::results_json(run));
      break;
  }
  std::fflush(stdout);
}

}  // namespace

int run(const Options& options) {
  // Everything that can be wrong is looked at before the first lab begins.
  std::vector<Task> tasks = make_tasks(options);
  std::optional<Run> expected;
  if (!options.expect.empty()) expected = twlab::report::read_results(options.expect);
  if (std::string why = why_unmeasurable(); !why.empty()) {
    fmt::print(stderr, "twlab: nothing can be measured on this system: {}\n", why);
    return unmeasurable;
  }
  twlab::report::prepare_folder(options.out);

  Run run = describe_run(options);
  Time begin = os::now();
  measure(options, tasks, run);
  run.took = os::now() - begin;
  twlab::report::describe(run);
  twlab::report::write_summary(run, options.out);
  print(options, run, expected ? &*expected : nullptr);

  bool unexpected = false;
  for (const std::string& change : changes_between_repetitions(run)) {
    fmt::print(stderr, "twlab: the verdict changed: {}\n", change);
    unexpected = true;
  }
  if (expected) {
    for (const auto& difference : twlab::report::compare(run, *expected)) {
      fmt::print(stderr, "twlab: not as in {}: {}\n", options.expect,
                 twlab::report::show(difference));
      unexpected = true;
    }
  }
  if (run.interrupted) {
    fmt::print(stderr, "twlab: interrupted; {} of {} runs of labs had ended and are in {}\n",
               run.results.size(), tasks.size() * options.repeat, options.out);
    return interrupted;
  }
  return exit_code(run, unexpected);
}

}  // namespace twlab::cli
