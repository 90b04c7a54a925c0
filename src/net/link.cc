#include "net/link.h"

#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <sstream>

#include "net/netlink.h"
#include "os/clock.h"
#include "os/error.h"
#include "os/file.h"

namespace twlab::net {
namespace {

int af(Family family) {
  return family == Family::inet ? AF_INET : AF_INET6;
}

// A netlink request under construction, with room enough for any that is made here.
class Request {
 public:
  Request(uint16_t type, uint16_t flags) : header_(mnl_nlmsg_put_header(buffer_)) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  }
  template <typename T>
  T* body() {
    return static_cast<T*>(mnl_nlmsg_put_extra_header(header_, sizeof(T)));
  }
  nlmsghdr* get() { return header_; }
  void put(uint16_t type, const void* data, size_t size) {
    mnl_attr_put(header_, type, size, data);
  }
  void put(uint16_t type, const Address& address) {
    put(type, address.bytes.data(), address.size());
  }
  void put_ns(const LinkEnd& end) {
    mnl_attr_put_u32(header_, IFLA_NET_NS_FD, static_cast<uint32_t>(end.ns->fd()));
    mnl_attr_put_strz(header_, IFLA_IFNAME, end.device.c_str());
    put(IFLA_ADDRESS, end.mac.data(), end.mac.size());
  }

