// Runs labs, each in a child process with namespaces of its own, side by side.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lab/registry.h"
#include "lab/result.h"

namespace twlab {

// One run to make. A lab runs once for each family.
struct Task {
  const LabInfo* lab = nullptr;
  Family family = Family::inet;
};

struct Progress {
  enum class Kind { started, waiting, finished };
  Kind kind = Kind::started;
  const Task* task = nullptr;
  std::string what;  // waiting: for what, "TIME_WAIT to end"
  Time until;        // waiting: when it is expected at the latest
};

struct RunnerOptions {
  size_t jobs = 0;       // how many at a time at most; 0: as many as the runner thinks good
  Duration grace = 20s;  // a lab's deadline is what it needs and this besides
  Settings settings;     // for every host of every lab, instead of the pinned ones
  // How a result passes from the child to the runner; decode throws on anything that encode did not
  // write whole.
  std::function<std::string(const LabResult&)> encode;
  std::function<LabResult(const std::string&)> decode;
  std::function<void(const Progress&)> progress;  // may be empty
  std::function<void(LabResult)> finished;        // called once for each task that came to an end
  std::function<void()> tick;  // several times a second, for a display; may be empty
};

// Runs all tasks, those that need longest first, `heavy` ones alone and after the others. A child
// that crashes, is killed, passes its deadline or writes nonsense gives a result with `error` set
// and Verdict::error for its claims. Returns false when SIGINT or SIGTERM ended it early: children
// are killed, unfinished tasks have no result. Must be called in the main thread: children die with
// it.
bool run_labs(std::span<const Task> tasks, const RunnerOptions& options);

// Runs one lab here and now, in this process, which must have one thread and be done with
// namespaces: the process may be given a user namespace. `waiting` hears of each long wait. Never
// throws.
LabResult execute(const LabInfo& lab, Family family,
                  const std::function<void(const std::string& what, Time until)>& waiting,
                  const Settings& settings = {});

}  // namespace twlab
