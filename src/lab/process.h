// A process that owns sockets of a host and can be killed.
#pragma once

#include <string>
#include <vector>

#include "lab/socket.h"
#include "os/process.h"

namespace twlab {

class Process {
 public:
  // The sockets pass to a new process, which does nothing with them; the lab's own descriptors are
  // closed without a word, so that the process is the only owner.
  Process(Lab& lab, Host& host, const std::vector<Socket*>& sockets);

  // SIGKILL, and waits until the process is gone and with it its descriptors.
  void kill();
  bool running() const { return child_.running(); }
  // Whether one of its descriptors is the socket with this inode (never with 0).
  bool owns(uint32_t inode) const;
  pid_t pid() const { return child_.pid(); }

 private:
  Lab& lab_;
  Host& host_;
  os::Child child_;
};

}  // namespace twlab
