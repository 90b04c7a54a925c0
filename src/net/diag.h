// What the kernel says of a namespace's TCP sockets (sock_diag(7), NETLINK_SOCK_DIAG).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/netlink.h"
#include "net/tcp_state.h"
#include "os/address.h"
#include "os/clock.h"

namespace twlab::net {

struct SocketInfo {
  Tuple tuple;
  TcpState state = TcpState::CLOSED;
  Timer timer = Timer::off;
  Duration timer_left{};    // until the timer expires; milliseconds are the kernel's resolution
  uint8_t retransmits = 0;  // of what the timer is about
  uint32_t inode = 0;       // 0 when no process owns it
  uint32_t uid = 0;
  uint32_t receive_queue = 0;  // bytes; for LISTEN: connections not yet accepted
  uint32_t send_queue = 0;     // bytes not yet acknowledged; for LISTEN: the backlog's limit
};

// An open channel to one namespace's sock_diag. Not thread-safe.
class Diag {
 public:
  explicit Diag(const os::Namespace& ns);

  // All TCP sockets of the family in any of the states (a bit 1 << state each). Throws
  // std::system_error.
  std::vector<SocketInfo> dump(Family family, uint32_t states = ~0u);
  // The socket of exactly this tuple, or none; much cheaper than a dump, which walks the table that
  // all namespaces share. Listeners are not found this way.
  std::optional<SocketInfo> find(const Tuple& tuple);
  // Ends the socket of this tuple as `ss --kill` does: its owner keeps the descriptor, and gets
  // ECONNABORTED. Throws std::system_error; EOPNOTSUPP when this kernel cannot.
  void destroy(const Tuple& tuple);

 private:
  Netlink netlink_;
};

}  // namespace twlab::net
