// What is known of the kernel's own history: changes that make it answer a claim otherwise.
//
// Only what was read is said. A commit's title stands here when the commit itself was; otherwise
// the function that differs between two versions' sources.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace twlab::report {

struct KernelChange {
  std::vector<std::string_view> claims;
  std::string_view before;  // the newest version that is known to be without it: "6.12"
  std::string_view since;   // the oldest that is known to have it: "6.18"
  std::string_view text;    // what the kernel does otherwise, and where
  std::string_view commit;  // its title; empty: not known
  std::string_view read;    // where all that was read
};

std::span<const KernelChange> kernel_changes();

// Those of the claim that lie between the two releases.
std::vector<const KernelChange*> changes_between(std::string_view claim, std::string_view before,
                                                 std::string_view after);

}  // namespace twlab::report
