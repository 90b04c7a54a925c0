#include "os/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include "os/error.h"

namespace twlab::os {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0 && fd_ != fd) ::close(fd_);
  fd_ = fd;
}

Pipe::Pipe() {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "making a pipe");
  read.reset(ends[0]), write.reset(ends[1]);
}

}  // namespace twlab::os
