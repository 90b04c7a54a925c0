// The machine is held up while a state ends: when it ended is then not known, and nothing is
// refuted.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "os/process.h"
#include "support.h"

namespace twlab {
namespace {

using ::testing::HasSubstr;

constexpr Duration kTimeout = 2s;

class StallTest : public TestbedTest {
 protected:
  // FIN_WAIT_2 of 2 s. Before its end this process stops for a while, unless that is 0.
  Verdict last(Duration stopped, Duration least, Duration most) {
    auto [kernel, peer] = lab->kernel_and_peer();
    kernel.set("net.ipv4.tcp_fin_timeout", "2");
    Lab::Orphan orphan = lab->into_fin_wait_2(kernel, peer, 6000);
    std::optional<os::Child> other;
    if (stopped > 0s)
      other = os::Child::spawn([stopped, process = getpid()] {
        std::this_thread::sleep_for(kTimeout - 300ms);
        kill(process, SIGSTOP);
        std::this_thread::sleep_for(stopped);
        return kill(process, SIGCONT);
      });
    lab->await_state(kernel, orphan.tuple, CLOSED, 20s);
    SeenState end = lab->path(kernel, orphan.tuple).back();
    Section& section = lab->section("it lasts");
    section.within("FIN_WAIT_2", end.time - orphan.begin.time, least, most, "", {end.id});
    Section& control = lab->control("none");
    control.equal("nothing", 0, 0);
    Verdict verdict = lab->judge("test.claim", section, control).verdict();
    got = section.result().checks[0].got;
    return verdict;
  }
  std::string got;
};

// A timer of 2 s ends up to 256 ms late, with slack for a busy machine.
constexpr Duration kLeast = kTimeout - 10ms, kMost = kTimeout + 900ms;

TEST_P(StallTest, NothingStops) {
  EXPECT_EQ(last(0s, kLeast, kMost), Verdict::confirmed) << got;
  EXPECT_THAT(got, Not(HasSubstr("give or take")));
}

TEST_P(StallTest, StoppedOverTheEndIsInconclusive) {
  EXPECT_EQ(last(2s, kLeast, kMost), Verdict::inconclusive) << got;
  EXPECT_THAT(got, HasSubstr("give or take"));
}

TEST_P(StallTest, StoppedIntoTheWantedTimeIsInconclusive) {
  EXPECT_EQ(last(2s, kTimeout + 1s, kTimeout + 3s), Verdict::inconclusive) << got;
}

TEST_P(StallTest, StoppedAndStillFarFromWhatIsWantedIsRefuted) {
  EXPECT_EQ(last(2s, 30s, 60s), Verdict::refuted) << got;
}

INSTANTIATE_TEST_SUITE_P(Families, StallTest, testing::Values(Family::inet), family_name);

}  // namespace
}  // namespace twlab
