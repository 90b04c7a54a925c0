// A folder in memory that nobody else can see and that needs no cleaning up.
#pragma once

#include <string>

#include "os/fd.h"

namespace twlab::os {

// For the first process of a PID and a mount namespace (Child::spawn with both), where it makes a
// /proc of that PID namespace as well. The folder is reached by the process that made it and those
// it starts, and is gone when it has ended, however that happened.
class PrivateFolder {
 public:
  // With names that hosts of the network have besides those of /etc/hosts, in that file's format.
  // Throws std::system_error.
  explicit PrivateFolder(const std::string& hosts);

  const std::string& path() const { return path_; }  // "/proc/1/fd/7"
  int fd() const { return fd_.get(); }
  void link(const std::string& name, const std::string& target) const;

 private:
  UniqueFd fd_;
  std::string path_;
};

}  // namespace twlab::os
