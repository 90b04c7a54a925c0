// Lab's functions that build: hosts, links, peers and relays.
#include <fmt/format.h>

#include <algorithm>

#include "lab/lab.h"
#include "net/nat.h"

namespace twlab {
namespace {

int prefix(Family family) {
  return family == Family::inet ? 24 : 64;
}

// Addresses of the blocks set aside for documentation (RFC 5737, RFC 3849).
Address address_in(Family family, unsigned subnet, uint8_t number) {
  static constexpr const char* blocks[] = {"192.0.2", "198.51.100", "203.0.113"};
  return Address::parse(family == Family::inet
                            ? fmt::format("{}.{}", blocks[subnet], number)
                            : fmt::format("2001:db8:0:{:x}::{:x}", subnet, number));
}

net::LinkEnd end(Host& host, const std::string& device) {
  return {&host.ns(), device, host.mac()};
}

}  // namespace

Host& Lab::host_in(const std::string& name, unsigned subnet) {
  auto number = static_cast<uint8_t>(hosts_.size() + 1);
  return hosts_.emplace_back(*this, name, number, address_in(family_, subnet, number));
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

void Lab::connect_ends(const net::LinkEnd& a, Host& host_a, const Address& address_a,
                       const net::LinkEnd& b, Host& host_b, const Address& address_b) {
  net::make_link(a, b);
  net::add_address(a, address_a, prefix(family_));
  net::add_address(b, address_b, prefix(family_));
  net::add_neighbour(a, address_b, b.mac);
  net::add_neighbour(b, address_a, a.mac);
  size_t tap = open_taps({{&host_a, {a.ns, a.device, a.mac}}, {&host_b, {b.ns, b.device, b.mac}}});
  attachments_.push_back({&host_a, a, tap, b.mac, address_b, {}});
  attachments_.push_back({&host_b, b, tap + 1, a.mac, address_a, {}});
}

void Lab::link(Host& a, Host& b) {
  connect_ends(end(a, "to-" + b.name()), a, a.address(), end(b, "to-" + a.name()), b, b.address());
}

Lab::NattedKernels Lab::two_clients_behind_nat() {
  Host& router = host("router");
  Host& server = host("server");
  Host& first = host_in("first", 1);
  Host& second = host_in("second", 2);
  link(router, server);
  unsigned subnet = 0;
  for (Host* client : {&first, &second}) {
    net::LinkEnd inner = end(*client, "to-router"), outer = end(router, "to-" + client->name());
    Address gateway = address_in(family_, ++subnet, 254);
    connect_ends(inner, *client, client->address(), outer, router, gateway);
    net::add_default_route(inner, gateway);
  }
  net::forward(router.ns(), family_);
  try {
    net::masquerade(router.ns(), family_, "to-server");
  } catch (const std::system_error& error) {
    throw NotMeasurable(error.what());
  }
  return {first, second, router, server};
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
    attachments_.push_back({host,
                            inner,
                            interface_hosts_.size() + taps.size() - 1,
                            other->mac(),
                            other->address(),
                            {}});
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

wire::Packet Lab::inject(Host& from, const Tuple& endpoints, const Segment& segment,
                         const std::string& note) {
  std::vector<Attachment*> out;
  for (Attachment& attachment : attachments_)
    if (attachment.host == &from) out.push_back(&attachment);
  if (out.size() > 1)
    std::erase_if(out,
                  [&](const Attachment* a) { return a->next_address != endpoints.remote.address; });
  if (out.empty())
    throw std::invalid_argument(
        fmt::format("no link of {} leads to {}", from.name(), show(endpoints.remote.address)));
  Attachment& at = *out.front();
  wire::Bytes bytes = wire::encode({.source_mac = at.end.mac,
                                    .destination_mac = at.next,
                                    .source = endpoints.local,
                                    .destination = endpoints.remote},
                                   segment);
  wire_.announce(at.interface, bytes, note);
  // Kept, because closing one takes its time.
  if (!at.injector) at.injector = std::make_unique<wire::Injector>(*at.end.ns, at.end.device);
  at.injector->send(bytes);
  return *wire::decode(bytes);
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

Crowd& Lab::crowd(Host& host, const CrowdPorts& ports) {
  // Frames go to a MAC that is not the device's: its kernel then looks no further.
  net::Mac own = host.mac(), device = own;
  own[5] = 200;
  device[1] = 1;
  Address gateway = address_in(family_, 0, 200);
  net::LinkEnd inner = end(host, "to-crowd"),
               outer{&harness_, fmt::format("crowd{}", crowds_.size()), device};
  net::make_link(inner, outer);
  net::add_address(inner, host.address(), prefix(family_));
  net::add_neighbour(inner, gateway, own);
  net::add_default_route(inner, gateway);
  size_t tap = open_taps({{&host, {inner.ns, inner.device, host.mac()}}});
  wire::CrowdOptions options{
      .first = address_in(family_, 1, 1), .first_port = ports.first, .ports = ports.count};
  return crowds_.emplace_back(*this, host, wire_, tap, inner, outer, own, options);
}

Lab::KernelAndCrowd Lab::kernel_and_crowd(const std::string& name) {
  Host& kernel = host(name);
  return {kernel, crowd(kernel)};
}

Host& Lab::host_with_table(const std::string& name, size_t buckets) {
  // A new namespace takes the size from the one in which it is made.
  constexpr const char* kTable = "net.ipv4.tcp_child_ehash_entries";
  os::Namespace here = os::Namespace::current();
  try {
    os::write_sysctl(here, kTable, std::to_string(buckets));
  } catch (const std::system_error& error) {
    if (error.code().value() != ENOENT) throw;
    throw NotMeasurable(fmt::format(
        "{} does not exist in this kernel, so all hosts share one table of sockets", kTable));
  }
  Host& made = host(name);
  os::write_sysctl(here, kTable, "0");
  return made;
}

bool Lab::exists(const std::string& sysctl) {
  auto names = os::sysctls("net.ipv4");
  return std::ranges::find(names, sysctl) != names.end() || (first_ && first_->exists(sysctl));
}

std::string Lab::default_of(const std::string& sysctl) {
  try {
    return os::read_sysctl(os::Namespace::create(), sysctl);
  } catch (const std::system_error& error) {
    if (error.code().value() != ENOENT) throw;
  }
  if (!exists(sysctl)) throw FeatureAbsent(sysctl + " does not exist in this kernel");
  if (!shared())
    throw NotMeasurable(sysctl +
                        " exists in this kernel's first namespace only, where it may have been "
                        "changed since the system started: run this in a guest");
  return shared()->initial(sysctl);
}

Socket& Lab::listener(Host& server, uint16_t port) {
  auto key = std::pair{&server, port};
  auto found = listeners_.find(key);
  if (found == listeners_.end()) found = listeners_.emplace(key, server.listen(port)).first;
  return found->second;
}

Connection Lab::connect(Host& client, Host& server, uint16_t port) {
  return connect(client, server, listener(server, port));
}

Connection Lab::connect(Host& client, Host& server, Socket& listener) {
  Socket socket = client.socket();
  socket.need(socket.connect(server.at(listener.tuple().local.port)));
  return {std::move(socket), listener.accept()};
}

Tuple Lab::ended_server(Host& client, Host& server, const Endpoint& local,
                        const std::vector<int>& options) {
  Socket listener = server.socket();
  listener.need(listener.serve(local, options));
  auto [socket, accepted] = connect(client, server, listener);
  Tuple left = into_time_wait(server, accepted, socket);
  listener.close();
  return left;
}

Tuple Lab::into_time_wait(Host& host, Socket& first, Socket& second) {
  Tuple tuple = first.tuple();
  first.close();
  second.recv();
  await_fin_acked(host, tuple);
  second.close();
  await_state(host, tuple, TIME_WAIT);
  return tuple;
}

void Lab::await_fin_acked(Host& host, const Tuple& tuple) {
  // The other side's delayed ACK must not be under way when that closes: coming after its FIN it
  // would meet TIME_WAIT, whose answer a closed socket resets, and that RST would end TIME_WAIT
  // (RFC 1337).
  look_until(host, tuple, 1s, [](net::TcpState state) { return state != FIN_WAIT_1; });
}

Lab::Orphan Lab::into_fin_wait_2(Host& host, Peer& peer, uint16_t port,
                                 const std::function<void(Socket&)>& prepare) {
  Socket& listening = listener(host);
  PeerConnection connection = peer.connect(port, host.at(5000));
  Tuple tuple = connection.tuple().reversed();
  Socket socket = listening.accept();
  if (prepare) prepare(socket);
  Pending closing = socket.start_close();  // SO_LINGER makes it wait for the acknowledgment
  if (!connection.expect({.flags = FIN | ACK})) throw Unexpected("the kernel's FIN did not come");
  EventId before = mark();
  connection.send({.flags = ACK}, "acknowledges the FIN");
  if (!closing.wait(2s)) throw Unexpected("close() still blocks");
  if (!until([&] { return count(trace(host, tuple, before), {.flags = ACK}) > 0; }, 2s))
    throw Unexpected("the acknowledgment was not captured");
  return {&host, connection, tuple, first(trace(host, tuple, before), {.flags = ACK}), before};
}

Process& Lab::process(Host& host, std::vector<Socket*> sockets) {
  collect();
  return processes_.emplace_back(*this, host, sockets);
}

}  // namespace twlab
