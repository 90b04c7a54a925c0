#include "leftovers.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "os/clock.h"

namespace twlab::testing {
namespace fs = std::filesystem;
namespace {

std::string first_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

bool is_zombie(const fs::path& process) {
  std::string stat = first_line(process / "stat");
  // The state follows the name in parentheses, which may contain anything.
  size_t state = stat.rfind(')') + 2;
  return state >= stat.size() || stat[state] == 'Z' || stat[state] == 'X';
}

template <typename F>
void for_each_entry(const fs::path& folder, F&& body) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    body(entry->path());
}

}  // namespace

void mark_this_process() {
  prctl(PR_SET_NAME, fmt::format("tw-{}", getpid()).c_str());
  setenv("TWLAB_TEST_MARK", std::to_string(getpid()).c_str(), 1);
}

Leftovers count_leftovers() {
  Leftovers found;
  std::set<std::string> namespaces;
  auto note_namespace = [&](const fs::path& link) {
    std::error_code error;
    std::string target = fs::read_symlink(link, error).string();
    if (target.starts_with("net:[")) namespaces.insert(target);
  };
  const std::string name = first_line("/proc/self/comm");
  const char* number = getenv("TWLAB_TEST_MARK");
  const std::string mark = fmt::format("TWLAB_TEST_MARK={}", number ? number : "none");
  auto is_ours = [&](const fs::path& process) {
    if (first_line(process / "comm") == name) return true;
    std::ifstream environment(process / "environ");
    for (std::string one; std::getline(environment, one, '\0');)
      if (one == mark) return true;
    return false;
  };
  for_each_entry("/proc", [&](const fs::path& process) {
    if (!is_ours(process) || is_zombie(process)) return;
    if (process.filename() == "self" || process.filename() == "thread-self") return;
    if (process.filename() != std::to_string(getpid())) ++found.processes;
    note_namespace(process / "ns/net");
    for_each_entry(process / "fd", note_namespace);
  });
  found.namespaces = namespaces.size();
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);)
    if (line.find(" - nsfs ") != line.npos) ++found.named;
  for (const char* folder : {"/tmp", "/dev/shm"})
    for_each_entry(folder, [&](const fs::path& path) {
      if (path.filename().string().starts_with("twlab")) ++found.temporary;
    });
  return found;
}

std::string show(const Leftovers& found) {
  return fmt::format("{} processes, {} namespaces, {} named namespaces, {} temporary files",
                     found.processes, found.namespaces, found.named, found.temporary);
}

bool nothing_left_since(const Leftovers& before) {
  Time deadline = os::now() + 2s;
  while (count_leftovers() != before) {
    if (os::now() >= deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

}  // namespace twlab::testing
