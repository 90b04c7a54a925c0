#include "lab/host.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/lab.h"
#include "net/settings.h"

namespace twlab {
Host::Host(Lab& lab, std::string name, uint8_t number, const Address& address)
    : lab_(lab),
      name_(std::move(name)),
      address_(address),
      mac_{0x02, 0, 0, 0, 0, number},
      ns_(os::Namespace::create()),
      diag_(ns_),
      counters_(ns_),
      counters_before_(counters_.read()) {
  for (const net::Setting& setting : net::pinned_settings())
    if (!lab.settings().contains(setting.name)) pin(setting.name, setting.value);
  for (const auto& [name, value] : lab.settings()) {
    write(name, value);
    settings_[name] = get(name);
  }
  net::set_up(ns_, "lo", true);
}

// To the kernel's own default where the table's value does not mean what it says: since 4.19
// tcp_tw_reuse 2 is for loopback alone and 3 is refused, before every number but 0 means always.
void Host::pin(const std::string& sysctl, std::string value) {
  if (!has(sysctl)) {
    settings_[sysctl] = "-";
    return;
  }
  auto write = [&](const std::string& what) {
    if (in_common(sysctl))
      lab_.shared()->pin(sysctl, what);
    else
      os::write_sysctl(ns_, sysctl, what);
  };
  if (sysctl == "net.ipv4.tcp_tw_reuse") {
    try {
      write("3");
      value = "0";
    } catch (const std::system_error&) {
    }
  }
  write(value);
  settings_[sysctl] = get(sysctl);
}

Socket Host::socket() {
  return Socket(lab_, *this);
}

Socket Host::listen(uint16_t port, int backlog) {
  constexpr const char* kMost = "net.core.somaxconn";
  if (backlog > std::stoi(get(kMost))) set(kMost, std::to_string(backlog));
  Socket listener = socket();
  listener.need(listener.serve(at(port), {SO_REUSEADDR}, backlog));
  return listener;
}

net::TcpState Host::state(const Tuple& tuple) {
  auto socket = find(tuple);
  return socket ? socket->state : net::TcpState::CLOSED;
}

std::optional<net::SocketInfo> Host::find(const Tuple& tuple) {
  lab_.collect();
  return diag_.find(tuple);
}

void Host::destroy(const Tuple& tuple) {
  lab_.note(Note::Kind::remark, "sock_diag destroys " + show(tuple), name_);
  diag_.destroy(tuple);
  lab_.collect();
}

std::vector<net::SocketInfo> Host::sockets(uint32_t states) {
  lab_.collect();
  return diag_.dump(lab_.family(), states);
}

Host::Counted Host::count(net::TcpState state, uint16_t port) {
  auto sockets = this->sockets(1u << static_cast<unsigned>(state));
  auto count = static_cast<size_t>(std::ranges::count_if(
      sockets, [&](const auto& socket) { return port == 0 || socket.tuple.local.port == port; }));
  std::string where = port == 0 ? "" : fmt::format(" at port {}", port);
  return {count,
          lab_.note(Note::Kind::remark,
                    fmt::format("sock_diag: {} in {}{}", count, net::name(state), where), name_)};
}

Host::Counted Host::sockstat(const std::string& name) {
  auto count = static_cast<size_t>(net::read_sockstat(ns_)[name]);
  return {count, lab_.note(Note::Kind::remark, fmt::format("sockstat: {} {}", name, count), name_)};
}

bool Host::has_of_its_own(const std::string& sysctl) const {
  try {
    os::read_sysctl(ns_, sysctl);
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

bool Host::in_common(const std::string& sysctl) const {
  return lab_.shared() && !has_of_its_own(sysctl) && lab_.shared()->exists(sysctl);
}

bool Host::has(const std::string& sysctl) const {
  return has_of_its_own(sysctl) || in_common(sysctl);
}

std::string Host::get(const std::string& sysctl) const {
  return in_common(sysctl) ? lab_.shared()->get(sysctl) : os::read_sysctl(ns_, sysctl);
}

void Host::write(const std::string& sysctl, const std::string& value) {
  if (!in_common(sysctl)) {
    os::write_sysctl(ns_, sysctl, value);
    return;
  }
  try {
    lab_.shared()->set(sysctl, value, name_);
  } catch (const std::system_error&) {
    throw;
  } catch (const std::runtime_error& conflict) {
    throw NotMeasurable(conflict.what());
  }
}

void Host::set(const std::string& sysctl, const std::string& value) {
  if (!has(sysctl)) throw NotMeasurable(sysctl + " cannot be set in a namespace of this kernel");
  write(sysctl, value);
  const char* where = in_common(sysctl) ? ", for all hosts" : "";
  lab_.note(Note::Kind::setting, fmt::format("{} = {}{}", sysctl, value, where), name_);
}

int64_t Host::counter(const std::string& name) const {
  auto rose = counters();
  auto found = rose.find(name);
  return found == rose.end() ? 0 : found->second;
}

}  // namespace twlab
