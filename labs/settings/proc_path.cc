// Whether the three settings are files under /proc/net/ipv4, as one document's headings have it.
#include <filesystem>

#include "lab/lab.h"
using namespace twlab;

namespace {

std::string look(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) ? "there" : "not there";
}

}  // namespace

LAB(settings_proc_path,
    {.name = "settings.proc-path",
     .story = "The three files are looked for under /proc/net/ipv4 and under /proc/sys/net/ipv4.",
     .claims = {"settings.proc-path"},
     .control = "tcp_timestamps under /proc/sys/net/ipv4",
     .needs = 0s}) {
  Section& net = lab.section("/proc/net/ipv4");
  Section& control = lab.control("/proc/sys/net/ipv4");
  for (std::string name : {"tcp_timestamps", "tcp_tw_reuse", "tcp_tw_recycle"}) {
    std::string path = "/proc/net/ipv4/" + name, found = look(path);
    net.equal(path, found, "there", {lab.mark(path + ": " + found)});
  }
  // In a namespace of its own a kernel may lack it (Linux before 4.15), but not altogether.
  std::string path = "/proc/sys/net/ipv4/tcp_timestamps", found = look(path);
  control.equal(path, found, "there", {lab.mark(path + ": " + found)});

  std::string under_sys;
  for (std::string name : {"tcp_timestamps", "tcp_tw_reuse", "tcp_tw_recycle"})
    under_sys += fmt::format(" {} {}", name, look("/proc/sys/net/ipv4/" + name));
  lab.judge("settings.proc-path", net, control)
      .because(fmt::format("/proc/net/ipv4 is {}; under /proc/sys/net/ipv4:{}",
                           look("/proc/net/ipv4"), under_sys));
}
