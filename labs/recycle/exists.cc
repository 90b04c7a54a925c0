// Whether the kernel has the setting tcp_tw_recycle. Linux 4.12 has removed it.
#include "lab/lab.h"
using namespace twlab;

LAB(recycle_exists,
    {.name = "recycle.exists",
     .story =
         "The setting is looked for in a fresh namespace and in the one that the run began in.",
     .claims = {"recycle.exists"},
     .control = "tcp_timestamps, which is there, and a name that no kernel has",
     .needs = 0s}) {
  Host& host = lab.host("host");
  auto look = [&](const std::string& sysctl) -> std::pair<std::string, EventId> {
    std::string found = lab.exists(sysctl) ? "there" : "not there";
    return {found, lab.note(Note::Kind::setting, sysctl + ": " + found, host.name())};
  };
  Section& control = lab.control("what is there and what is not");
  for (auto [name, wanted] :
       {std::pair{"net.ipv4.tcp_timestamps", "there"}, {"net.ipv4.tcp_tw_recycled", "not there"}}) {
    auto [found, id] = look(name);
    control.equal(name, found, wanted, {id});
  }
  Section& setting = lab.section("the setting");
  auto [found, id] = look("net.ipv4.tcp_tw_recycle");
  if (found != "there" && control.holds())
    throw FeatureAbsent("net.ipv4.tcp_tw_recycle does not exist in this kernel");
  setting.equal("net.ipv4.tcp_tw_recycle", found, "there", {id});
  lab.judge("recycle.exists", setting, control);
}
