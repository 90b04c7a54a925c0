#include "cli/measure.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "cli/names.h"
#include "cli/shard.h"
#include "cli/terminal.h"
#include "lab/runner.h"
#include "report/json.h"
#include "report/write.h"

namespace twlab::cli {
namespace {

using report::Run;

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

// Everything that a run of labs needs besides how to perform one. Evidence is written as soon as a
// lab has ended.
class Measurement {
 public:
  Measurement(const Options& options, size_t tasks, std::vector<Column>& columns)
      : options_(options),
        columns_(columns),
        terminal_(
            tasks * options.repeat, [] { return Terminal::Screen::of(STDERR_FILENO); },
            [](std::string_view text) {
              std::fwrite(text.data(), 1, text.size(), stderr);
              std::fflush(stderr);
            },
            kernel_names()) {}

  void say(const std::string& line) { terminal_.say(line); }

  // Runs the tasks as often as wanted; false when it was interrupted.
  bool run(const std::vector<Task>& tasks, RunnerOptions runner) {
    runner.decode = report::decode;
    runner.progress = [&](const Progress& progress) { terminal_.progress(progress); };
    // Nobody to draw for: the runner sleeps until something happens.
    if (Terminal::Screen::of(STDERR_FILENO).live) runner.tick = [&] { terminal_.tick(); };
    int repetition = 1;
    runner.finished = [&](const Task& task, LabResult result) {
      Column& column = columns_[task.kernel];
      report::write_result(result, repetition, column.out, options_.classic_pcap);
      terminal_.finished(task, result);
      column.run.results.push_back(std::move(result));
    };
    for (size_t i = 0; i < options_.repeat; ++i, ++repetition)
      if (!run_labs(tasks, runner)) return false;
    return true;
  }

 private:
  std::vector<std::string> kernel_names() const {
    std::vector<std::string> names;
    if (columns_.size() > 1)
      for (const Column& column : columns_) names.push_back(column.run.kernel);
    return names;
  }

  const Options& options_;
  std::vector<Column>& columns_;
  Terminal terminal_;
};

}  // namespace

std::unique_ptr<Guests> make_guests(const Options& options) {
  std::vector<std::string> names = options.kernels;
  std::erase(names, this_kernel);
  if (names.empty()) return {};
  return std::make_unique<Guests>(guest::find_kernels(names),
                                  GuestOptions{options.seed, options.real_time, options.settings});
}

std::vector<Column> make_columns(const Options& options, const Guests* guests) {
  std::vector<Column> columns;
  for (size_t i = 0; guests && i < guests->size(); ++i) {
    Column column{i, describe_run(options), {}};
    column.run.kernel = guests->kernel(i).release;
    column.run.machine = "x86_64";
    column.run.root = true;
    column.run.guest = guests->describe(i);
    columns.push_back(std::move(column));
  }
  bool here = options.kernels.empty() ||
              std::ranges::find(options.kernels, this_kernel) != options.kernels.end();
  if (here) columns.push_back({{}, describe_run(options), {}});
  for (Column& column : columns)
    column.out = options.kernels.empty() ? std::filesystem::path(options.out)
                                         : std::filesystem::path(options.out) / column.run.kernel;
  return columns;
}

std::vector<Task> make_tasks(const Options& options, std::vector<Column>& columns) {
  std::vector<Task> tasks;
  for (size_t i = 0; i < columns.size(); ++i)
    for (const LabInfo* lab : select_labs(options.names)) {
      // They measure what something costs, and a guest's clock counts instructions.
      if (columns[i].guest && lab->heavy && options.names.empty()) continue;
      for (Family family : options.families) tasks.push_back({lab, family, i});
    }
  // More shards than tasks have nothing to do, and nobody misses them.
  size_t shards = std::min(options.shard.count, tasks.size());
  if (options.shard.count > 1)
    for (Column& column : columns) column.run.shard = {options.shard.index, shards};
  tasks = take(tasks, options.shard);

  std::vector<Column> used;
  for (size_t i = 0; i < columns.size(); ++i) {
    bool any = false;
    for (Task& task : tasks) {
      if (task.kernel != i) continue;
      task.kernel = used.size();
      any = true;
    }
    if (any) used.push_back(std::move(columns[i]));
  }
  columns = std::move(used);
  return tasks;
}

void measure(const Options& options, std::span<const Task> tasks, std::vector<Column>& columns,
             Guests* guests) {
  Measurement measurement(options, tasks.size(), columns);
  RunnerOptions runner;
  runner.jobs = options.jobs;
  bool complete = true;
  std::vector<Task> here, inside;
  for (const Task& task : tasks) (columns[task.kernel].guest ? inside : here).push_back(task);
  runner.perform = [&](const Task& task, size_t, const OnWait& waiting) {
    return report::encode(execute(*task.lab, task.family, waiting, options.settings));
  };
  if (!here.empty()) complete = measurement.run(here, runner);

  if (!inside.empty() && complete) {
    std::set<size_t> kernels;
    for (const Task& task : inside) kernels.insert(*columns[task.kernel].guest);
    measurement.say(fmt::format("booting {} kernels in {}", kernels.size(), guests->emulator()));
    if (options.names.empty()) measurement.say("heavy labs run in guests only when they are named");
    complete = guests->boot(kernels, [&](const std::string& line) { measurement.say(line); });
    for (Column& column : columns)
      if (complete && column.guest) column.run.trouble = guests->trouble(*column.guest);
    std::erase_if(inside, [&](const Task& task) {
      return !guests->trouble(*columns[task.kernel].guest).empty();
    });
    runner.jobs = std::min(options.jobs ? options.jobs : guests->places(), guests->places());
    runner.limit = guests->limit();
    runner.keep = guests->descriptors();
    runner.perform = [&](const Task& task, size_t place, const OnWait& waiting) {
      return guests->perform(task, *columns[task.kernel].guest, place, waiting);
    };
    complete = complete && measurement.run(inside, runner);
  }
  for (Column& column : columns) {
    column.run.interrupted = !complete;
    column.run.took = os::now() - column.run.begin;
  }
}

}  // namespace twlab::cli
