// `twlab shell` as a whole: scripts, a person at a terminal, and what is left of it when anything
// is killed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/probe.h"
#include "leftovers.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/process.h"

namespace twlab::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Duration patience = 20s;

class ShellTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::mark_this_process();
    if (std::string why = why_unmeasurable(); !why.empty()) GTEST_SKIP() << why;
    folder_ = fs::temp_directory_path() / ("shell-test." + std::to_string(getpid()));
    fs::create_directory(folder_);
    before_ = testing::count_leftovers();
  }
  void TearDown() override {
    if (folder_.empty()) return;
    EXPECT_TRUE(testing::nothing_left_since(before_))
        << "before: " << show(before_) << "\nafter:  " << show(testing::count_leftovers());
    fs::remove_all(folder_);
  }

  // Standard output and standard error go into files.
  os::Child start(std::vector<std::string> words) {
    words.insert(words.begin(), {TWLAB, "shell"});
    output_ = os::memory_file("output");
    errors_ = os::memory_file("errors");
    return os::Child::spawn([&] {
      if (chdir(folder_.c_str()) != 0) return 1;
      dup2(output_.get(), STDOUT_FILENO);
      dup2(errors_.get(), STDERR_FILENO);
      os::become(words);
      return 127;
    });
  }
  int run(std::vector<std::string> words) { return ended(start(std::move(words))); }
  static int ended(os::Child child) {
    Time deadline = os::now() + patience;
    std::optional<int> status;
    while (!(status = child.try_wait()))
      if (os::now() > deadline) {
        child.signal(SIGTERM);
        status = child.wait();
        break;
      } else {
        std::this_thread::sleep_for(5ms);
      }
    return WIFEXITED(*status) ? WEXITSTATUS(*status) : 1000 + WTERMSIG(*status);
  }
  std::string output() const { return os::read_all(output_.get(), "output"); }
  std::string errors() const { return os::read_all(errors_.get(), "errors"); }
  bool says(const std::string& text) const {
    Time deadline = os::now() + patience;
    while (output().find(text) == std::string::npos) {
      if (os::now() > deadline) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }

  fs::path folder_;
  os::UniqueFd output_, errors_;
  testing::Leftovers before_;
};

// The sample server closes first.
constexpr const char* serving =
    "on server twlab serve > served & until grep -q Listening served; do sleep 0.01; done\n";
constexpr const char* connecting = "exec 3<>/dev/tcp/server/5000; cat <&3 > got; exec 3>&-\n";

TEST_F(ShellTest, AScriptOnAPairLeavesItsEvidence) {
  std::ofstream(folder_ / "script") << serving << connecting
                                    << "ss -tan state time-wait | grep -c :5000\n"
                                       "on server ss -Htan state time-wait | grep -c :5000\n"
                                       "hostname; on server hostname; echo \"$1\"; exit 7\n";
  EXPECT_EQ(run({"-o", "evidence", "pair", "script", "an argument"}), 7) << errors();
  EXPECT_EQ(output(), "0\n1\nclient\nserver\nan argument\n") << errors();
  std::string ladder = os::read_file(folder_ / "evidence" / "ladder.txt");
  EXPECT_THAT(ladder, AllOf(HasSubstr("[S] seq 0"), HasSubstr("TIME_WAIT"), HasSubstr("CLOSE_WAIT"),
                            HasSubstr("twlab serve")));
  EXPECT_THAT(errors(), HasSubstr(ladder));
  EXPECT_THAT(os::read_file(folder_ / "evidence" / "ladder.svg"), HasSubstr("<svg"));
  EXPECT_GT(fs::file_size(folder_ / "evidence" / "shell.pcapng"), 1000u);
}

