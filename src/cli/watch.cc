// One lab, seen while it runs: the rows of its ladder as they happen.
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/probe.h"
#include "cli/result_text.h"
#include "cli/terminal.h"
#include "lab/runner.h"
#include "os/error.h"
#include "os/file.h"
#include "os/loop.h"
#include "report/json.h"
#include "report/ladder.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

// From the lab's process to this one. A file in memory takes whatever is written into it: a lab
// never waits for a terminal that is slow or stopped.
class EventPipe {
 public:
  EventPipe() : file_(os::memory_file("twlab-events")) {}

  int file() const { return file_.get(); }
  int fd() const { return wakeup_.fd(); }

  // In the lab's process.
  void tell(const Recording& recording, const Event& event) {
    LabResult part;
    part.recording.interfaces = recording.interfaces;
    part.recording.events = {event};
    std::string bytes = report::encode(part);
    auto size = static_cast<uint32_t>(bytes.size());
    bytes.insert(0, reinterpret_cast<const char*>(&size), sizeof size);
    os::write_all(file_.get(), bytes, "an event");
    wakeup_.wake();
  }

  // In this one: whatever was told since the last time.
  void read(report::LadderStream& into) {
    wakeup_.acknowledge();
    uint32_t size = 0;
    while (take(&size, sizeof size, 0)) {
      std::string bytes(size, '\0');
      if (!take(bytes.data(), size, sizeof size)) return;  // not all of it is there
      at_ += static_cast<off_t>(sizeof size + size);
      into.add(report::decode(bytes).recording);
    }
  }

 private:
  bool take(void* into, size_t size, size_t behind) const {
    return pread(file_.get(), into, size, at_ + static_cast<off_t>(behind)) ==
           static_cast<ssize_t>(size);
  }

  os::UniqueFd file_;
  os::Wakeup wakeup_;
  off_t at_ = 0;
};

class Watcher {
 public:
  explicit Watcher(const Options& options) : options_(options) {}

  // Null when it was interrupted.
  std::optional<LabResult> run(const Task& task) {
    events_.emplace();
    report::LadderOptions how;
    Terminal::Screen::of(STDOUT_FILENO).apply(how);
    stream_.emplace(how);
    waiting_.clear();
    std::optional<LabResult> result;
    RunnerOptions runner;
    runner.keep = {events_->file(), events_->fd()};
    runner.input = {events_->fd(), [this] { read(); }};
    runner.perform = [this](const Task& of, size_t, const OnWait& waiting) {
      return report::encode(execute(*of.lab, of.family, waiting, options_.settings,
                                    [this](const Recording& recording, const Event& event) {
                                      events_->tell(recording, event);
                                    }));
    };
    runner.decode = report::decode;
    runner.progress = [this](const Progress& progress) {
      if (progress.kind != Progress::Kind::waiting) return;
      waiting_ = progress.what;
      until_ = progress.until;
      read();
      if (!Terminal::Screen::of(STDOUT_FILENO).live)
        print(fmt::format("waiting for {}, {} at most\n", waiting_, os::show(until_ - os::now())));
    };
    runner.tick = [this] { read(); };
    runner.finished = [&](const Task&, LabResult made) { result = std::move(made); };
    run_labs(std::span(&task, 1), runner);
    events_->read(*stream_);
    waiting_.clear();
    print(stream_->lines_until(Time::max()));
    return result;
  }

 private:
  void read() {
    events_->read(*stream_);
    print(stream_->lines_until(os::now() - report::LadderStream::settling));
  }

  // The lines, and on a terminal below them what the lab waits for and how long that still takes.
  void print(const std::string& lines) {
    auto screen = Terminal::Screen::of(STDOUT_FILENO);
    std::string ticking;
    auto left = std::chrono::ceil<std::chrono::seconds>(until_ - os::now()).count();
    if (screen.live && !waiting_.empty() && left > 0)
      ticking =
          report::shorten(fmt::format("{:>9} s  until {}", left, waiting_), screen.columns - 1);
    if (lines.empty() && ticking == ticking_) return;
    std::string text = ticking_.empty() ? lines : "\r\x1b[K" + lines;
    ticking_ = ticking;
    fmt::print("{}{}", text, ticking);
    if (std::fflush(stdout) != 0) os::fail(errno, "writing to standard output");
  }

  const Options& options_;
  std::optional<EventPipe> events_;
  std::optional<report::LadderStream> stream_;
  std::string waiting_;  // for what the lab waits
  Time until_;
  std::string ticking_;  // the last line on the screen, without an end
};

}  // namespace

int watch(const Options& options) {
  auto labs = select_labs(options.names);
  if (std::string why = why_unmeasurable(); !why.empty()) {
    fmt::print(stderr, "twlab: nothing can be measured on this system: {}\n", why);
    return unmeasurable;
  }
  bool colour = Terminal::Screen::of(STDOUT_FILENO).colour;
  int exit = success;
  Watcher watcher(options);
  for (const LabInfo* lab : labs) {
    fmt::print("{} ({:g} s at most)\n{}\n\n", lab->name, os::seconds(lab->needs),
               report::wrap(lab->story, 98));
    std::fflush(stdout);
    auto result = watcher.run({lab, options.families.front()});
    if (!result) return interrupted;
    fmt::print("\n");
    if (!result->error.empty()) {
      fmt::print("{}\n\n", result->error);
      exit = lab_error;
    }
    for (const ClaimVerdict& verdict : result->verdicts)
      fmt::print("{}\n", show_verdict(*result, verdict.claim, colour));
  }
  return exit;
}

}  // namespace twlab::cli
