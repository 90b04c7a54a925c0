#include "net/diag.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace twlab::net {
namespace {

Endpoint endpoint(Family family, const uint32_t* address, uint16_t port) {
  Endpoint end{{family, {}}, ntohs(port)};
  std::memcpy(end.address.bytes.data(), address, end.address.size());
  return end;
}

SocketInfo read(const inet_diag_msg& message) {
  Family family = message.idiag_family == AF_INET ? Family::inet : Family::inet6;
  const inet_diag_sockid& id = message.id;
  return {.tuple = {endpoint(family, id.idiag_src, id.idiag_sport),
                    endpoint(family, id.idiag_dst, id.idiag_dport)},
          .state = static_cast<TcpState>(message.idiag_state),
          .timer = static_cast<Timer>(message.idiag_timer),
          .timer_left = std::chrono::milliseconds(message.idiag_expires),
          .retransmits = message.idiag_retrans,
          .inode = message.idiag_inode,
          .uid = message.idiag_uid,
          .receive_queue = message.idiag_rqueue,
          .send_queue = message.idiag_wqueue};
}

struct Request {
  Request(Family family, uint16_t flags) : header(mnl_nlmsg_put_header(buffer)) {
    header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    body = static_cast<inet_diag_req_v2*>(
        mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req_v2)));
    body->sdiag_family = family == Family::inet ? AF_INET : AF_INET6;
    body->sdiag_protocol = IPPROTO_TCP;
    body->idiag_states = ~0u;
  }
  // For one socket.
  explicit Request(const Tuple& tuple) : Request(tuple.local.address.family, NLM_F_ACK) {
    inet_diag_sockid& id = body->id;
    id.idiag_sport = htons(tuple.local.port);
    id.idiag_dport = htons(tuple.remote.port);
    std::memcpy(id.idiag_src, tuple.local.address.bytes.data(), tuple.local.address.size());
    std::memcpy(id.idiag_dst, tuple.remote.address.bytes.data(), tuple.remote.address.size());
    id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  }
  char buffer[256];
  nlmsghdr* header;
  inet_diag_req_v2* body;
};

}  // namespace

Diag::Diag(const os::Namespace& ns) : netlink_(ns, NETLINK_SOCK_DIAG) {}

std::vector<SocketInfo> Diag::dump(Family family, uint32_t states) {
  Request request(family, NLM_F_DUMP);
  request.body->idiag_states = states;
  std::vector<SocketInfo> sockets;
  netlink_.ask(request.header, "asking sock_diag for sockets", [&](const nlmsghdr& answer) {
    sockets.push_back(read(*static_cast<inet_diag_msg*>(mnl_nlmsg_get_payload(&answer))));
  });
  return sockets;
}

std::optional<SocketInfo> Diag::find(const Tuple& tuple) {
  Request request(tuple);
  std::optional<SocketInfo> found;
  try {
    netlink_.ask(request.header, "asking sock_diag for a socket", [&](const nlmsghdr& answer) {
      found = read(*static_cast<inet_diag_msg*>(mnl_nlmsg_get_payload(&answer)));
    });
  } catch (const std::system_error& error) {
    if (error.code().value() != ENOENT) throw;
  }
  // Where there is none, the kernel looks for a listener (inet_diag_find_one_icsk).
  if (found && found->state == TcpState::LISTEN) found.reset();
  return found;
}

void Diag::destroy(const Tuple& tuple) {
  Request request(tuple);
  request.header->nlmsg_type = SOCK_DESTROY;
  netlink_.ask(request.header, "destroying a socket by sock_diag");
}

}  // namespace twlab::net