TEST_F(ShellTest, ALostLastAckMakesTheFinComeAgain) {
  std::string script = std::string(serving) + "relay drop server '. length 0'\n" + connecting +
                       "until [ $(ladder | grep -c '\\[F.\\] seq 1 ack 28 ---*>') -ge 2 ]; do "
                       "sleep 0.02; done; relay";
  EXPECT_EQ(run({"relay", "-c", script}), 0) << errors();
  EXPECT_THAT(output(), HasSubstr("1: drop the next [.] length 0 of server\n"));
  EXPECT_THAT(output(), HasSubstr("1: drop the next [.] length 0 of server; 1 matched\n"));
  EXPECT_THAT(errors(), ContainsRegex("x-* \\[\\.\\] seq 28 ack 2 "));
  EXPECT_THAT(errors(), HasSubstr("dropped by the relay"));
}

TEST_F(ShellTest, HeldSegmentsPassWhenTheyAreTold) {
  std::string script = std::string(serving) +
                       "relay hold -n all client 'S no TS'; relay hold client S\n"
                       "(exec 3<>/dev/tcp/server/5000; echo connected) &\n"
                       "until relay | grep -q '2: .* 1 held'; do sleep 0.01; done\n"
                       "relay pass 2; wait %2; relay clear; relay";
  EXPECT_EQ(run({"relay", "-c", script}), 0) << errors();
  EXPECT_THAT(output(), HasSubstr("2: 1 passed\n"));
  EXPECT_THAT(output(), HasSubstr("connected\n"));
  EXPECT_THAT(output(), ::testing::EndsWith("no rules: everything passes\n"));
  EXPECT_THAT(errors(), HasSubstr("held by the relay"));
}

TEST_F(ShellTest, CraftedSegmentsAreAnswered) {
  std::string script =
      std::string(serving) +
      "inject client 'S seq 1000 tsval 5'\n"
      "inject client '4000 > 81: S'\n"
      "inject client '192.0.2.9.4000 > server.5000: [S], seq 7, options [mss 99]'\n"
      "inject client '192.0.2.9.4000 > server.5000: . ack +1'\n";
  EXPECT_EQ(run({"-c", script}), 0) << errors();
  EXPECT_THAT(output(), HasSubstr("sent 192.0.2.1.40000 > 192.0.2.2.5000: [S] seq 1000 win 64240 "
                                  "TS val 5 ecr 0 length 0\n"
                                  "came 192.0.2.2.5000 > 192.0.2.1.40000: [S.] seq "));
  EXPECT_THAT(output(), HasSubstr(" ack 1001 win "));
  EXPECT_THAT(output(), HasSubstr("came 192.0.2.2.81 > 192.0.2.1.4000: [R.] seq 0 ack 1000001 "));
  EXPECT_THAT(output(), HasSubstr("sent 192.0.2.9.4000 > 192.0.2.2.5000: [S] seq 7 win 64240 mss "
                                  "99 length 0\n"));
  // By hand the connection was opened: the sample server sends its data.
  EXPECT_THAT(output(),
              ContainsRegex("sent 192.0.2.9.4000 > 192.0.2.2.5000: \\[\\.\\] seq 8 ack "));
  EXPECT_THAT(errors(), HasSubstr("injected"));
  EXPECT_THAT(errors(), HasSubstr("[F.] seq 27 ack 1"));
}

TEST_F(ShellTest, BadCommandsAreTold) {
  std::string script =
      "inject client 'S seq 1000 tsvl 5'; inject nobody S; inject client 'S seq +5'\n"
      "relay drop client S; on nobody true; on server no-such-program; echo $?; relay --help";
  EXPECT_EQ(run({"-c", script}), 0);
  EXPECT_THAT(errors(), HasSubstr("inject: 'tsvl' is not known"));
  EXPECT_THAT(errors(), HasSubstr("\n  S seq 1000 tsvl 5\n             ^~~~\n"));
  EXPECT_THAT(errors(), HasSubstr("there is no host 'nobody'; hosts are client, server\n"));
  EXPECT_THAT(errors(), HasSubstr("no SYN was seen yet"));
  EXPECT_THAT(errors(), HasSubstr("relay: there is none here; 'twlab shell relay' has one\n"));
  EXPECT_THAT(output(), AllOf(HasSubstr("127\n"), HasSubstr("usage: relay")));
}

