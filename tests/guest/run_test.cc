// `twlab run --kernel`, as it is built, under the oldest and the newest kernel at once.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "../unit/temporary_folder.h"
#include "os/process.h"
#include "report/read.h"
#include "support.h"

namespace twlab::guest {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr int interrupted = 130;
// Each takes at most two seconds of its own time.
const Words brief{"close.four-segments", "close.active-closer-*", "close-wait.holds-port",
                  "beyond.rfc1337", "beyond.unread-data-rst"};

Words joined(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class GuestRun : public TemporaryFolder {
 protected:
  void SetUp() override {
    if (std::string why = why_no_guests(); !why.empty()) GTEST_SKIP() << why;
    auto known = kernels();
    oldest_ = known.front().release;
    newest_ = known.back().release;
  }
  void TearDown() override { EXPECT_TRUE(descendants_.gone()); }

  fs::path out(const std::string& name) const { return folder() / name; }
  std::string said(const std::string& name) const {
    return os::read_file(folder() / (name + ".log"));
  }

  // Its evidence goes to out(name), and what it says to a file that said() reads.
  os::Child start(
      const std::string& name, Words words, const std::function<void()>& before = [] {}) {
    words.insert(words.begin(), {TWLAB, "run", "--out", out(name)});
    auto log = folder() / (name + ".log");
    return os::Child::spawn([=] {
      int fd = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
      dup2(fd, STDOUT_FILENO);
      dup2(fd, STDERR_FILENO);
      before();
      os::become(words);
      return 127;
    });
  }
  int run(const std::string& name, const Words& words) {
    int status = start(name, words).wait();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // Under both kernels.
  int run_both(const std::string& name, const Words& words) {
    return run(name, joined(words, {"--kernel", oldest_, "--kernel", newest_}));
  }
  std::string evidence(const std::string& name, const std::string& kernel,
                       const std::string& file) const {
    return os::read_file(out(name) / kernel / "close.four-segments" / file);
  }
  std::map<std::string, Verdict> verdicts(const fs::path& folder) const {
    std::map<std::string, Verdict> found;
    for (const LabResult& result : report::read_run(folder).results)
      for (const ClaimVerdict& made : result.verdicts)
        found[made.claim + " " + std::string(name(result.family))] = made.verdict;
    return found;
  }

  // Of the oldest kernel; and until another lab runs.
  void await_first_result(const std::string& name) const {
    auto is_there = [&] {
      std::error_code not_yet;
      for (const auto& entry : fs::recursive_directory_iterator(out(name) / oldest_, not_yet))
        if (entry.path().filename() == "inet.json") return true;
      return false;
    };
    while (!is_there() || !descendants_.has(qemu_process)) std::this_thread::sleep_for(2ms);
  }

  Descendants descendants_;
  std::string oldest_, newest_;
};

TEST_F(GuestRun, ReachesTheLabsVerdictAndACaptureThatOthersCanRead) {
  ASSERT_EQ(run_both("one", {"close.four-segments"}), 0) << said("one");
  for (const std::string& kernel : {oldest_, newest_}) {
    fs::path folder = out("one") / kernel;
    EXPECT_THAT(verdicts(folder),
                ::testing::ElementsAre(std::pair("close.four-segments inet", Verdict::confirmed),
                                       std::pair("close.four-segments inet6", Verdict::confirmed)));
    auto capture = folder / "close.four-segments" / "inet.pcapng";
    std::string flags = os::output_of(
        {"tshark", "-r", capture, "-Y", "tcp.flags.fin == 1", "-T", "fields", "-e", "tcp.flags"});
    // Two FINs in each of the two connections, seen at both ends of the link.
    EXPECT_EQ(std::count(flags.begin(), flags.end(), '\n'), 8) << flags;
  }
}

TEST_F(GuestRun, EvidenceDependsOnTheSeedAndNeitherOnOtherLabsNorOnWhatTheMachineDoes) {
  ASSERT_EQ(run_both("alone", {"close.four-segments", "--family", "inet"}), 0) << said("alone");
  {
    std::vector<os::Child> busy;
    for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i)
      busy.push_back(os::Child::spawn([] {
        for (volatile bool forever = true; forever;) {
        }
        return 0;
      }));
    ASSERT_EQ(run_both("among", brief), 0) << said("among");
  }
  ASSERT_EQ(run_both("other", {"close.four-segments", "--family", "inet", "--seed", "2"}), 0);
  for (const std::string& kernel : {oldest_, newest_})
    for (const char* file : {"inet.pcapng", "inet.json"}) {
      std::string alone = evidence("alone", kernel, file);
      EXPECT_TRUE(alone == evidence("among", kernel, file)) << kernel << ": other " << file;
      EXPECT_FALSE(alone == evidence("other", kernel, file)) << kernel << ": same " << file;
    }
}

TEST_F(GuestRun, RealTimeAndWarpedTimeGiveTheSameVerdicts) {
  const Words labs = joined(brief, {"--kernel", newest_});
  ASSERT_EQ(run("warped", labs), 0) << said("warped");
  ASSERT_EQ(run("real", joined(labs, {"--real-time"})), 0) << said("real");
  auto warped = verdicts(out("warped") / newest_);
  EXPECT_GE(warped.size(), 2 * brief.size());
  EXPECT_EQ(warped, verdicts(out("real") / newest_));
}

TEST_F(GuestRun, ThatIsKilledLeavesNothing) {
  auto runner = start("killed", {"--kernel", oldest_, "--kernel", newest_});
  while (!descendants_.has(qemu_process)) std::this_thread::sleep_for(5ms);
  runner.signal(SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(runner.wait()));
  EXPECT_TRUE(descendants_.gone())
      << "while booting: " << ::testing::PrintToString(descendants_.names());

  runner = start("killed", joined(brief, {"--kernel", oldest_}));
  await_first_result("killed");
  runner.signal(SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(runner.wait()));
  EXPECT_TRUE(descendants_.gone())
      << "in a lab: " << ::testing::PrintToString(descendants_.names());
}

// To the whole group of processes, as a terminal does it.
TEST_F(GuestRun, ThatIsInterruptedKeepsWhatHadEnded) {
  auto booting = start("booting", joined(brief, {"--kernel", oldest_}), [] { setpgid(0, 0); });
  // QEMU is asked for its version first.
  while (!descendants_.has(qemu_process) || said("booting").find("booting") == std::string::npos)
    std::this_thread::sleep_for(5ms);
  kill(-booting.pid(), SIGINT);
  EXPECT_EQ(WEXITSTATUS(booting.wait()), interrupted);
  EXPECT_THAT(said("booting"), HasSubstr("interrupted while kernels booted"));
  EXPECT_TRUE(report::read_results(out("booting") / oldest_ / "results.json").interrupted);

  auto runner = start("stopped", joined(brief, {"--kernel", oldest_}), [] { setpgid(0, 0); });
  await_first_result("stopped");
  kill(-runner.pid(), SIGINT);
  int status = runner.wait();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), interrupted);
  EXPECT_THAT(said("stopped"), HasSubstr("interrupted"));
  auto results = report::read_run(out("stopped") / oldest_);
  EXPECT_TRUE(results.interrupted);
  EXPECT_FALSE(results.results.empty());
  for (const LabResult& result : results.results) EXPECT_EQ(result.error, "") << result.lab;
}

