// The runner and its children in every kind of trouble. Whatever happens, the runner goes on, the
// result says what happened, and nothing is left.
#include "lab/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <stdexcept>
#include <thread>

#include "leftovers.h"
#include "os/file.h"
#include "os/namespace.h"
#include "os/process.h"

namespace twlab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

void sleep_forever() {
  for (;;) pause();
}

LabInfo make(std::string_view name, void (*body)(Lab&), Duration needs = 1s) {
  return {name, "A lab of this test.", {"test.claim"}, "none", needs, false, __FILE__, body};
}

const LabInfo normal = make("test.normal", [](Lab&) {});
const LabInfo aborting = make("test.abort", [](Lab&) { abort(); });
const LabInfo hanging = make(
    "test.hang", [](Lab&) { sleep_forever(); }, 200ms);
const LabInfo leaving = make("test.leave", [](Lab&) { _exit(0); });
const LabInfo complaining = make("test.complain", [](Lab&) {
  std::string words = "first words\n" + std::string(100000, '\n');
  os::write_all(STDERR_FILENO, words, "stderr");
  _exit(7);
});
const LabInfo killed = make("test.kill", [](Lab&) { kill(getpid(), SIGKILL); });
// Leaves a process behind that itself left one behind.
const LabInfo parenting = make("test.parent", [](Lab&) {
  auto child = os::Child::spawn([] {
    auto grandchild = os::Child::spawn([] { return sleep_forever(), 0; });
    return sleep_forever(), 0;
  });
  std::this_thread::sleep_for(50ms);
  kill(getpid(), SIGKILL);
});
// Tells how many pipes it has: one is for what it waits for.
const LabInfo counting = make("test.count", [](Lab&) {
  int pipes = 0;
  for (int fd = STDERR_FILENO + 1; fd < 1000; ++fd) {
    struct stat status {};
    pipes += fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
  }
  os::write_all(STDERR_FILENO, std::to_string(pipes), "stderr");
  _exit(7);
});
const LabInfo stopping = make(
    "test.stop", [](Lab&) { sleep_forever(); }, 100s);

// As little as shows that a result came through whole.
std::string encode(const LabResult& result) {
  return result.lab + "\n" + std::string(name(result.family)) + "\n" + result.error + "\nend";
}

LabResult decode(const std::string& text) {
  if (!text.ends_with("\nend")) throw std::runtime_error("it does not end");
  LabResult result;
  result.lab = text.substr(0, text.find('\n'));
  result.family = text.find("\ninet6\n") != text.npos ? Family::inet6 : Family::inet;
  return result;
}

class RunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto probe = os::Child::spawn([] {
      os::isolate();
      os::Namespace::create();
      return 0;
    });
    if (probe.wait() != 0) GTEST_SKIP() << "this system allows no network namespaces";
    testing::mark_this_process();
    before_ = testing::count_leftovers();
    options_.grace = 300ms;
    options_.perform = [](const Task& task, size_t, const OnWait& waiting) {
      return encode(execute(*task.lab, task.family, waiting));
    };
    options_.decode = decode;
    options_.finished = [this](const Task&, LabResult result) {
      order_.push_back(result.lab);
      results_[result.lab] = std::move(result);
    };
  }
  void TearDown() override {
    EXPECT_TRUE(testing::nothing_left_since(before_))
        << "before: " << show(before_) << "\nafter:  " << show(testing::count_leftovers());
  }

  bool run(const std::vector<Task>& tasks) { return run_labs(tasks, options_); }
  const std::string& error_of(const LabInfo& lab) {
    return results_.at(std::string(lab.name)).error;
  }

  RunnerOptions options_;
  std::map<std::string, LabResult> results_;
  std::vector<std::string> order_;
  testing::Leftovers before_;
};

TEST_F(RunnerTest, ALabThatEndsWellGivesItsResult) {
  EXPECT_TRUE(run({{&normal, Family::inet6}}));
  EXPECT_EQ(error_of(normal), "");
  EXPECT_EQ(results_.at("test.normal").family, Family::inet6);
}

