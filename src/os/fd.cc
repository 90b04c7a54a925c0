#include "os/fd.h"

#include <unistd.h>

namespace twlab::os {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0 && fd_ != fd) ::close(fd_);
  fd_ = fd;
}

}  // namespace twlab::os
