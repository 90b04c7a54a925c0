// Kernel sockets by the ten thousand. Their calls are counted, not reported one by one.
#pragma once

#include <vector>

#include "os/address.h"
#include "os/fd.h"
#include "os/namespace.h"

namespace twlab::net {

// Accepts every connection that waits at the listener, which must not block, and closes it at once.
// Returns how many. Throws std::system_error.
size_t accept_and_close(int listener);

// Connections which a namespace's kernel opens to one endpoint, and closes as soon as they are
// established.
class Dialler {
 public:
  Dialler(const os::Namespace& ns, const Endpoint& remote);

  // Begins one more connection, without waiting for it. Returns 0 or the errno of connect().
  int dial();
  // Closes those that are established or have failed; they count as `failed()` then.
  void hang_up();
  size_t under_way() const { return sockets_.size(); }
  size_t closed() const { return closed_; }
  size_t failed() const { return failed_; }

 private:
  os::Inside inside_;  // of the thread that made this, as long as it lives
  Endpoint remote_;
  std::vector<os::UniqueFd> sockets_;
  size_t closed_ = 0, failed_ = 0;
};

}  // namespace twlab::net
