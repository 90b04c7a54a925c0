#include "net/tcp_state.h"

#include <array>

namespace twlab::net {

std::string_view name(TcpState state) {
  static constexpr std::array<std::string_view, 13> names = {
      "?",      "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT_1", "FIN_WAIT_2",  "TIME_WAIT",
      "CLOSED", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",    "NEW_SYN_RECV"};
  auto index = static_cast<size_t>(state);
  return index < names.size() ? names[index] : names[0];
}

std::string_view name(Timer timer) {
  static constexpr std::array<std::string_view, 6> names = {"off",      "on",      "keepalive",
                                                            "timewait", "persist", "delack"};
  auto index = static_cast<size_t>(timer);
  return index < names.size() ? names[index] : "?";
}

}  // namespace twlab::net
