#include "net/bulk.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/error.h"

namespace twlab::net {

size_t accept_and_close(int listener) {
  for (size_t count = 0;; ++count) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && (errno == EAGAIN || errno == EINTR)) return count;
    close(os::check(fd, "accepting a connection"));
  }
}

Dialler::Dialler(const os::Namespace& ns, const Endpoint& remote) : inside_(ns), remote_(remote) {}

int Dialler::dial() {
  int family = remote_.address.family == Family::inet ? AF_INET : AF_INET6;
  os::UniqueFd fd(
      os::check(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "opening a socket"));
  sockaddr_storage address{};
  socklen_t size = remote_.to(address);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 && errno != EINPROGRESS)
    return errno;
  sockets_.push_back(std::move(fd));
  return 0;
}

void Dialler::hang_up() {
  std::vector<pollfd> polled;
  for (const os::UniqueFd& fd : sockets_) polled.push_back({fd.get(), POLLOUT, 0});
  os::check(poll(polled.data(), polled.size(), 0), "polling sockets");
  std::vector<os::UniqueFd> left;
  for (size_t i = 0; i < polled.size(); ++i) {
    if (polled[i].revents == 0)
      left.push_back(std::move(sockets_[i]));
    else
      ++(polled[i].revents & (POLLERR | POLLHUP) ? failed_ : closed_);
  }
  sockets_ = std::move(left);  // closes the others
}

}  // namespace twlab::net
