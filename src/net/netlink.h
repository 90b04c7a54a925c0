// A netlink channel of one namespace: requests and their answers, and what the kernel tells
// unasked. Used for rtnetlink and sock_diag.
#pragma once

#include <libmnl/libmnl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "os/clock.h"
#include "os/namespace.h"

namespace twlab::net {

class Netlink {
 public:
  // `bus`: NETLINK_ROUTE, NETLINK_SOCK_DIAG. The channel stays in the namespace. `groups`: of which
  // notifications are wanted (RTMGRP_LINK, ...); ask() may give some of these to its function, too.
  Netlink(const os::Namespace& ns, int bus, unsigned groups = 0);

  // Sends the message (its sequence number is filled in) and gives every answer to the function,
  // until the acknowledgement or the end of the dump. Throws std::system_error with the kernel's
  // errno; `doing` names the request.
  void ask(nlmsghdr* message, const std::string& doing,
           const std::function<void(const nlmsghdr&)>& answer = {});
  // Gives every notification to the function until the condition holds (true) or the deadline has
  // passed (false).
  bool hear(const std::function<void(const nlmsghdr&)>& notification,
            const std::function<bool()>& condition, Time deadline);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  // Takes in one datagram. Returns what mnl_cb_run() does.
  int receive(unsigned sequence, unsigned port, const std::function<void(const nlmsghdr&)>& give,
              const std::string& doing);
  std::unique_ptr<mnl_socket, Close> socket_;
  std::vector<char> buffer_;
  uint32_t sequence_ = 0;
};

}  // namespace twlab::net
