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

// How much each counter rose, only those that did.
CounterValues difference(const CounterValues& before, const CounterValues& after);

// From the text of such a file: pairs of lines, "TcpExt: names..." and "TcpExt: values...".
CounterValues parse_counters(const std::string& text);

}  // namespace twlab::net