TEST_F(ShellTest, BadOptionsAreBadInputBeforeAnythingBegins) {
  for (std::vector<std::string> words :
       std::vector<std::vector<std::string>>{{"triangle"},
                                             {"pair", "no-such-script"},
                                             {"--host", "nobody", "-c", "true"},
                                             {"-x"},
                                             {"-o", "/dev/null/x", "-c", "true"}}) {
    EXPECT_EQ(run(words), 2) << words[0];
    EXPECT_EQ(output(), "");
  }
}

TEST_F(ShellTest, BehindNatTheServerSeesTheRouter) {
  std::string script = std::string(serving) + connecting +
                       "on server ss -Htan state time-wait | grep -c 192.0.2.1\n"
                       "hostname; on second hostname; on router hostname";
  int exit = run({"nat", "-c", script});
  if (exit == 4) GTEST_SKIP() << errors();
  EXPECT_EQ(exit, 0) << errors();
  EXPECT_EQ(output(), "1\nfirst\nsecond\nrouter\n");
  EXPECT_THAT(errors(), ContainsRegex("first +router +server"));
}

TEST_F(ShellTest, ALinkThatIsTakenAwayEndsItWithItsEvidence) {
  EXPECT_EQ(run({"-o", "evidence", "-c", "inject client S; ip link del to-server; sleep 1000"}), 3);
  EXPECT_THAT(errors(), HasSubstr("that ended the shell\n"));
  EXPECT_THAT(errors(), HasSubstr("injected"));
  EXPECT_GT(fs::file_size(folder_ / "evidence" / "shell.pcapng"), 300u);
}

TEST_F(ShellTest, BothFamilies) {
  EXPECT_EQ(run({"--family", "inet6", "--host", "server", "-c", "hostname; inject client S"}), 0);
  EXPECT_THAT(output(), AllOf(HasSubstr("server\n"),
                              HasSubstr("sent 2001:db8::1.40000 > 2001:db8::2.5000: [S]")));
}

TEST_F(ShellTest, NothingIsLeftWhoeverIsKilled) {
  // Each is the only child of the one before.
  auto child_of = [](pid_t parent) -> pid_t {
    pid_t child = 0;
    std::ifstream(fmt::format("/proc/{0}/task/{0}/children", parent)) >> child;
    return child;
  };
  for (int victim = 0; victim < 3; ++victim) {
    os::Child owner = start(
        {"-o", "evidence", "-c", "on server sleep 1000 & setsid sleep 1000 & echo begun; wait"});
    ASSERT_TRUE(says("begun")) << errors();
    pid_t pid = owner.pid();
    for (int i = 0; i < victim; ++i) pid = child_of(pid);
    ASSERT_GT(pid, 0);
    EXPECT_GE(testing::count_leftovers().processes, before_.processes + 5);
    kill(pid, SIGKILL);
    int exit = ended(std::move(owner));
    EXPECT_EQ(exit, victim == 0 ? 1000 + SIGKILL : 128 + SIGKILL);
    EXPECT_TRUE(testing::nothing_left_since(before_)) << show(testing::count_leftovers());
    EXPECT_EQ(fs::exists(folder_ / "evidence" / "shell.pcapng"), victim > 0);
  }
}

TEST_F(ShellTest, TerminatingItEndsItInOrder) {
  for (int signal : {SIGTERM, SIGHUP, SIGINT}) {
    os::Child owner = start({"-c",
                             "trap '' INT; on server sleep 1000 & until ladder | grep -q sleep; "
                             "do sleep 0.01; done; echo begun; wait"});
    ASSERT_TRUE(says("begun")) << errors();
    owner.signal(signal);
    EXPECT_EQ(ended(std::move(owner)), 128 + signal);
    EXPECT_THAT(errors(), HasSubstr("sleep 1000"));  // the ladder
  }
}

