#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "report/text.h"

namespace twlab::cli {
namespace {

constexpr Duration drawing_interval = 100ms;

std::string key(std::string_view lab, Family family, const std::string& kernel) {
  return fmt::format("{} {}{}{}", lab, name(family), kernel.empty() ? "" : " ", kernel);
}

// Whole seconds: what changes more often than it can be read only flickers.
std::string show_left(Duration left) {
  auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
  if (seconds <= 0) return "any moment";
  return fmt::format("{} s", seconds);
}

}  // namespace

Terminal::Screen Terminal::Screen::of(int fd) {
  Screen screen;
  const char* term = getenv("TERM");
  const char* no_colour = getenv("NO_COLOR");
  screen.live = isatty(fd) && term && std::string_view(term) != "dumb";
  screen.colour = screen.live && !(no_colour && *no_colour);
  winsize size{};
  if (screen.live && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    screen.columns = size.ws_col;
    screen.rows = size.ws_row;
  }
  return screen;
}

void Terminal::Screen::apply(report::LadderOptions& options) const {
  options.colour = colour;
  if (live) options.columns = columns;
}

Terminal::Terminal(size_t total, std::function<Screen()> screen, Write write,
                   std::vector<std::string> kernels)
    : total_(total),
      screen_(std::move(screen)),
      write_(std::move(write)),
      kernels_(std::move(kernels)) {}

std::string Terminal::kernel_of(const Task& task) const {
  return task.kernel < kernels_.size() ? kernels_[task.kernel] : "";
}

void Terminal::progress(const Progress& progress) {
  const Task& of = *progress.task;
  std::string task = key(of.lab->name, of.family, kernel_of(of));
  if (progress.kind == Progress::Kind::finished)
    running_.erase(task);
  else
    running_[task] = {progress.what, progress.until};
}

void Terminal::finished(const Task& task, const LabResult& result) {
  ++done_;
  // On a screen the table at the end says it all; what went wrong is said at once.
  if (!screen_().live || !result.error.empty()) say(show_finished(result, kernel_of(task)));
}

void Terminal::tick() {
  Screen screen = screen_();
  Time now = os::now();
  if (!screen.live || (now >= drawn_ && now - drawn_ < drawing_interval)) return;
  drawn_ = now;
  std::string lines = draw(screen);
  if (lines == shown_) return;
  // Over the old lines, in one write: what is erased first flickers.
  std::string text = up(screen);
  for (char c : lines) {
    if (c == '\n') text += "\x1b[K";
    text += c;
  }
  shown_ = std::move(lines);
  write_(text + "\x1b[J");
}

// To the first live line. A window that became narrower has broken lines in two.
std::string Terminal::up(const Screen& screen) const {
  size_t rows = 0;
  for (size_t begin = 0, end; (end = shown_.find('\n', begin)) != shown_.npos; begin = end + 1) {
    size_t width = report::width(std::string_view(shown_).substr(begin, end - begin));
    rows += std::max<size_t>(1, (width + screen.columns - 1) / screen.columns);
  }
  return rows == 0 ? "" : fmt::format("\x1b[{}F", rows);
}

void Terminal::clear() {
  // Everything from there to the end of the screen away.
  if (!shown_.empty()) write_(up(screen_()) + "\x1b[J");
  shown_.clear();
}

void Terminal::say(const std::string& line) {
  clear();
  write_(line + "\n");
  drawn_ = {};
}

std::string Terminal::draw(const Screen& screen) const {
  std::vector<std::pair<std::string, Running>> order(running_.begin(), running_.end());
  // Those that wait longest first: how long the run takes is up to them.
  std::stable_sort(order.begin(), order.end(),
                   [](auto& a, auto& b) { return a.second.until > b.second.until; });
  size_t width = 0;
  for (auto& [task, running] : order) width = std::max(width, task.size());

  auto line = [&](const std::string& text) {
    // One column less: a full line would wrap on some terminals and be two.
    return report::shorten(text, screen.columns - 1) + "\n";
  };
  std::string lines = line(fmt::format("{} of {} done, {} running", done_, total_, order.size()));
  size_t room = screen.rows > 4 ? screen.rows - 3 : 1;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + 1 == room && order.size() > room)
      return lines + line(fmt::format("  and {} more", order.size() - i));
    auto& [task, running] = order[i];
    std::string waiting;
    if (!running.what.empty())
      waiting = fmt::format("{:>10}  {}", show_left(running.until - os::now()), running.what);
    lines += line(fmt::format("  {:<{}}  {}", task, width, waiting));
  }
  return lines;
}

std::string show_finished(const LabResult& result, const std::string& kernel) {
  std::string verdicts;
  for (Verdict verdict : {Verdict::confirmed, Verdict::refuted, Verdict::absent,
                          Verdict::inconclusive, Verdict::error}) {
    auto count = std::count_if(result.verdicts.begin(), result.verdicts.end(),
                               [&](auto& claim) { return claim.verdict == verdict; });
    if (count == 0) continue;
    if (!verdicts.empty()) verdicts += ", ";
    if (result.verdicts.size() > 1) verdicts += fmt::format("{} ", count);
    verdicts += name(verdict);
  }
  std::string line =
      fmt::format("{} {} {} {}", result.error.empty() ? "ok" : "not ok",
                  key(result.lab, result.family, kernel), verdicts, os::show(result.took));
  return result.error.empty() ? line : line + "\n  " + report::wrap(result.error, 98, "\n  ");
}

}  // namespace twlab::cli
