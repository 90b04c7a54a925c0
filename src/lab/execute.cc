// One lab from beginning to end, whatever happens in it.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "lab/lab.h"
#include "lab/runner.h"
#include "os/process.h"

namespace twlab {
namespace {

// Gives the verdict to every claim that the lab did not come to.
void settle(LabResult& result, const LabInfo& info, Verdict verdict, const std::string& reason) {
  for (std::string_view claim : info.claims) {
    bool judged = std::any_of(result.verdicts.begin(), result.verdicts.end(),
                              [&](const ClaimVerdict& made) { return made.claim == claim; });
    if (!judged)
      result.verdicts.push_back(
          {.claim = std::string(claim), .verdict = verdict, .reason = reason});
  }
}

}  // namespace

LabResult execute(const LabInfo& info, Family family, const OnWait& waiting,
                  const Settings& settings, const OnEvent& recorded,
                  const Surroundings& surroundings) {
  // Only there to make a blocking call return EINTR (Pending).
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  sigaction(SIGUSR1, &nothing, nullptr);

  LabResult result;
  result.lab = info.name;
  result.family = family;
  result.begin = os::now();
  Verdict otherwise = Verdict::error;
  std::string reason = "the lab ended without a verdict on this claim";
  try {
    os::raise_descriptor_limit();  // a lab may have hundreds of hosts
    SharedSettings first(surroundings.own_machine);
    os::isolate();
    Lab lab(info, family, waiting, settings, recorded, surroundings, &first);
    try {
      if (family == Family::inet6 && access("/proc/sys/net/ipv6", F_OK) != 0)
        throw FeatureAbsent("this kernel has no IPv6, or was started without it");
      info.body(lab);
    } catch (const FeatureAbsent& absent) {
      otherwise = Verdict::absent;
      reason = absent.what();
    } catch (const NotMeasurable& doubt) {
      otherwise = Verdict::inconclusive;
      reason = doubt.what();
    } catch (const std::exception& error) {
      reason = error.what();
      result.error = reason;
    }
    std::string error = result.error;
    result = lab.finish();
    result.error = error;
  } catch (const std::exception& error) {
    reason = result.error = error.what();
  }
  settle(result, info, otherwise, reason);
  return result;
}

}  // namespace twlab
