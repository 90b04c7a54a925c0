#include "net/netlink.h"

#include <sys/socket.h>

#include "os/error.h"
#include "os/loop.h"

namespace twlab::net {

Netlink::Netlink(const os::Namespace& ns, int bus, unsigned groups) : buffer_(64 * 1024) {
  os::Inside inside(ns);
  socket_.reset(mnl_socket_open2(bus, SOCK_CLOEXEC));
  if (!socket_) os::fail(errno, "opening netlink");
  os::check(mnl_socket_bind(socket_.get(), groups, MNL_SOCKET_AUTOPID), "binding netlink");
}

void Netlink::ask(nlmsghdr* message, const std::string& doing,
                  const std::function<void(const nlmsghdr&)>& answer) {
  message->nlmsg_seq = ++sequence_;
  os::check(mnl_socket_sendto(socket_.get(), message, message->nlmsg_len), doing);
  unsigned port = mnl_socket_get_portid(socket_.get());
  while (receive(sequence_, port, answer, doing) != MNL_CB_STOP) continue;
}

bool Netlink::hear(const std::function<void(const nlmsghdr&)>& notification,
                   const std::function<bool()>& condition, Time deadline) {
  os::Loop loop;
  loop.add(mnl_socket_get_fd(socket_.get()),
           [&] { receive(0, 0, notification, "hearing what the kernel tells"); });
  return loop.until(condition, deadline);
}

int Netlink::receive(unsigned sequence, unsigned port,
                     const std::function<void(const nlmsghdr&)>& give, const std::string& doing) {
  ssize_t size;
  do {
    size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
  } while (size < 0 && errno == EINTR);
  os::check(size, doing);
  auto pass_on = [](const nlmsghdr* header, void* data) {
    const auto& wanted = *static_cast<const std::function<void(const nlmsghdr&)>*>(data);
    if (wanted) wanted(*header);
    return MNL_CB_OK;
  };
  int more = mnl_cb_run(buffer_.data(), static_cast<size_t>(size), sequence, port, pass_on,
                        const_cast<std::function<void(const nlmsghdr&)>*>(&give));
  return os::check(more, doing);
}

}  // namespace twlab::net
