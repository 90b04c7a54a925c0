// Single machines: what they give, and every way in which they fail.
#include "guest/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guest/initramfs.h"
#include "os/file.h"
#include "report/json.h"
#include "support.h"

namespace twlab::guest {
namespace {

using ::testing::HasSubstr;
using Texts = std::vector<std::pair<std::string, std::string>>;

constexpr Duration enough = 60s;

os::UniqueFd memory(const std::string& bytes) {
  os::UniqueFd file = os::memory_file("twlab-test");
  os::write_all(file.get(), bytes, "a test's file");
  return file;
}

std::string complaint(const std::function<void()>& body) {
  try {
    body();
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

// By its place among the kernels that there are.
class GuestMachine : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (std::string why = why_no_guests(); !why.empty()) GTEST_SKIP() << why;
    kernel_ = GetParam() == "oldest" ? kernels().front() : kernels().back();
    std::vector<Packed> files = program_files(TWLAB_TEST_GUEST);
    std::string order;
    for (const Module& module : modules_needed(kernel_, lab_modules)) {
      files.push_back({module.path, "modules/" + module.name});
      order += module.name + "\n";
    }
    initramfs_ = memory(make_initramfs(files, Texts{{"modules/order", order}}));
  }
  void TearDown() override { EXPECT_TRUE(descendants_.gone()); }

  Machine machine() const { return {kernel_.release, kernel_.image, &initramfs_}; }
  std::string perform(const std::string& lab, Duration limit = enough) {
    return guest::perform(
        machine(), saved_, {.lab = lab}, {.limit = limit},
        [this](const std::string& what, Duration left) { waits_.emplace_back(what, left); });
  }

  Descendants descendants_;
  Kernel kernel_;
  os::UniqueFd initramfs_;
  Saved saved_;
  std::vector<std::pair<std::string, Duration>> waits_;
};

TEST_P(GuestMachine, ItsClocksAgreeAlthoughTimeIsWarped) {
  saved_ = boot(machine(), {.limit = enough});
  Time begin = os::now();
  LabResult result = report::decode(perform("test.clocks"));
  EXPECT_LT(os::now() - begin, 25s) << "time was not skipped";
  EXPECT_EQ(result.error, "");
  for (const SectionResult& section : result.sections)
    for (const Check& check : section.checks)
      EXPECT_EQ(check.outcome, Outcome::holds) << section.title << ": " << check.what << ": wanted "
                                               << check.wanted << ", got " << check.got;
  ASSERT_EQ(result.verdicts.size(), 1u);
  EXPECT_EQ(result.verdicts[0].verdict, Verdict::confirmed);
  ASSERT_EQ(waits_.size(), 1u);
  EXPECT_EQ(waits_[0].first, "the rest of fifty seconds");
  EXPECT_GT(waits_[0].second, 9s);
}

TEST_P(GuestMachine, SettingsThatAllHostsHaveInCommonCanBeSetThere) {
  saved_ = boot(machine(), {.limit = enough});
  LabResult result = report::decode(perform("test.shared"));
  ASSERT_EQ(result.verdicts.size(), 1u);
  EXPECT_EQ(result.verdicts[0].verdict, Verdict::confirmed) << result.verdicts[0].reason;
}

TEST_P(GuestMachine, SaysWhatItsBytesDependOn) {
  EXPECT_THAT(show_command(machine()), HasSubstr("-kernel " + kernel_.image.filename().string()));
  EXPECT_THAT(show_command(machine()), ::testing::Not(HasSubstr(kernel_.image.parent_path())));
  Machine other = machine();
  other.seed = 2;
  EXPECT_NE(show_command(machine()), show_command(other));
}

TEST_P(GuestMachine, IsGoneAsSoonAsSomebodyWantsToStop) {
  os::Pipe stop;
  stop.write.reset();
  EXPECT_THAT(complaint([&] { boot(machine(), {.limit = enough, .stop = stop.read.get()}); }),
              HasSubstr("was stopped"));
}

TEST_P(GuestMachine, WhateverGoesWrongInALabIsTheErrorOfThatLab) {
  saved_ = boot(machine(), {.limit = enough});
  std::string panic = complaint([&] { perform("test.panic"); });
  EXPECT_THAT(panic, HasSubstr("Linux " + kernel_.release + " ended; the last of its console:"));
  EXPECT_THAT(panic, HasSubstr("Kernel panic - not syncing: Attempted to kill init!"));
  EXPECT_THAT(complaint([&] { perform("test.unknown"); }),
              HasSubstr("twlab: no lab is named test.unknown"));
  Time begin = os::now();
  EXPECT_THAT(complaint([&] { perform("test.hang", 1500ms); }),
              HasSubstr("gave no answer within 1.5 s"));
  EXPECT_LT(os::now() - begin, 3s);
  EXPECT_TRUE(descendants_.gone());

  saved_.state = memory("nothing that QEMU saved");
  EXPECT_THAT(complaint([&] { perform("test.panic"); }), HasSubstr("could not be restored"));
}

TEST_P(GuestMachine, ThatDoesNotBootSaysWhatItsConsoleSaid) {
  initramfs_ = memory(make_initramfs({}, Texts{{"init", "no program"}}));
  EXPECT_THAT(complaint([&] { boot(machine(), {.limit = enough}); }),
              HasSubstr("Kernel panic - not syncing: No working init found"));
  EXPECT_THAT(complaint([&] { boot(machine(), {.limit = 300ms}); }),
              HasSubstr("gave no answer within 0.3 s"));
  EXPECT_TRUE(descendants_.gone());
}

INSTANTIATE_TEST_SUITE_P(Of, GuestMachine, ::testing::Values("oldest", "newest"),
                         [](const auto& info) { return info.param; });

TEST(GuestImage, ThatIsNoneIsAnErrorInTheWordsOfQemu) {
  try {
    qemu_version();
  } catch (const std::exception& error) {
    GTEST_SKIP() << error.what();
  }
  os::UniqueFd image = memory(std::string(10000, 'x')), initramfs = memory("");
  Machine machine{"9.9", "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(image.get()),
                  &initramfs};
  EXPECT_THAT(complaint([&] { boot(machine, {.limit = enough}); }),
              ::testing::AllOf(HasSubstr("Linux 9.9 could not be started: QEMU ended"),
                               HasSubstr("kernel")));
  machine.kernel = "/nonexistent/vmlinux";
  EXPECT_THAT(complaint([&] { boot(machine, {.limit = enough}); }), HasSubstr(machine.kernel));
}

}  // namespace
}  // namespace twlab::guest
