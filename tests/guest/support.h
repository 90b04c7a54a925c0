// What all tests of guests need: kernels, and to know which processes there are.
#pragma once

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "guest/kernel.h"
#include "guest/machine.h"
#include "os/clock.h"

namespace twlab::guest {

// Why no guest can run here; empty when they can.
inline std::string why_no_guests() {
  try {
    qemu_version();
    return kernels().empty() ? "no kernels: run scripts/fetch-kernels" : "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

// Names of the processes below this one. Those whose parent is killed become this one's children,
// so that none gets out of sight.
class Descendants {
 public:
  Descendants() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

  bool has(const std::string& name) const {
    auto found = names();
    return std::ranges::find(found, name) != found.end();
  }
  // Whether all end within two seconds; reaps them.
  bool gone() const {
    for (Time deadline = os::now() + 2s; os::now() < deadline; std::this_thread::sleep_for(10ms))
      if (waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD) return true;
    return false;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    add_children(getpid(), found);
    return found;
  }

 private:
  static void add_children(pid_t pid, std::vector<std::string>& found) {
    std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    DIR* folder = opendir(tasks.c_str());
    if (!folder) return;  // it has ended
    while (const dirent* task = readdir(folder)) {
      std::ifstream children(tasks + "/" + task->d_name + "/children");
      for (pid_t child; children >> child;) {
        std::ifstream comm("/proc/" + std::to_string(child) + "/comm");
        std::string name;
        std::getline(comm, name);
        found.push_back(name);
        add_children(child, found);
      }
    }
    closedir(folder);
  }
};

inline constexpr const char* qemu_process = "qemu-system-x86";  // 15 bytes of its name

}  // namespace twlab::guest
