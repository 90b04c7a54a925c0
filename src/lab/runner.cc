#include "lab/runner.h"

#include <signal.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <thread>

#include "lab/worker.h"
#include "os/loop.h"
#include "os/signals.h"

namespace twlab {
namespace {

// Labs mostly wait for kernel timers, so many more than there are processors go side by side; what
// bounds them is that those starting together must not delay each other's reactions.
constexpr size_t jobs_per_processor = 16;

constexpr Duration tick_interval = 125ms;

class Runner {
 public:
  Runner(std::span<const Task> tasks, const RunnerOptions& options);
  bool run();

 private:
  using Queue = std::deque<const Task*>;
  void start(Queue& queue);
  void start_what_fits();
  void read_signals();
  void collect();
  Time next_wakeup() const;
  size_t free_place() const;
  void tell(Progress::Kind kind, const Task& task) const;

  const RunnerOptions& options_;
  const size_t jobs_;
  Queue waiting_, heavy_;
  std::vector<std::unique_ptr<Worker>> workers_;
  os::SignalFd signals_{SIGCHLD, SIGINT, SIGTERM};
  os::Loop loop_;
  bool interrupted_ = false;
};

Runner::Runner(std::span<const Task> tasks, const RunnerOptions& options)
    : options_(options),
      jobs_(options.jobs ? options.jobs
                         : jobs_per_processor * std::max(1u, std::thread::hardware_concurrency())) {
  bool alone = !options.limit;
  for (const Task& task : tasks) (task.lab->heavy && alone ? heavy_ : waiting_).push_back(&task);
  for (auto* queue : {&waiting_, &heavy_})
    std::ranges::stable_sort(*queue, std::greater(),
                             [](auto* t) { return std::pair(t->lab->heavy, t->lab->needs); });
}

bool Runner::run() {
  loop_.add(signals_.fd(), [this] { read_signals(); });
  if (options_.input) loop_.add(options_.input->fd, options_.input->ready);
  for (;;) {
    start_what_fits();
    if (workers_.empty() || interrupted_) break;
    loop_.wait_until(next_wakeup());
    for (auto& worker : workers_) worker->enforce_deadline();
    if (options_.tick) options_.tick();
  }
  // All at once, then one by one: each destructor waits for its child.
  for (auto& worker : workers_) worker->kill();
  workers_.clear();
  return !interrupted_;
}

void Runner::start_what_fits() {
  while (!waiting_.empty() && workers_.size() < jobs_) start(waiting_);
  while (!heavy_.empty() && workers_.empty()) start(heavy_);
}

void Runner::start(Queue& queue) {
  const Task& task = *queue.front();
  queue.pop_front();
  Time begin = os::now();
  try {
    // A Ctrl-C at the terminal reaches the whole process group; the runner decides what it means.
    // Ignored before it is let through: it may have come already.
    auto in_child = [this] {
      signal(SIGINT, SIG_IGN);
      signals_.restore_mask();
    };
    auto& worker =
        workers_.emplace_back(std::make_unique<Worker>(task, free_place(), options_, in_child));
    loop_.add(worker->progress_fd(), [this, worker = worker.get()] {
      if (!worker->read_progress()) loop_.remove(worker->progress_fd());
    });
  } catch (const std::system_error& error) {
    options_.finished(task, broken(task, begin, std::string("starting the lab: ") + error.what()));
    return;
  }
  tell(Progress::Kind::started, task);
}

size_t Runner::free_place() const {
  size_t place = 0;
  while (std::ranges::find(workers_, place, &Worker::place) != workers_.end()) ++place;
  return place;
}

void Runner::read_signals() {
  while (auto number = signals_.take()) {
    if (*number != SIGCHLD) interrupted_ = true;
  }
  collect();
}

void Runner::collect() {
  for (size_t i = 0; i < workers_.size();) {
    auto result = workers_[i]->try_result();
    if (!result) {
      ++i;
      continue;
    }
    loop_.remove(workers_[i]->progress_fd());
    const Task& task = workers_[i]->task();
    workers_.erase(workers_.begin() + static_cast<ptrdiff_t>(i));
    tell(Progress::Kind::finished, task);
    options_.finished(task, std::move(*result));
  }
}

Time Runner::next_wakeup() const {
  auto deadline = workers_.front()->deadline();
  for (auto& worker : workers_) deadline = std::min(deadline, worker->deadline());
  Duration left = deadline - std::chrono::steady_clock::now();
  return os::now() + (options_.tick ? std::min(left, tick_interval) : left);
}

void Runner::tell(Progress::Kind kind, const Task& task) const {
  if (options_.progress) options_.progress({kind, &task, {}, {}});
}

}  // namespace

bool run_labs(std::span<const Task> tasks, const RunnerOptions& options) {
  return Runner(tasks, options).run();
}

}  // namespace twlab