// A person at a terminal.
class Terminal {
 public:
  explicit Terminal(const std::vector<std::string>& words) {
    pid_ = forkpty(&fd_, nullptr, nullptr, nullptr);
    if (pid_ != 0) return;
    setenv("SHELL", "/bin/bash", 1);
    setenv("HOME", "/nonexistent", 1);
    setenv("TERM", "xterm", 1);
    os::become(words);
    _exit(127);
  }
  ~Terminal() {
    if (fd_ >= 0) ended();
  }

  void type(const std::string& text) { os::write_all(fd_, text, "the terminal"); }
  // Reads until the text comes; what was read is forgotten then.
  bool shows(const std::string& text) {
    char buffer[4096];
    for (size_t at; (at = seen_.find(text)) == std::string::npos;) {
      pollfd readable{fd_, POLLIN, 0};
      if (poll(&readable, 1, 10'000) != 1) return false;
      ssize_t n = ::read(fd_, buffer, sizeof buffer);
      if (n <= 0) return false;
      seen_.append(buffer, static_cast<size_t>(n));
      all_.append(buffer, static_cast<size_t>(n));
    }
    seen_.erase(0, seen_.find(text) + text.size());
    return true;
  }
  int ended() {
    shows("nothing like this");
    return hang_up();
  }
  // Who still has it as its terminal gets SIGHUP.
  int hang_up() {
    int status = 0;
    close(std::exchange(fd_, -1));
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  const std::string& all() const { return all_; }

 private:
  int fd_ = -1;
  pid_t pid_ = 0;
  std::string seen_, all_;
};

TEST_F(ShellTest, APersonAtATerminal) {
  Terminal terminal({TWLAB, "shell", "relay"});
  ASSERT_TRUE(terminal.shows("You are on client (192.0.2.1)")) << terminal.all();
  terminal.type("PS1='rea''dy> '; echo at-$(hostname)\n");
  ASSERT_TRUE(terminal.shows("at-client")) << terminal.all();
  // Jobs work: Ctrl-C ends the job and not the shell, Ctrl-Z stops it.
  terminal.type("sh -c \"echo be''gun; exec sleep 1000\"\n");
  ASSERT_TRUE(terminal.shows("begun\r\n"));
  terminal.type("\x03");
  terminal.type("echo code $?\n");
  ASSERT_TRUE(terminal.shows("code 130")) << terminal.all();
  terminal.type("sh -c \"echo be''gun; exec sleep 1000\"\n");
  ASSERT_TRUE(terminal.shows("begun\r\n"));
  terminal.type("\x1a");
  ASSERT_TRUE(terminal.shows("Stopped")) << terminal.all();
  terminal.type("kill %1; inject server R\n");
  ASSERT_TRUE(terminal.shows("sent 192.0.2.2.40000 > 192.0.2.1.5000: [R]")) << terminal.all();
  ASSERT_TRUE(terminal.shows("ready> ")) << terminal.all();
  terminal.type("\x04");
  int exit = terminal.ended();
  EXPECT_THAT(exit, ::testing::AnyOf(0, 1, 143));  // bash warns of stopped jobs, or not
  EXPECT_THAT(terminal.all(), Not(HasSubstr("no job control")));
  EXPECT_THAT(terminal.all(), HasSubstr("injected"));
}

TEST_F(ShellTest, ATerminalThatGoesAwayEndsIt) {
  Terminal terminal({TWLAB, "shell", "-o", folder_ / "evidence"});
  ASSERT_TRUE(terminal.shows("Ctrl-D ends it.")) << terminal.all();
  terminal.type("inject server R; on server sleep 1000\n");
  ASSERT_TRUE(terminal.shows("sent 192.0.2.2.40000")) << terminal.all();
  EXPECT_EQ(terminal.hang_up(), 128 + SIGHUP);
  EXPECT_TRUE(fs::exists(folder_ / "evidence" / "shell.pcapng"));
}

}  // namespace
}  // namespace twlab::cli
