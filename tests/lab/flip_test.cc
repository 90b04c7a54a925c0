// A kernel told something else: the verdict must follow the kernel.
#include "lab/runner.h"
#include "support.h"

using namespace twlab;

namespace {

struct Flip {
  const char* lab;
  const char* claim;
  Settings settings;
  Verdict usual, then;
};

const Flip kFlips[] = {
    {"timestamps.both-or-none",
     "timestamps.both-or-none",
     {{"net.ipv4.tcp_timestamps", "0"}},
     Verdict::confirmed,
     Verdict::refuted},
    {"timewait.old-duplicate-corrupts",
     "timestamps.paws-drops-duplicate",
     {{"net.ipv4.tcp_timestamps", "0"}},
     Verdict::confirmed,
     Verdict::refuted},
    {"timewait.old-duplicate-corrupts",
     "linger.zero-unprotected",
     {{"net.ipv4.tcp_timestamps", "0"}},
     Verdict::refuted,
     Verdict::confirmed},
    {"close.active-closer-keeps-time-wait",
     "close.active-closer-keeps-time-wait",
     {{"net.ipv4.tcp_max_tw_buckets", "0"}},
     Verdict::confirmed,
     Verdict::refuted},
    {"linger.off-by-default",
     "linger.off-by-default",
     {{"net.ipv4.tcp_max_tw_buckets", "0"}},
     Verdict::confirmed,
     Verdict::refuted},
};

Verdict run(const Flip& flip, Family family, const Settings& settings) {
  LabResult result = execute(
      *find_lab(flip.lab), family, [](const std::string&, Time) {}, settings);
  for (const ClaimVerdict& verdict : result.verdicts)
    if (verdict.claim == flip.claim) return verdict.verdict;
  ADD_FAILURE() << "no verdict on " << flip.claim << "; " << result.error;
  return Verdict::error;
}

}  // namespace

class FlipTest : public TestbedTest {};
INSTANTIATE_TEST_SUITE_P(Families, FlipTest, both_families, family_name);

TEST_P(FlipTest, VerdictsFollowTheKernel) {
  for (const Flip& flip : kFlips) {
    EXPECT_EQ(name(run(flip, GetParam(), {})), name(flip.usual)) << flip.claim;
    EXPECT_EQ(name(run(flip, GetParam(), flip.settings)), name(flip.then)) << flip.claim;
  }
}
