#include "os/namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "os/error.h"
#include "os/file.h"
#include "os/user.h"

namespace twlab::os {
namespace {

UniqueFd open_current() {
  return UniqueFd(check(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC),
                        "opening the network namespace"));
}

std::string sysctl_path(std::string name) {
  std::replace(name.begin(), name.end(), '.', '/');
  return "/proc/sys/" + name;
}

}  // namespace

Namespace Namespace::current() {
  return Namespace(open_current());
}

Namespace Namespace::create() {
  UniqueFd before = open_current();
  check(unshare(CLONE_NEWNET), "making a network namespace");
  Namespace made(open_current());
  check(setns(before.get(), CLONE_NEWNET), "returning to the network namespace");
  return made;
}

Inside::Inside(const Namespace& ns) : before_(open_current()) {
  check(setns(ns.fd(), CLONE_NEWNET), "entering a network namespace");
}

Inside::~Inside() {
  // Nothing sensible can be done in a namespace one did not mean to be in.
  if (setns(before_.get(), CLONE_NEWNET) != 0) std::terminate();
}

void isolate() {
  static bool done = false;
  if (done) return;
  if (!may_administer_networks()) enter_user_namespace(Identity::root);
  // The first namespace belongs to another user namespace: once left, there would be no way back
  // in.
  check(unshare(CLONE_NEWNET), "making a network namespace");
  done = true;
}

std::string read_sysctl(const Namespace& ns, const std::string& name) {
  Inside inside(ns);
  return read_sysctl(name);
}

void write_sysctl(const Namespace& ns, const std::string& name, const std::string& value) {
  Inside inside(ns);
  write_sysctl(name, value);
}

std::string read_sysctl(const std::string& name) {
  std::string value = read_file(sysctl_path(name));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  std::replace(value.begin(), value.end(), '\t', ' ');
  return value;
}

void write_sysctl(const std::string& name, const std::string& value) {
  during("setting " + name + " to " + value, [&] { write_in_place(sysctl_path(name), value); });
}

std::vector<std::string> sysctls(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(sysctl_path(folder)))
    if (entry.is_regular_file()) names.push_back(folder + "." + entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> writable_sysctls(const Namespace& ns, const std::string& folder) {
  Inside inside(ns);
  std::vector<std::string> names = sysctls(folder);
  std::erase_if(names, [](const std::string& name) {
    return access(sysctl_path(name).c_str(), R_OK | W_OK) != 0;
  });
  return names;
}

}  // namespace twlab::os
