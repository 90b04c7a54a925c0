// Lab's functions that build: hosts, links, peers and relays.
#include <cassert>

#include "lab/lab.h"

namespace twlab {
namespace {

int prefix(Family family) {
  return family == Family::inet ? 24 : 64;
}

net::LinkEnd end(Host& host, const std::string& device) {
  return {&host.ns(), device, host.mac()};
}

}  // namespace

Host& Lab::host(const std::string& name) {
  return hosts_.emplace_back(*this, name, static_cast<uint8_t>(hosts_.size() + 1));
}

size_t Lab::open_taps(const std::vector<std::pair<Host*, wire::TapSpec>>& taps) {
  std::vector<wire::TapSpec> specs;
  for (const auto& [host, spec] : taps) {
    interface_hosts_.push_back(host);
    if (host) result_.recording.interfaces.push_back({host->name(), {host->address()}});
    specs.push_back(spec);
  }
  return wire_.open(specs);
}

void Lab::link(Host& a, Host& b) {
  net::LinkEnd end_a = end(a, "to-" + b.name()), end_b = end(b, "to-" + a.name());
  net::make_link(end_a, end_b);
  net::add_address(end_a, a.address(), prefix(family_));
  net::add_address(end_b, b.address(), prefix(family_));
  net::add_neighbour(end_a, b.address(), b.mac());
  net::add_neighbour(end_b, a.address(), a.mac());
  open_taps({{&a, {end_a.ns, end_a.device, a.mac()}}, {&b, {end_b.ns, end_b.device, b.mac()}}});
}

Lab::Kernels Lab::two_kernels() {
  Host& client = host("client");
  Host& server = host("server");
  link(client, server);
  return {client, server};
}

Lab::RelayedKernels Lab::relay(Host& client, Host& server) {
  std::vector<std::pair<Host*, wire::TapSpec>> taps;
  for (auto [host, other] : {std::pair{&client, &server}, {&server, &client}}) {
    net::LinkEnd inner = end(*host, "to-" + other->name());
    // The harness's half has a MAC of its own that nobody addresses: hosts know one another's.
    net::Mac mac = host->mac();
    mac[1] = 1;
    net::LinkEnd outer{&harness_, "at-" + host->name(), mac};
    net::make_link(inner, outer);
    net::add_address(inner, host->address(), prefix(family_));
    net::add_neighbour(inner, other->address(), other->mac());
    taps.push_back({host, {&harness_, outer.device, host->mac(), true}});
  }
  size_t first = open_taps(taps);
  Relay& relay = relays_.emplace_back(wire_, first, first + 1);
  return {client, server, relay, first, first + 1};
}

Lab::RelayedKernels Lab::two_kernels_relayed() {
  Host& client = host("client");
  Host& server = host("server");
  return relay(client, server);
}

Peer& Lab::peer(Host& host, const std::string& name) {
  // Numbers from the other end of the range than hosts', so that they never meet.
  auto number = static_cast<uint8_t>(254 - peers_.size());
  net::Mac mac = host.mac();
  mac[5] = number;
  Address address = host.address();
  address.bytes[address.size() - 1] = number;
  net::LinkEnd inner = end(host, "to-" + name), outer{&harness_, name, mac};
  net::make_link(inner, outer);
  net::add_address(inner, host.address(), prefix(family_));
  net::add_neighbour(inner, address, mac);
  size_t first = open_taps({{&host, {inner.ns, inner.device, host.mac()}},
                            {nullptr, {outer.ns, outer.device, mac, true}}});
  result_.recording.interfaces.push_back({name, {address}});
  return peers_.emplace_back(wire_, first + 1, mac, host.mac(), address);
}

Lab::KernelAndPeer Lab::kernel_and_peer(const std::string& name) {
  Host& kernel = host(name);
  return {kernel, peer(kernel)};
}

Socket& Lab::listener(Host& server, uint16_t port) {
  auto key = std::pair{&server, port};
  auto found = listeners_.find(key);
  if (found == listeners_.end()) found = listeners_.emplace(key, server.listen(port)).first;
  return found->second;
}

Connection Lab::connect(Host& client, Host& server, uint16_t port) {
  Socket& listening = listener(server, port);
  Socket socket = client.socket();
  socket.need(socket.connect(server.at(port)));
  Socket accepted = listening.accept();
  return {std::move(socket), std::move(accepted)};
}

Process& Lab::process(Host& host, std::vector<Socket*> sockets) {
  collect();
  return processes_.emplace_back(*this, host, sockets);
}

}  // namespace twlab
