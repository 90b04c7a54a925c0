// The states of RFC 9293 section 3.3.2, with the kernel's numbers (include/net/tcp_states.h).
#pragma once

#include <cstdint>
#include <string_view>

namespace twlab::net {

// NEW_SYN_RECV is the kernel's name for SYN-RECEIVED while the connection is only a request.
enum class TcpState : uint8_t {
  ESTABLISHED = 1,
  SYN_SENT,
  SYN_RECV,
  FIN_WAIT_1,
  FIN_WAIT_2,
  TIME_WAIT,
  CLOSED,
  CLOSE_WAIT,
  LAST_ACK,
  LISTEN,
  CLOSING,
  NEW_SYN_RECV,
};

std::string_view name(TcpState state);  // "FIN_WAIT_1"

// What sock_diag says is running for a socket (idiag_timer, net/ipv4/inet_diag.c). Kernels tell of
// the timer of a delayed ACK since 7.0 or a little earlier (read in 7.2's inet_sk_diag_fill).
enum class Timer : uint8_t { off, retransmit, keepalive, timewait, probe, delayed_ack };

// As ss prints them: "on", "keepalive", "timewait", "persist"; "delack".
std::string_view name(Timer timer);

}  // namespace twlab::net
