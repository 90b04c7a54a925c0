#include "net/netlink.h"

#include <sys/socket.h>

#include "os/error.h"

namespace twlab::net {

Netlink::Netlink(const os::Namespace& ns, int bus) : buffer_(64 * 1024) {
  os::Inside inside(ns);
  socket_.reset(mnl_socket_open2(bus, SOCK_CLOEXEC));
  if (!socket_) os::fail(errno, "opening netlink");
  os::check(mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID), "binding netlink");
}

void Netlink::ask(nlmsghdr* message, const std::string& doing,
                  const std::function<void(const nlmsghdr&)>& answer) {
  message->nlmsg_seq = ++sequence_;
  os::check(mnl_socket_sendto(socket_.get(), message, message->nlmsg_len), doing);
  auto give = [](const nlmsghdr* header, void* data) {
    const auto& wanted = *static_cast<const std::function<void(const nlmsghdr&)>*>(data);
    if (wanted) wanted(*header);
    return MNL_CB_OK;
  };
  unsigned port = mnl_socket_get_portid(socket_.get());
  for (;;) {
    ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) continue;
    os::check(size, doing);
    int more = mnl_cb_run(buffer_.data(), static_cast<size_t>(size), sequence_, port, give,
                          const_cast<std::function<void(const nlmsghdr&)>*>(&answer));
    os::check(more, doing);
    if (more == MNL_CB_STOP) return;
  }
}

}  // namespace twlab::net
