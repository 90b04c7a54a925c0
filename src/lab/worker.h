// One run of one lab in a child process, seen from the runner.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "lab/runner.h"
#include "os/fd.h"
#include "os/process.h"

namespace twlab {

// The result comes back through a file in memory that exists before the fork, words about long
// waits through a pipe. Whatever becomes of the child, there is nothing to clean up. A worker that
// is destroyed early kills its child; the namespaces of the child go with it.
class Worker {
 public:
  // Not CLOCK_REALTIME: deadlines must not move when somebody sets the clock.
  using Monotonic = std::chrono::steady_clock::time_point;

  // Forks. `in_child` runs first in the child. `place`: see RunnerOptions::perform.
  Worker(const Task& task, size_t place, const RunnerOptions& options,
         const std::function<void()>& in_child);

  const Task& task() const { return task_; }
  size_t place() const { return place_; }
  Monotonic deadline() const { return deadline_; }
  int progress_fd() const { return progress_.get(); }

  // Reads what the child has told and passes it on; false when it will tell no more.
  bool read_progress();
  // Ends a child that has passed its deadline.
  void enforce_deadline();
  // The result once the child has ended, also when it ended badly; none while it runs.
  std::optional<LabResult> try_result();
  void kill();

 private:
  LabResult result_of(int status) const;
  std::string describe_end(int status) const;

  const Task& task_;
  const size_t place_;
  const RunnerOptions& options_;
  Time begin_;
  const Duration allowed_;
  Monotonic deadline_;
  bool too_late_ = false;
  os::UniqueFd result_, output_, progress_;
  std::string unread_;        // of the pipe: a line not yet complete
  std::string last_waiting_;  // what the lab waited for when it last told
  std::optional<os::Child> child_;
};

// What stands for the result of a lab that gave none: `error` for each claim that it names.
LabResult broken(const Task& task, Time begin, const std::string& error);

}  // namespace twlab
