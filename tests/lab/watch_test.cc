// `twlab watch`, elsewhere and at a terminal, and what `twlab show` says afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "cli/probe.h"
#include "os/file.h"
#include "os/process.h"

namespace twlab::cli {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class WatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string why = why_unmeasurable(); !why.empty()) GTEST_SKIP() << why;
  }
  // Both outputs together.
  int run(std::vector<std::string> words) {
    words.insert(words.begin(), TWLAB);
    os::UniqueFd output = os::memory_file("output");
    os::Child child = os::Child::spawn([&] {
      dup2(output.get(), STDOUT_FILENO);
      dup2(output.get(), STDERR_FILENO);
      os::become(words);
      return 127;
    });
    int status = child.wait();
    said_ = os::read_all(output.get(), "output");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  std::string said_;
};

TEST_F(WatchTest, TellsWhatHappensAndThenTheVerdict) {
  EXPECT_EQ(run({"watch", "close.four-segments", "--family", "inet6"}), 0) << said_;
  EXPECT_THAT(said_, AllOf(HasSubstr("--- the passive side closes 200 ms after EOF ---"),
                           HasSubstr("[S] seq 0 -------------->|"), HasSubstr("accept("),
                           HasSubstr("TIME_WAIT 60.00 s"),
                           HasSubstr("confirmed close.four-segments (IPv6)\n"),
                           HasSubstr("  control: the passive side closes at once\n"),
                           HasSubstr("    holds: the four segments: wanted ")));
  EXPECT_THAT(said_, Not(HasSubstr("\x1b")));
}

TEST_F(WatchTest, UnknownNamesGetTheNearest) {
  EXPECT_EQ(run({"watch", "close.four-segment"}), 2);
  EXPECT_EQ(said_,
            "twlab: unknown lab or claim 'close.four-segment'; did you mean "
            "'close.four-segments'?\n");
}

TEST_F(WatchTest, AtATerminalWaitsTickAndAreColoured) {
  int terminal = -1;
  winsize size{.ws_row = 24, .ws_col = 50, .ws_xpixel = 0, .ws_ypixel = 0};
  pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    os::become({TWLAB, "watch", "beyond.rfc1337"});
    _exit(127);
  }
  std::string said;
  char buffer[4096];
  for (ssize_t n; (n = ::read(terminal, buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<size_t>(n));
  int status = 0;
  waitpid(child, &status, 0);
  close(terminal);
  EXPECT_EQ(status, 0) << said;
  EXPECT_THAT(said, HasSubstr("\x1b[32m"));
  // "        1 s  until ...", taken away again.
  EXPECT_THAT(said, ContainsRegex(" [0-9]+ s  until [^\r\n]*\r\x1b\\[K"));
}

TEST_F(WatchTest, ShowTellsOfTheLastRun) {
  auto out = std::filesystem::temp_directory_path() / ("watch-test." + std::to_string(getpid()));
  EXPECT_EQ(run({"show", "close.four-segments", "-o", out}), 0);
  EXPECT_THAT(said_, HasSubstr("run 'twlab run close.four-segments'"));
  EXPECT_EQ(run({"run", "close.four-segments", "-o", out}), 0) << said_;
  EXPECT_EQ(run({"show", "close.four-segments", "-o", out}), 0);
  EXPECT_THAT(said_, AllOf(ContainsRegex("verdict +confirmed on Linux "), HasSubstr("(IPv4)"),
                           ContainsRegex("verdict +confirmed on Linux .*\n? *IPv6"),
                           HasSubstr("  control: the passive side closes at once\n"),
                           HasSubstr("[S] seq 0 -------------->|"),
                           HasSubstr("again:   twlab run close.four-segments --family inet\n"),
                           HasSubstr("close.four-segments/inet.pcapng\n")));
  std::filesystem::remove_all(out);
}

}  // namespace
}  // namespace twlab::cli
