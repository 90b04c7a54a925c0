// Claims and labs for tests of the commands, instead of the real ones.
#include <unistd.h>

#include <fstream>
#include <thread>

#include "lab/lab.h"

namespace twlab {
namespace {

const Document all_documents[] = {{"book", "A book"}};
const Claim all_claims[] = {
    {"close.four-segments", "Closing takes four segments.", {{"book", "Closing"}}},
    {"close.simultaneous", "Both may close at once.", {{"book", ""}}},
    {"linger.zero", "It sends a reset.", {{"book", "Linger"}}},
    {"future.claim", "Nobody looked yet.", {{"book", ""}}},
};

}  // namespace

std::span<const Document> documents() {
  return all_documents;
}
std::span<const Claim> claims() {
  return all_claims;
}
std::span<const Topic> topics() {
  return {};
}
const Claim* find_claim(std::string_view id) {
  for (const Claim& claim : all_claims)
    if (claim.id == id) return &claim;
  return nullptr;
}

// Labs that come to each end there is, without any testbed.
LAB(decided, {.name = "close.decided",
              .story = "Decides two claims.",
              .claims = {"close.four-segments", "close.simultaneous"},
              .control = "none"}) {
  throw FeatureAbsent("there is no such thing");
}

LAB(undecided, {.name = "linger.undecided",
                .story = "Cannot decide its claim.",
                .claims = {"linger.zero"},
                .control = "none"}) {
  throw NotMeasurable("the test says so");
}

LAB(crashing,
    {.name = "trouble.crash", .story = "Crashes.", .claims = {"linger.zero"}, .control = "none"}) {
  abort();
}

LAB(changing, {.name = "trouble.change",
               .story = "Comes to another verdict the second time.",
               .claims = {"linger.zero"},
               .control = "none"}) {
  const char* marker = getenv("TWLAB_TEST_MARKER");
  if (!access(marker, F_OK)) throw FeatureAbsent("the second time");
  std::ofstream{marker};
  throw NotMeasurable("the first time");
}

LAB(waiting, {.name = "trouble.wait",
              .story = "Waits for a minute.",
              .claims = {"linger.zero"},
              .control = "none",
              .needs = 60s}) {
  std::this_thread::sleep_for(60s);
}

}  // namespace twlab
