// The catalogue, the labs and docs/claims.md say the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "lab/claim.h"
#include "lab/registry.h"
#include "os/file.h"
#include "report/catalogue.h"

namespace twlab::report {
namespace {

using ::testing::IsEmpty;

TEST(Catalogue, LabsDecideClaimsThatThereAre) {
  for (const LabInfo& lab : labs()) {
    EXPECT_FALSE(lab.claims.empty()) << lab.name;
    std::set<std::string_view> once;
    for (std::string_view claim : lab.claims) {
      EXPECT_TRUE(find_claim(claim)) << lab.name << " decides " << claim;
      EXPECT_TRUE(once.insert(claim).second) << lab.name << " decides twice " << claim;
    }
  }
}

TEST(Catalogue, EveryClaimHasALab) {
  std::vector<std::string_view> without;
  for (const Claim& claim : claims()) {
    auto decides = [&](const LabInfo& lab) {
      return std::ranges::find(lab.claims, claim.id) != lab.claims.end();
    };
    if (std::ranges::none_of(labs(), decides)) without.push_back(claim.id);
  }
  EXPECT_THAT(without, IsEmpty());
}

TEST(Catalogue, ClaimsMdIsWhatTheProgramPrints) {
  EXPECT_TRUE(os::read_file(CLAIMS_MD) == catalogue_markdown())
      << "make it anew: twlab list claims --format markdown > docs/claims.md";
}

}  // namespace
}  // namespace twlab::report