TEST_F(GuestRun, WithoutQemuSaysWhatToInstall) {
  auto run = start("none", {"--kernel", newest_}, [] { setenv("PATH", "/nonexistent", 1); });
  int status = run.wait();
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_THAT(said("none"), HasSubstr("apt-get install --no-install-recommends qemu-system-x86"));
  EXPECT_FALSE(fs::exists(out("none")));
}

TEST_F(GuestRun, OfAKernelThatDoesNotBootLeavesTheOthers) {
  fs::path store = folder() / "kernels";
  fs::create_directory(store);
  fs::copy(kernel_store() / oldest_, store / oldest_, fs::copy_options::recursive);
  fs::create_directory_symlink(fs::absolute(kernel_store()) / newest_, store / newest_);
  for (const char* name : {"vmlinux", "bzImage"})
    if (fs::exists(store / oldest_ / name))
      os::write_file_atomically(store / oldest_ / name, std::string(10000, 'x'));
  auto both = start("half", {"close.four-segments", "--kernel", "all"},
                    [&] { setenv("TWLAB_KERNELS", store.c_str(), 1); });
  EXPECT_NE(WEXITSTATUS(both.wait()), 0);
  std::string why = "Linux " + oldest_ + " could not be started: QEMU ended";
  EXPECT_THAT(said("half"), HasSubstr(why));
  EXPECT_THAT(report::read_results(out("half") / oldest_ / "results.json").trouble, HasSubstr(why));
  EXPECT_THAT(os::read_file(out("half") / "report.html"), HasSubstr(why));
  EXPECT_EQ(verdicts(out("half") / newest_).size(), 2u);
}

}  // namespace
}  // namespace twlab::guest
