// The command `run` from beginning to end, with labs of fake_catalogue.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "cli/cli.h"
#include "cli/probe.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/process.h"
#include "report/read.h"

namespace twlab::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string why = why_unmeasurable(); !why.empty()) GTEST_SKIP() << why;
    folder_ = fs::temp_directory_path() / ("twlab-run-test." + std::to_string(getpid()));
    fs::create_directory(folder_);
    setenv("TWLAB_TEST_MARKER", (folder_ / "marker").c_str(), 1);
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  std::string out() const { return folder_ / "out"; }

  int run(std::vector<std::string> words) {
    words.insert(words.begin(), {"run", "--out", out()});
    return command(std::move(words));
  }
  int command(std::vector<std::string> words) {
    words.insert(words.begin(), "twlab");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    int exit = main(static_cast<int>(arguments.size()), arguments.data());
    stdout_ = ::testing::internal::GetCapturedStdout();
    stderr_ = ::testing::internal::GetCapturedStderr();
    return exit;
  }

  fs::path folder_;
  std::string stdout_, stderr_;
};

TEST_F(RunTest, DecidedIsSuccessAndLeavesEverything) {
  EXPECT_EQ(run({"close.decided"}), success) << stderr_;
  EXPECT_THAT(stdout_, HasSubstr("absent"));
  auto results = report::read_run(out());
  EXPECT_EQ(results.results.size(), 2u);
  EXPECT_FALSE(results.interrupted);
  for (const char* file : {"report.html", "report.md", "results.json"})
    EXPECT_TRUE(fs::exists(fs::path(out()) / file)) << file;
}

TEST_F(RunTest, UndecidedAloneIsUnmeasurable) {
  EXPECT_EQ(run({"linger.undecided", "--family", "inet"}), unmeasurable);
  EXPECT_THAT(stdout_, HasSubstr("the test says so"));
}

TEST_F(RunTest, ACrashIsALabsErrorAndTheOthersStand) {
  EXPECT_EQ(run({"trouble.crash", "close.decided"}), lab_error);
  EXPECT_THAT(stdout_, HasSubstr("killed by SIGABRT"));
  EXPECT_EQ(report::read_run(out()).results.size(), 4u);
}

TEST_F(RunTest, AnotherVerdictThanExpected) {
  std::string marker = getenv("TWLAB_TEST_MARKER");
  EXPECT_EQ(run({"trouble.change", "--family", "inet"}), unmeasurable);
  fs::path first = folder_ / "first.json";
  fs::copy(fs::path(out()) / "results.json", first);
  EXPECT_EQ(run({"trouble.change", "--family", "inet", "--expect", first}), differs);
  EXPECT_THAT(stderr_, HasSubstr("expected inconclusive, got absent"));
  fs::remove(marker);
  EXPECT_EQ(run({"trouble.change", "--family", "inet", "--expect", first}), unmeasurable);
}

TEST_F(RunTest, AVerdictThatChangesBetweenRepetitions) {
  EXPECT_EQ(run({"trouble.change", "--family", "inet", "--repeat", "3"}), differs);
  EXPECT_THAT(stderr_, HasSubstr("the verdict changed: linger.zero (inet): absent 2 times"));
  EXPECT_EQ(report::read_run(out()).results.size(), 3u);
}

TEST_F(RunTest, FormatsOnStandardOutput) {
  run({"close.decided", "--format", "tap"});
  EXPECT_THAT(stdout_, ::testing::StartsWith("KTAP version 1\n"));
  run({"close.decided", "--format", "junit"});
  EXPECT_THAT(stdout_, ::testing::StartsWith("<?xml"));
  run({"close.decided", "--format", "json"});
  EXPECT_EQ(stdout_, os::read_file(fs::path(out()) / "results.json"));
}

TEST_F(RunTest, MergedShardsAreTheWholeRun) {
  std::vector<std::string> labs{"close.decided", "linger.undecided"};
  auto run_into = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"run", "--out", folder_ / name});
    more.insert(more.end(), labs.begin(), labs.end());
    return command(more);
  };
  EXPECT_EQ(run_into("whole", {}), success);
  std::vector<std::string> merge{"merge", "--out", folder_ / "merged"};
  for (const char* shard : {"1", "2", "3"}) {
    run_into(shard, {"--shard", shard + std::string("/3")});
    merge.push_back(folder_ / shard);
  }
  EXPECT_EQ(command(merge), success) << stderr_;
  EXPECT_THAT(stdout_, HasSubstr("Report: " + (folder_ / "merged" / "report.html").string()));
  auto whole = report::claim_rows(report::read_run(folder_ / "whole")),
       merged = report::claim_rows(report::read_run(folder_ / "merged"));
  ASSERT_EQ(merged.size(), whole.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(merged[i].claim, whole[i].claim);
    ASSERT_EQ(merged[i].families.size(), whole[i].families.size());
    for (size_t j = 0; j < whole[i].families.size(); ++j)
      EXPECT_EQ(merged[i].families[j].verdict, whole[i].families[j].verdict);
  }
  EXPECT_EQ(command(merge), bad_input);
  EXPECT_THAT(stderr_, HasSubstr("is there already"));
}

TEST_F(RunTest, AShardOfNothingHasNothingToDo) {
  EXPECT_EQ(run({"close.decided", "--shard", "3/3"}), success);
  EXPECT_THAT(stderr_, HasSubstr("nothing is left to do"));
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(RunTest, AFolderThatCannotBeWrittenIsToldBeforeAnythingRuns) {
  os::write_file_atomically(folder_ / "out", "a file");
  EXPECT_EQ(run({"trouble.wait"}), bad_input);
  EXPECT_THAT(stderr_, HasSubstr(out()));
}

TEST_F(RunTest, CtrlCWritesWhatIsFinished) {
  pid_t self = getpid();
  Time begin = os::now();
  auto interrupter = os::Child::spawn([&] {
    fs::path finished = fs::path(out()) / "close.decided" / "inet6.json";
    while (!fs::exists(finished)) std::this_thread::sleep_for(5ms);
    std::this_thread::sleep_for(100ms);
    return kill(self, SIGINT);
  });
  EXPECT_EQ(run({"trouble.wait", "close.decided"}), interrupted);
  EXPECT_LT(os::now() - begin, 2s);
  EXPECT_THAT(stderr_, HasSubstr("interrupted; 2 of 4"));
  auto results = report::read_run(out());
  EXPECT_TRUE(results.interrupted);
  EXPECT_EQ(results.results.size(), 2u);
}

}  // namespace
}  // namespace twlab::cli
