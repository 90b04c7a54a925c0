// A kernel told something else: the verdict must follow the kernel.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "lab/runner.h"
#include "os/namespace.h"
#include "os/process.h"
#include "report/json.h"

namespace twlab {
namespace {

struct Flip {
  const char* claim;
  Verdict usual, then;
};

struct Change {
  const char* setting;
  const char* value;
  std::vector<Flip> flips;
};

using enum Verdict;

// Each was seen to happen. Labs that need longer than 5 s are left out.
const Change kChanges[] = {
    {"net.ipv4.tcp_timestamps",
     "0",
     {{"timestamps.paws-drops-duplicate", confirmed, refuted},
      {"linger.zero-unprotected", refuted, confirmed},
      {"reuse.client-needs-tw-reuse", confirmed, refuted},
      {"reuse.not-the-same", confirmed, refuted}}},
    {"net.ipv4.tcp_max_tw_buckets",
     "0",
     {{"close.active-closer-keeps-time-wait", confirmed, refuted},
      {"linger.off-by-default", confirmed, refuted}}},
    {"net.ipv4.tcp_syncookies", "2", {{"close.passive-path", confirmed, refuted}}},
    {"net.ipv4.tcp_tw_reuse_delay", "10000", {{"timewait.reusable", confirmed, refuted}}},
};

using Verdicts = std::map<std::string, std::string>;  // by claim

// Of all labs that decide one of these claims, side by side.
Verdicts run(const std::vector<Flip>& flips, Family family, const Settings& settings) {
  std::vector<Task> tasks;
  for (const LabInfo& lab : labs())
    if (std::ranges::any_of(flips, [&](const Flip& flip) {
          return std::ranges::find(lab.claims, flip.claim) != lab.claims.end();
        }))
      tasks.push_back({&lab, family});
  Verdicts verdicts;
  RunnerOptions options;
  options.perform = [&](const Task& task, size_t, const OnWait& waiting) {
    return report::encode(execute(*task.lab, task.family, waiting, settings));
  };
  options.decode = report::decode;
  options.finished = [&](const Task&, const LabResult& result) {
    for (const ClaimVerdict& verdict : result.verdicts)
      verdicts[verdict.claim] = std::string(name(verdict.verdict));
  };
  EXPECT_TRUE(run_labs(tasks, options));
  return verdicts;
}

using Parameters = std::tuple<Family, Change>;

class FlipTest : public ::testing::TestWithParam<Parameters> {
 protected:
  void SetUp() override {
    auto probe = os::Child::spawn([] {
      os::isolate();
      os::Namespace::create();
      return 0;
    });
    if (probe.wait() != 0) GTEST_SKIP() << "this system allows no network namespaces";
    const char* setting = std::get<Change>(GetParam()).setting;
    auto look = os::Child::spawn([&] {
      os::isolate();
      os::read_sysctl(os::Namespace::create(), setting);
      return 0;
    });
    if (look.wait() != 0) GTEST_SKIP() << "this kernel has no " << setting << " of a namespace";
  }
};

std::string title(const ::testing::TestParamInfo<Parameters>& info) {
  std::string setting = std::get<Change>(info.param).setting;
  return std::string(name(std::get<Family>(info.param))) + "_" +
         setting.substr(setting.rfind('.') + 1);
}

INSTANTIATE_TEST_SUITE_P(Families, FlipTest,
                         ::testing::Combine(::testing::Values(Family::inet, Family::inet6),
                                            ::testing::ValuesIn(kChanges)),
                         title);

TEST_P(FlipTest, VerdictsFollowTheKernel) {
  const auto& [family, change] = GetParam();
  Verdicts usual = run(change.flips, family, {});
  Verdicts then = run(change.flips, family, {{change.setting, change.value}});
  for (const Flip& flip : change.flips) {
    EXPECT_EQ(usual[flip.claim], name(flip.usual)) << flip.claim;
    EXPECT_EQ(then[flip.claim], name(flip.then))
        << flip.claim << " with " << change.setting << " " << change.value;
  }
}

}  // namespace
}  // namespace twlab
