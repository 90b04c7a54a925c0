#include "os/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cassert>
#include <cstring>
#include <stdexcept>

namespace twlab {

std::string_view name(Family family) {
  return family == Family::inet ? "inet" : "inet6";
}

Address Address::parse(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  address.family = Family::inet6;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  throw std::invalid_argument("'" + text + "' is not an IP address");
}

Endpoint Endpoint::from(const sockaddr_storage& storage) {
  Endpoint end;
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    std::memcpy(end.address.bytes.data(), &in.sin_addr, 4);
    end.port = ntohs(in.sin_port);
  } else {
    assert(storage.ss_family == AF_INET6);
    const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    end.address.family = Family::inet6;
    std::memcpy(end.address.bytes.data(), &in.sin6_addr, 16);
    end.port = ntohs(in.sin6_port);
  }
  return end;
}

socklen_t Endpoint::to(sockaddr_storage& storage) const {
  storage = {};
  if (address.family == Family::inet) {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    std::memcpy(&in.sin_addr, address.bytes.data(), 4);
    in.sin_port = htons(port);
    return sizeof in;
  }
  auto& in = reinterpret_cast<sockaddr_in6&>(storage);
  in.sin6_family = AF_INET6;
  std::memcpy(&in.sin6_addr, address.bytes.data(), 16);
  in.sin6_port = htons(port);
  return sizeof in;
}

std::string show(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.family == Family::inet ? AF_INET : AF_INET6, address.bytes.data(), text,
            sizeof text);
  return text;
}

std::string show(const Endpoint& endpoint) {
  return endpoint.address.family == Family::inet
             ? fmt::format("{}:{}", show(endpoint.address), endpoint.port)
             : fmt::format("[{}]:{}", show(endpoint.address), endpoint.port);
}

std::string show(const Tuple& tuple) {
  return show(tuple.local) + " > " + show(tuple.remote);
}

}  // namespace twlab
