#include "report/changes.h"

#include <algorithm>

#include "report/matrix.h"

namespace twlab::report {
namespace {

const std::vector<KernelChange>& catalogue() {
  static const std::vector<KernelChange> all = {
      {.claims = {"beyond.reuse-delay"},
       .before = "6.12",
       .since = "6.14",
       .text = "tcp_twsk_unique() compares the milliseconds since the socket entered TIME_WAIT "
               "with net.ipv4.tcp_tw_reuse_delay; before, it wanted the clock to show another "
               "second than at the last timestamp, and there was no such setting.",
       .commit = "tcp: Add sysctl to configure TIME-WAIT reuse delay",
       .read = "net/ipv4/tcp_ipv4.c of 6.12.107 and 7.2.13, and the pull request of networking "
               "for 6.14"},
  };
  return all;
}

}  // namespace

std::span<const KernelChange> kernel_changes() {
  return catalogue();
}

std::vector<const KernelChange*> changes_between(std::string_view claim, std::string_view before,
                                                 std::string_view after) {
  std::string from = version_of(std::string(before)), to = version_of(std::string(after));
  std::vector<const KernelChange*> found;
  for (const auto& change : catalogue())
    if (std::ranges::find(change.claims, claim) != change.claims.end() &&
        older(from, std::string(change.since)) && older(std::string(change.before), to))
      found.push_back(&change);
  return found;
}

}  // namespace twlab::report