TEST_F(RunnerTest, EveryKindOfBadEndIsAnErrorAndTheOthersGoOn) {
  EXPECT_TRUE(run({{&aborting}, {&hanging}, {&leaving}, {&killed}, {&complaining}, {&normal}}));
  ASSERT_EQ(results_.size(), 6u);
  EXPECT_THAT(error_of(aborting), StartsWith("the lab was killed by SIGABRT"));
  EXPECT_THAT(error_of(hanging), StartsWith("the lab passed its deadline of 0.5 s"));
  EXPECT_THAT(error_of(leaving), StartsWith("the lab ended without a result (exit status 0)"));
  EXPECT_THAT(error_of(killed), StartsWith("the lab was killed by SIGKILL"));
  EXPECT_EQ(error_of(complaining), "the lab ended without a result (exit status 7)\nfirst words");
  EXPECT_EQ(error_of(normal), "");
  for (auto* lab : {&aborting, &hanging, &leaving, &killed, &complaining}) {
    const LabResult& result = results_.at(std::string(lab->name));
    ASSERT_EQ(result.verdicts.size(), 1u) << lab->name;
    EXPECT_EQ(result.verdicts[0].claim, "test.claim");
    EXPECT_EQ(result.verdicts[0].verdict, Verdict::error);
    EXPECT_THAT(result.verdicts[0].reason, ::testing::Not(HasSubstr("\n")));
  }
}

TEST_F(RunnerTest, ALabHasNoDescriptorsOfTheOthers) {
  EXPECT_TRUE(run({{&normal, Family::inet}, {&normal, Family::inet6}, {&counting}}));
  EXPECT_EQ(error_of(counting), "the lab ended without a result (exit status 7)\n1");
}

TEST_F(RunnerTest, NonsenseForAResultIsAnError) {
  options_.perform = [](auto&&...) { return "nonsense"; };
  run({{&normal}});
  EXPECT_EQ(error_of(normal), "the lab's result cannot be read: it does not end");

  options_.perform = [](auto&&...) { return "test.other\ninet\n\nend"; };
  run({{&normal}});
  EXPECT_THAT(error_of(normal), HasSubstr("'test.other'"));

  options_.perform = [](auto&&...) -> std::string { throw std::runtime_error("no room"); };
  run({{&normal}});
  EXPECT_THAT(error_of(normal), HasSubstr("no room"));
}

TEST_F(RunnerTest, ProcessesOfAKilledLabEndWithIt) {
  EXPECT_TRUE(run({{&parenting}}));
  EXPECT_THAT(error_of(parenting), HasSubstr("SIGKILL"));
}

TEST_F(RunnerTest, LongestStartFirstAndHeavyOnesLastAndAlone) {
  static const LabInfo brief = make(
      "test.brief", [](Lab&) {}, 1s);
  static const LabInfo longer = make(
      "test.longer", [](Lab&) {}, 2s);
  static LabInfo heavy = make(
      "test.heavy", [](Lab&) {}, 9s);
  heavy.heavy = true;
  std::vector<std::string> started;
  size_t now_running = 0;
  options_.jobs = 1;
  options_.progress = [&](const Progress& progress) {
    if (progress.kind == Progress::Kind::started) {
      started.emplace_back(progress.task->lab->name);
      EXPECT_EQ(now_running++, 0u);
    }
    if (progress.kind == Progress::Kind::finished) --now_running;
  };
  EXPECT_TRUE(run({{&heavy}, {&brief}, {&longer}}));
  EXPECT_EQ(started, (std::vector<std::string>{"test.longer", "test.brief", "test.heavy"}));
}

TEST_F(RunnerTest, CtrlCEndsWithinASecondAndKeepsWhatIsFinished) {
  options_.finished = [this](const Task&, LabResult result) {
    order_.push_back(result.lab);
    kill(getpid(), SIGINT);
  };
  Time begin = os::now();
  EXPECT_FALSE(run({{&stopping, Family::inet}, {&stopping, Family::inet6}, {&normal}}));
  EXPECT_LT(os::now() - begin, 1s);
  EXPECT_EQ(order_, std::vector<std::string>{"test.normal"});
}

TEST_F(RunnerTest, TicksWhileItWaitsAndSaysForWhatLabsWait) {
  int ticks = 0;
  options_.tick = [&] { ++ticks; };
  run({{&hanging}});
  EXPECT_GE(ticks, 3);
  EXPECT_LE(ticks, 20);
}

TEST_F(RunnerTest, AKilledRunnerLeavesNothing) {
  // Shared with the runner, which is another process.
  void* page =
      mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* running = new (page) std::atomic<int>(0);
  auto runner = os::Child::spawn([&] {
    options_.progress = [&](const Progress& progress) {
      if (progress.kind == Progress::Kind::started) ++*running;
    };
    run({{&stopping, Family::inet}, {&stopping, Family::inet6}, {&hanging}, {&parenting}});
    return 0;
  });
  while (*running < 4) std::this_thread::sleep_for(1ms);
  // The labs get into their namespaces; the test's time limit ends this where they do not.
  auto are_there = [&] {
    auto now = testing::count_leftovers();
    return now.processes > 4 && now.namespaces > before_.namespaces;
  };
  while (!are_there()) std::this_thread::sleep_for(1ms);
  runner.signal(SIGKILL);
  runner.wait();
  munmap(page, sizeof(int));
}

}  // namespace
}  // namespace twlab
