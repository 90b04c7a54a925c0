// Network namespaces, held by descriptors alone: no name in /run/netns, so that nothing is left
// when the process ends, however it ends.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "os/fd.h"

namespace twlab::os {

class Namespace {
 public:
  // A new one, empty but for its loopback interface (down). The calling thread stays where it is.
  // Throws std::system_error; EPERM or ENOSPC when the system allows none.
  static Namespace create();
  // The calling thread's own.
  static Namespace current();

  int fd() const { return fd_.get(); }

 private:
  explicit Namespace(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// While it lives, the calling thread is in the namespace. Sockets, captures and netlink handles
// belong to the namespace in which they were made, so it is needed only to make them and to open
// files of /proc/thread-self/net and /proc/sys/net.
class Inside {
 public:
  explicit Inside(const Namespace& ns);
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  UniqueFd before_;
};

// Takes the calling process, which must have one thread only, away from the machine's network: into
// an empty network namespace of its own, and into a user namespace in which it is root, unless it
// may administer networks already. Does nothing the second time. Throws std::system_error when the
// system allows no such namespaces.
void isolate();

// A sysctl of the namespace by its dotted name ("net.ipv4.tcp_fin_timeout"); std::system_error with
// ENOENT when this kernel has none, or none in this namespace.
std::string read_sysctl(const Namespace& ns, const std::string& name);
void write_sysctl(const Namespace& ns, const std::string& name, const std::string& value);
// Of the calling thread's namespace.
std::string read_sysctl(const std::string& name);
void write_sysctl(const std::string& name, const std::string& value);

// The sysctls that the calling thread's namespace has, sorted, by their dotted names: those in the
// folder ("net.ipv4") itself.
std::vector<std::string> sysctls(const std::string& folder);
// Those of a namespace that can be read and written.
std::vector<std::string> writable_sysctls(const Namespace& ns, const std::string& folder);

}  // namespace twlab::os