 private:
  char buffer_[1024];
  nlmsghdr* header_;
};

int index_of(const LinkEnd& end) {
  os::Inside inside(*end.ns);
  unsigned index = if_nametoindex(end.device.c_str());
  if (index == 0) os::fail(errno, "looking up interface " + end.device);
  return static_cast<int>(index);
}

void switch_off_offloads(const LinkEnd& end) {
  os::Inside inside(*end.ns);
  os::UniqueFd fd(os::check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "opening a socket"));
  // Without checksumming and scatter-gather the kernel can neither segment nor leave a checksum to
  // hardware that is not there; generic receive offload would merge what comes in.
  for (uint32_t command :
       {ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_SSG}) {
    ethtool_value value{command, 0};
    ifreq request{};
    std::strncpy(request.ifr_name, end.device.c_str(), IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (ioctl(fd.get(), SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP)
      os::fail(errno, "switching offloads off on " + end.device);
  }
}

// The kernel solicits routers, detects duplicates and invents link-local addresses on its own; none
// of that belongs into a capture. A kernel without IPv6 has none of these settings.
void quieten_ipv6(const LinkEnd& end) {
  std::string prefix = "net.ipv6.conf." + end.device + ".";
  for (auto [name, value] : {std::pair{"accept_dad", "0"},
                             {"dad_transmits", "0"},
                             {"router_solicitations", "0"},
                             {"accept_ra", "0"},
                             {"addr_gen_mode", "1"}}) {
    try {
      os::write_sysctl(*end.ns, prefix + name, value);
    } catch (const std::system_error& error) {
      if (error.code().value() != ENOENT) throw;
    }
  }
}

// The end that was set up first had no carrier then. The kernel takes note of the carrier in a work
// queue (net/core/link_watch.c) and until then drops what the end sends: on a busy machine for
// seconds.
void await_running(const LinkEnd& end) {
  Netlink netlink(*end.ns, NETLINK_ROUTE, RTMGRP_LINK);
  Request request(RTM_GETLINK, 0);
  int index = index_of(end);
  request.body<ifinfomsg>()->ifi_index = index;
  bool running = false;
  auto look = [&](const nlmsghdr& message) {
    auto* body = static_cast<ifinfomsg*>(mnl_nlmsg_get_payload(&message));
    if (message.nlmsg_type == RTM_NEWLINK && body->ifi_index == index)
      running = (body->ifi_flags & IFF_RUNNING) != 0;
  };
  netlink.ask(request.get(), "asking for the state of " + end.device, look);
  if (!netlink.hear(
          look, [&] { return running; }, os::now() + std::chrono::seconds(20)))
    os::fail(ETIMEDOUT, "waiting for the carrier of " + end.device);
}

// Where an address is one's own, IPv6 learns from a work queue (addrconf_dad_work in
// net/ipv6/addrconf.c, also where there is no duplicate detection), on a busy machine after
// seconds; until then the host does not take what is sent to it. This is the route which that work
// would add.
void add_local_route(const LinkEnd& end, const Address& address) {
  Netlink netlink(*end.ns, NETLINK_ROUTE);
  Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  auto* body = request.body<rtmsg>();
  body->rtm_family = static_cast<uint8_t>(af(address.family));
  body->rtm_dst_len = static_cast<uint8_t>(8 * address.size());
  body->rtm_table = RT_TABLE_LOCAL;
  body->rtm_protocol = RTPROT_KERNEL;
  body->rtm_scope = RT_SCOPE_HOST;
  body->rtm_type = RTN_LOCAL;
  int index = index_of(end);
  request.put(RTA_DST, address);
  request.put(RTA_OIF, &index, sizeof index);
  netlink.ask(request.get(), "adding the local route to " + show(address));
}

void change_flags(const LinkEnd& end, unsigned which, unsigned flags) {
  Netlink netlink(*end.ns, NETLINK_ROUTE);
  Request request(RTM_NEWLINK, 0);
  auto* body = request.body<ifinfomsg>();
  body->ifi_family = AF_UNSPEC;
  body->ifi_index = index_of(end);
  body->ifi_change = which;
  body->ifi_flags = flags;
  netlink.ask(request.get(), "setting the flags of " + end.device);
}

}  // namespace

void make_link(const LinkEnd& a, const LinkEnd& b) {
  os::during("making the link " + a.device + " - " + b.device, [&] {
    Netlink netlink(*a.ns, NETLINK_ROUTE);
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    request.body<ifinfomsg>()->ifi_family = AF_UNSPEC;
    request.put_ns(a);
    nlattr* info = mnl_attr_nest_start(request.get(), IFLA_LINKINFO);
    mnl_attr_put_strz(request.get(), IFLA_INFO_KIND, "veth");
    nlattr* data = mnl_attr_nest_start(request.get(), IFLA_INFO_DATA);
    nlattr* peer = mnl_attr_nest_start(request.get(), VETH_INFO_PEER);
    request.body<ifinfomsg>();
    request.put_ns(b);
    mnl_attr_nest_end(request.get(), peer);
    mnl_attr_nest_end(request.get(), data);
    mnl_attr_nest_end(request.get(), info);
    netlink.ask(request.get(), "asking for a veth pair");
    for (const LinkEnd* end : {&a, &b}) {
      switch_off_offloads(*end);
      quieten_ipv6(*end);
    }
    for (const LinkEnd* end : {&a, &b}) change_flags(*end, IFF_UP | IFF_NOARP, IFF_UP | IFF_NOARP);
    for (const LinkEnd* end : {&a, &b}) await_running(*end);
  });
}

void add_address(const LinkEnd& end, const Address& address, int prefix) {
  Netlink netlink(*end.ns, NETLINK_ROUTE);
  Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  auto* body = request.body<ifaddrmsg>();
  body->ifa_family = static_cast<uint8_t>(af(address.family));
  body->ifa_prefixlen = static_cast<uint8_t>(prefix);
  body->ifa_flags = address.family == Family::inet6 ? IFA_F_NODAD : 0;
  body->ifa_index = static_cast<uint32_t>(index_of(end));
  request.put(IFA_LOCAL, address);
  request.put(IFA_ADDRESS, address);
  netlink.ask(request.get(), "adding address " + show(address) + " to " + end.device);
  if (address.family == Family::inet6) add_local_route(end, address);
}

void add_neighbour(const LinkEnd& end, const Address& neighbour, const Mac& mac) {
  Netlink netlink(*end.ns, NETLINK_ROUTE);
  Request request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  auto* body = request.body<ndmsg>();
  body->ndm_family = static_cast<uint8_t>(af(neighbour.family));
  body->ndm_ifindex = index_of(end);
  body->ndm_state = NUD_PERMANENT;
  request.put(NDA_DST, neighbour);
  request.put(NDA_LLADDR, mac.data(), mac.size());
  netlink.ask(request.get(), "adding neighbour " + show(neighbour) + " on " + end.device);
}

void add_default_route(const LinkEnd& end, const Address& gateway) {
  Netlink netlink(*end.ns, NETLINK_ROUTE);
  Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  auto* body = request.body<rtmsg>();
  body->rtm_family = static_cast<uint8_t>(af(gateway.family));
  body->rtm_table = RT_TABLE_MAIN;
  body->rtm_protocol = RTPROT_BOOT;
  body->rtm_scope = RT_SCOPE_UNIVERSE;
  body->rtm_type = RTN_UNICAST;
  request.put(RTA_GATEWAY, gateway);
  netlink.ask(request.get(), "adding a route by way of " + show(gateway));
}

Traffic traffic(const LinkEnd& end) {
  os::Inside inside(*end.ns);
  std::istringstream lines(os::read_file("/proc/thread-self/net/dev"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string device;
    std::getline(words >> std::ws, device, ':');
    if (device != end.device) continue;
    // Receive: bytes packets errs drop fifo frame compressed multicast; transmit: bytes packets ...
    std::array<uint64_t, 10> numbers{};
    for (uint64_t& number : numbers) words >> number;
    return {numbers[1], numbers[9]};
  }
  os::fail(ENODEV, "reading the traffic of " + end.device);
}

void set_up(const os::Namespace& ns, const std::string& device, bool up) {
  change_flags({&ns, device, {}}, IFF_UP, up ? IFF_UP : 0);
}

}  // namespace twlab::net
