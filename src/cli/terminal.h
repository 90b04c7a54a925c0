// What one sees while labs run: live lines on a terminal, a line for each finished lab elsewhere.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lab/result.h"
#include "lab/runner.h"
#include "report/ladder.h"

namespace twlab::cli {

class Terminal {
 public:
  struct Screen {
    bool live = false;    // can be drawn over; otherwise plain lines
    bool colour = false;  // never with NO_COLOR (no-color.org)
    size_t columns = 80;
    size_t rows = 24;
    // What the file is; asked again before each drawing, as windows change their size.
    static Screen of(int fd);
    // For a ladder on it, with the colours and the width that it has.
    void apply(report::LadderOptions& options) const;
  };
  using Write = std::function<void(std::string_view)>;

  // Both functions outlive it. `total`: of the tasks. `kernels`: what to call the kernel of a task,
  // by Task::kernel; empty where there is but one.
  Terminal(size_t total, std::function<Screen()> screen, Write write,
           std::vector<std::string> kernels = {});
  ~Terminal() { clear(); }

  void progress(const Progress& progress);
  void finished(const Task& task, const LabResult& result);
  void tick();   // draws, at most ten times a second
  void clear();  // takes the live lines away
  // A line that stays, above the live ones.
  void say(const std::string& line);

 private:
  struct Running {
    std::string what;  // it waits for; empty: for nothing long
    Time until;
  };
  std::string draw(const Screen& screen) const;
  std::string up(const Screen& screen) const;
  std::string kernel_of(const Task& task) const;

  size_t total_;
  size_t done_ = 0;
  std::function<Screen()> screen_;
  Write write_;
  std::vector<std::string> kernels_;
  std::map<std::string, Running> running_;  // "close.four-segments inet"
  std::string shown_;                       // lines now on the screen
  Time drawn_;
};

// "ok close.four-segments inet confirmed 0.21 s": how a lab ended, in one line, the kernel's name
// behind the family.
std::string show_finished(const LabResult& result, const std::string& kernel = "");

}  // namespace twlab::cli
