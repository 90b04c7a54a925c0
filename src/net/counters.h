// The namespace's TCP counters (/proc/net/netstat and /proc/net/snmp), by the names nstat prints.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "os/fd.h"
#include "os/namespace.h"

namespace twlab::net {

using CounterValues = std::map<std::string, int64_t>;  // "TcpExt.PAWSEstab" -> value

// An open view of one namespace's counters; readable from anywhere.
class Counters {
 public:
  explicit Counters(const os::Namespace& ns);
  CounterValues read() const;  // groups Tcp and TcpExt

 private:
  os::UniqueFd netstat_, snmp_;
};

// What /proc/net/sockstat counts now: "TCP.inuse", "TCP.orphan", "TCP.tw", ...
CounterValues read_sockstat(const os::Namespace& ns);

// How much each counter rose, only those that did.
CounterValues difference(const CounterValues& before, const CounterValues& after);

// From the text of /proc/net/sockstat: "TCP: inuse 1 orphan 0 tw 5 ...".
CounterValues parse_sockstat(const std::string& text);

// From the text of netstat or snmp: pairs of lines, "TcpExt: names..." and "TcpExt: values...".
CounterValues parse_counters(const std::string& text);

}  // namespace twlab::net
