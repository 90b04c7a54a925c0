// Internet addresses and endpoints, both families alike. Ports are in host order.
#pragma once

#include <netinet/in.h>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace twlab {

enum class Family : uint8_t { inet, inet6 };

std::string_view name(Family family);  // "inet", "inet6"

// An IPv4 address in its first 4 bytes (the others 0), or an IPv6 address in all 16; network order.
struct Address {
  Family family = Family::inet;
  std::array<uint8_t, 16> bytes{};

  // Throws std::invalid_argument when the text is neither an IPv4 nor an IPv6 address.
  static Address parse(const std::string& text);
  static Address any(Family family) { return {family, {}}; }
  size_t size() const { return family == Family::inet ? 4 : 16; }
  auto operator<=>(const Address&) const = default;
};

struct Endpoint {
  Address address;
  uint16_t port = 0;

  static Endpoint from(const sockaddr_storage& storage);
  // Fills the storage and returns the length that bind() and connect() want.
  socklen_t to(sockaddr_storage& storage) const;
  auto operator<=>(const Endpoint&) const = default;
};

// What identifies a connection from one side's point of view.
struct Tuple {
  Endpoint local, remote;
  Tuple reversed() const { return {remote, local}; }
  auto operator<=>(const Tuple&) const = default;
};

std::string show(const Address& address);
std::string show(const Endpoint& endpoint);  // 192.0.2.1:5000, [2001:db8::1]:5000
std::string show(const Tuple& tuple);        // local > remote

}  // namespace twlab
