#include "lab/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "os/error.h"
#include "os/file.h"

namespace twlab {
namespace {

// Whole labs write nothing to stderr, so what is there is about the crash, and the beginning of it
// says most: an assertion, or the sanitizer's finding and its stack before pages of shadow bytes.
constexpr size_t max_output_lines = 30;
constexpr size_t max_output_bytes = 4096;

std::string head_of(int fd) {
  char buffer[max_output_bytes];
  ssize_t n = pread(fd, buffer, sizeof buffer, 0);
  std::string text(buffer, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  size_t end = 0;
  for (size_t line = 0; line < max_output_lines && end != text.npos; ++line)
    end = text.find('\n', end + 1);
  if (end != text.npos) text.resize(end);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// One write of less than PIPE_BUF: lines of several threads do not mix.
void tell(int fd, std::string what, Time until) {
  what.resize(std::min<size_t>(what.size(), 256));
  std::ranges::replace(what, '\n', ' ');
  std::string line = fmt::format("{} {}\n", until.time_since_epoch().count(), what);
  [[maybe_unused]] ssize_t n = ::write(fd, line.data(), line.size());
}

int run_in_child(const Task& task, size_t place, const RunnerOptions& options, int result,
                 int output, int progress) {
  // What belongs to the runner and to the other labs' children.
  std::vector<int> kept{result, output, progress};
  kept.insert(kept.end(), options.keep.begin(), options.keep.end());
  os::close_descriptors_except(kept);
  os::check(dup2(output, STDOUT_FILENO), "redirecting stdout");
  os::check(dup2(output, STDERR_FILENO), "redirecting stderr");
  std::string bytes = options.perform(
      task, place, [&](const std::string& what, Time until) { tell(progress, what, until); });
  os::write_all(result, bytes, "the result");
  return 0;
}

}  // namespace

LabResult broken(const Task& task, Time begin, const std::string& error) {
  LabResult result;
  result.lab = task.lab->name;
  result.family = task.family;
  result.error = error;
  result.begin = begin;
  result.took = os::now() - begin;
  std::string reason = error.substr(0, error.find('\n'));
  for (std::string_view claim : task.lab->claims)
    result.verdicts.push_back({std::string(claim), Verdict::error, reason, {}, {}});
  return result;
}

Worker::Worker(const Task& task, size_t place, const RunnerOptions& options,
               const std::function<void()>& in_child)
    : task_(task),
      place_(place),
      options_(options),
      begin_(os::now()),
      allowed_(options.limit.value_or(task.lab->needs + options.grace)),
      deadline_(std::chrono::steady_clock::now() + allowed_),
      result_(os::memory_file("twlab-result")),
      output_(os::memory_file("twlab-output")) {
  // Two writers, stdout and stderr, must not overwrite each other.
  os::check(fcntl(output_.get(), F_SETFL, O_APPEND), "preparing the output file");
  int ends[2];
  os::check(pipe2(ends, O_CLOEXEC | O_NONBLOCK), "making a pipe");
  progress_.reset(ends[0]);
  os::UniqueFd told(ends[1]);
  child_ = os::Child::spawn([&] {
    in_child();
    try {
      return run_in_child(task, place, options, result_.get(), output_.get(), told.get());
    } catch (const std::exception& error) {
      dprintf(output_.get(), "%s\n", error.what());
      return 1;
    }
  });
}

bool Worker::read_progress() {
  char buffer[4096];
  ssize_t n = ::read(progress_.get(), buffer, sizeof buffer);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  unread_.append(buffer, static_cast<size_t>(n));
  for (size_t end; (end = unread_.find('\n')) != unread_.npos; unread_.erase(0, end + 1)) {
    int64_t until = 0;
    const char* line_end = unread_.data() + end;
    auto [rest, error] = std::from_chars(unread_.data(), line_end, until);
    if (error != std::errc() || *rest != ' ') continue;
    last_waiting_.assign(rest + 1, line_end);
    if (options_.progress)
      options_.progress({Progress::Kind::waiting, &task_, last_waiting_, Time(Duration(until))});
  }
  return true;
}

void Worker::enforce_deadline() {
  if (std::chrono::steady_clock::now() < deadline_) return;
  too_late_ = true;
  deadline_ += 1h;  // not again: from here on its end is waited for
  kill();
}

void Worker::kill() {
  child_->signal(SIGKILL);
}

std::optional<LabResult> Worker::try_result() {
  std::optional<int> status = child_->try_wait();
  if (!status) return {};
  read_progress();
  return result_of(*status);
}

std::string Worker::describe_end(int status) const {
  if (too_late_) {
    std::string text = fmt::format("the lab passed its deadline of {:g} s", os::seconds(allowed_));
    return last_waiting_.empty() ? text : text + ", last seen waiting for " + last_waiting_;
  }
  if (WIFSIGNALED(status)) return "the lab was " + os::show_wait_status(status);
  return fmt::format("the lab ended without a result ({})", os::show_wait_status(status));
}

LabResult Worker::result_of(int status) const {
  if (!too_late_ && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    std::string bytes = os::read_all(result_.get(), "the result");
    try {
      if (!bytes.empty()) {
        LabResult result = options_.decode(bytes);
        if (result.lab == task_.lab->name && result.family == task_.family) return result;
        return broken(task_, begin_, "the lab's result says it is of '" + result.lab + "'");
      }
    } catch (const std::exception& error) {
      return broken(task_, begin_, std::string("the lab's result cannot be read: ") + error.what());
    }
  }
  std::string output = head_of(output_.get());
  return broken(task_, begin_, describe_end(status) + (output.empty() ? "" : "\n" + output));
}

}  // namespace twlab
