// Runs labs, each in a child process with namespaces of its own, side by side.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lab/registry.h"
#include "lab/result.h"
#include "lab/surroundings.h"

namespace twlab {

// One run to make. A lab runs once for each family and kernel.
struct Task {
  const LabInfo* lab = nullptr;
  Family family = Family::inet;
  size_t kernel = 0;  // for whoever made the tasks; the runner does not look at it
};

struct Progress {
  enum class Kind { started, waiting, finished };
  Kind kind = Kind::started;
  const Task* task = nullptr;
  std::string what;  // waiting: for what, "TIME_WAIT to end"
  Time until;        // waiting: when it is expected at the latest
};

// Hears of each long wait of a lab.
using OnWait = std::function<void(const std::string& what, Time until)>;

// Hears of each event as it is recorded, and again when words are put beside it.
using OnEvent = std::function<void(const Recording&, const Event&)>;

struct RunnerOptions {
  size_t jobs = 0;       // how many at a time at most; 0: as many as the runner thinks good
  Duration grace = 20s;  // a lab's deadline is what it needs and this besides
  // The deadline of every lab instead: for labs whose time is not that of this machine. They do
  // not disturb one another either, so heavy ones need not be alone, and start first.
  std::optional<Duration> limit;
  // Runs the task, in a child process that was made for it, and returns the bytes of its result.
  // `place` is less than `jobs`, and of no other task at the same time.
  std::function<std::string(const Task&, size_t place, const OnWait&)> perform;
  std::vector<int> keep;  // descriptors that perform needs; others are closed in the child
  // Called whenever the descriptor is readable, by the runner's thread: for what perform tells.
  struct Input {
    int fd;
    std::function<void()> ready;
  };
  std::optional<Input> input;
  // The result from these bytes; throws on anything that is not whole.
  std::function<LabResult(const std::string&)> decode;
  std::function<void(const Progress&)> progress;  // may be empty
  // Called once for each task that came to an end.
  std::function<void(const Task&, LabResult)> finished;
  std::function<void()> tick;  // several times a second, for a display; may be empty
};

// Runs all tasks, those that need longest first, `heavy` ones alone and after the others. A child
// that crashes, is killed, passes its deadline or writes nonsense gives a result with `error` set
// and Verdict::error for its claims. Returns false when SIGINT or SIGTERM ended it early: children
// are killed, unfinished tasks have no result. Must be called in the main thread: children die with
// it.
bool run_labs(std::span<const Task> tasks, const RunnerOptions& options);

// Runs one lab here and now, in this process, which must have one thread and be done with
// namespaces: the process may be given a user namespace. `settings` are for every host, instead of
// the pinned ones. Never throws.
LabResult execute(const LabInfo& lab, Family family, const OnWait& waiting,
                  const Settings& settings = {}, const OnEvent& recorded = {},
                  const Surroundings& surroundings = {});

}  // namespace twlab
