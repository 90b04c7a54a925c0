#include "net/counters.h"

#include <fcntl.h>

#include <sstream>

#include "os/error.h"
#include "os/file.h"

namespace twlab::net {

Counters::Counters(const os::Namespace& ns) {
  os::Inside inside(ns);
  auto open = [](const char* path) {
    return os::UniqueFd(
        os::check(::open(path, O_RDONLY | O_CLOEXEC), std::string("opening ") + path));
  };
  netstat_ = open("/proc/thread-self/net/netstat");
  snmp_ = open("/proc/thread-self/net/snmp");
}

CounterValues parse_counters(const std::string& text) {
  CounterValues values;
  std::istringstream lines(text);
  std::string names, numbers;
  while (std::getline(lines, names) && std::getline(lines, numbers)) {
    std::istringstream name_stream(names), number_stream(numbers);
    std::string group, repeated, name;
    int64_t number = 0;
    name_stream >> group;
    number_stream >> repeated;
    if (group != "Tcp:" && group != "TcpExt:") continue;
    group.back() = '.';
    while (name_stream >> name && number_stream >> number) values[group + name] = number;
  }
  return values;
}

CounterValues Counters::read() const {
  CounterValues values = parse_counters(os::read_all(netstat_.get(), "netstat"));
  values.merge(parse_counters(os::read_all(snmp_.get(), "snmp")));
  return values;
}

CounterValues parse_sockstat(const std::string& text) {
  CounterValues values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string group, name;
    int64_t number = 0;
    words >> group;
    if (group != "TCP:") continue;
    while (words >> name >> number) values["TCP." + name] = number;
  }
  return values;
}

CounterValues read_sockstat(const os::Namespace& ns) {
  os::Inside inside(ns);
  return parse_sockstat(os::read_file("/proc/thread-self/net/sockstat"));
}

CounterValues difference(const CounterValues& before, const CounterValues& after) {
  CounterValues rose;
  for (const auto& [name, value] : after) {
    auto old = before.find(name);
    int64_t change = value - (old == before.end() ? 0 : old->second);
    if (change != 0) rose[name] = change;
  }
  return rose;
}

}  // namespace twlab::net
