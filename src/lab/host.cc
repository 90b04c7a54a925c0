#include "lab/host.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/lab.h"
#include "net/settings.h"

namespace twlab {
namespace {

constexpr std::string_view kReuse = "net.ipv4.tcp_tw_reuse";

// Whether the kernel allows this sysctl of the calling thread's namespace to be that.
bool takes(const std::string& sysctl, const std::string& value) {
  try {
    os::write_sysctl(sysctl, value);
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace

Host::Host(Lab& lab, std::string name, uint8_t number, const Address& address)
    : lab_(lab),
      name_(std::move(name)),
      address_(address),
      mac_{0x02, 0, 0, 0, 0, number},
      ns_(os::Namespace::create()),
      diag_(ns_),
      counters_(ns_),
      counters_before_(counters_.read()) {
  pin();
  for (const auto& [name, value] : lab.settings()) {
    write(name, value);
    settings_[name] = get(name);
  }
  net::set_up(ns_, "lo", true);
}

void Host::pin() {
  os::Inside inside(ns_);
  for (const auto& [name, value] : net::pinned_settings()) {
    if (lab_.settings().contains(name)) continue;
    try {
      os::write_sysctl(name, value);
      // Since 4.19 2 is for loopback alone, and more is refused. Before, every number but 0 means
      // always, and 0 is the default.
      if (name == kReuse && takes(name, "3")) os::write_sysctl(name, "0");
      settings_[name] = os::read_sysctl(name);
    } catch (const std::system_error& error) {
      if (error.code().value() != ENOENT) throw;
      settings_[name] = "-";
      if (!lab_.shared() || !lab_.shared()->exists(name)) continue;
      // What old kernels have in common they also have by default as it was before 4.19.
      if (name != kReuse) lab_.shared()->pin(name, value);
      settings_[name] = lab_.shared()->get(name);
    }
  }
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

Host::Place Host::place_of(const std::string& sysctl) const {
  try {
    os::read_sysctl(ns_, sysctl);
    return Place::here;
  } catch (const std::system_error& error) {
    if (error.code().value() != ENOENT) return Place::here;
  }
  return lab_.shared() && lab_.shared()->exists(sysctl) ? Place::shared : Place::nowhere;
}

bool Host::has(const std::string& sysctl) const {
  return place_of(sysctl) != Place::nowhere;
}

std::string Host::get(const std::string& sysctl) const {
  return place_of(sysctl) == Place::shared ? lab_.shared()->get(sysctl)
                                           : os::read_sysctl(ns_, sysctl);
}

Host::Place Host::write(const std::string& sysctl, const std::string& value) {
  Place place = place_of(sysctl);
  if (place != Place::shared) {
    os::write_sysctl(ns_, sysctl, value);
    return place;
  }
  try {
    lab_.shared()->set(sysctl, value, name_);
  } catch (const SharedSettings::Conflict& conflict) {
    throw NotMeasurable(conflict.what());
  }
  return place;
}

void Host::set(const std::string& sysctl, const std::string& value) {
  if (!has(sysctl)) throw NotMeasurable(sysctl + " cannot be set in a namespace of this kernel");
  const char* where = write(sysctl, value) == Place::shared ? ", for all hosts" : "";
  lab_.note(Note::Kind::setting, fmt::format("{} = {}{}", sysctl, value, where), name_);
}

int64_t Host::counter(const std::string& name) const {
  auto rose = counters();
  auto found = rose.find(name);
  return found == rose.end() ? 0 : found->second;
}

}  // namespace twlab
