// A netlink channel of one namespace: one request, its answers. Used for rtnetlink and sock_diag.
#pragma once

#include <libmnl/libmnl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "os/namespace.h"

namespace twlab::net {

class Netlink {
 public:
  // `bus`: NETLINK_ROUTE, NETLINK_SOCK_DIAG. The channel stays in the namespace.
  Netlink(const os::Namespace& ns, int bus);

  // Sends the message (its sequence number is filled in) and gives every answer to the function,
  // until the acknowledgement or the end of the dump. Throws std::system_error with the kernel's
  // errno; `doing` names the request.
  void ask(nlmsghdr* message, const std::string& doing,
           const std::function<void(const nlmsghdr&)>& answer = {});

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  std::unique_ptr<mnl_socket, Close> socket_;
  std::vector<char> buffer_;
  uint32_t sequence_ = 0;
};

}  // namespace twlab::net
