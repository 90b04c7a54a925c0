// A host of the testbed: one network namespace, its kernel's sockets, settings and counters.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab/recording.h"
#include "lab/socket.h"
#include "net/counters.h"
#include "net/diag.h"
#include "net/link.h"
#include "os/namespace.h"

namespace twlab {

class Lab;

class Host {
 public:
  // Made by Lab::host(). `number` (1 to 254) becomes its MAC.
  Host(Lab& lab, std::string name, uint8_t number, const Address& address);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const std::string& name() const { return name_; }
  const Address& address() const { return address_; }
  const net::Mac& mac() const { return mac_; }
  Endpoint at(uint16_t port) const { return {address_, port}; }
  const os::Namespace& ns() const { return ns_; }

  // A fresh socket of this host's kernel.
  Socket socket();
  // A socket with SO_REUSEADDR, bound to its address (port 0: the kernel chooses) and listening. A
  // backlog above net.core.somaxconn raises that.
  Socket listen(uint16_t port, int backlog = 128);

  // The state of the host's socket of this tuple now; CLOSED when there is none.
  net::TcpState state(const Tuple& tuple);
  std::optional<net::SocketInfo> find(const Tuple& tuple);
  // Ends it by sock_diag, as `ss --kill` does (see net::Diag::destroy()).
  void destroy(const Tuple& tuple);
  std::vector<net::SocketInfo> sockets(uint32_t states = ~0u);

  // How many are in the state, at this local port or (0) at any; noted in the recording.
  struct Counted {
    size_t count = 0;
    EventId id = 0;
  };
  Counted count(net::TcpState state, uint16_t port = 0);
  // What /proc/net/sockstat counts now: "TCP.tw", "TCP.inuse"; noted too.
  Counted sockstat(const std::string& name);

  // Dotted names: "net.ipv4.tcp_fin_timeout". has() tells whether this kernel has it here; set()
  // throws NotMeasurable when it has not, as kernels before 4.15 or so for some. In a guest those
  // are the ones that all hosts share: set() then throws it when another host needs another value.
  bool has(const std::string& sysctl) const;
  std::string get(const std::string& sysctl) const;
  void set(const std::string& sysctl, const std::string& value);

  // A counter as nstat names it ("TcpExt.PAWSEstab"): how much it rose since the lab began.
  int64_t counter(const std::string& name) const;
  net::CounterValues counters() const {
    return net::difference(counters_before_, counters_.read());
  }

  const std::map<std::string, std::string>& settings() const { return settings_; }

 private:
  friend class Lab;
  enum class Place { here, shared, nowhere };
  Place place_of(const std::string& sysctl) const;
  Place write(const std::string& sysctl, const std::string& value);
  void pin();
  Lab& lab_;
  std::string name_;
  Address address_;
  net::Mac mac_;
  os::Namespace ns_;
  net::Diag diag_;
  std::map<std::string, std::string> settings_;  // as pinned
  net::Counters counters_;
  net::CounterValues counters_before_;
  // Tuples seen in frames and calls, what each socket was when last looked at, and when that was.
  struct Look {
    net::SocketInfo info;
    Time time{};
  };
  std::map<Tuple, Look> watched_;
};

}  // namespace twlab
