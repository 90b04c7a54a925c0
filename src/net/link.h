// Links: veth pairs between namespaces, set up so that captures show what is on the wire.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "os/address.h"
#include "os/namespace.h"

namespace twlab::net {

using Mac = std::array<uint8_t, 6>;

struct LinkEnd {
  const os::Namespace* ns = nullptr;
  std::string device;  // name of the interface there
  Mac mac{};
};

// Makes the pair and brings both ends up, with checksum and segmentation offloads off (otherwise a
// capture shows wrong checksums and segments above the MSS), IPv6 without duplicate detection,
// solicitations or an address of its own making, and no neighbour discovery at all (IFF_NOARP,
// which also keeps IPv6 from reporting multicast groups). Throws std::system_error.
void make_link(const LinkEnd& a, const LinkEnd& b);

// Gives the end an address with this prefix length (bits).
void add_address(const LinkEnd& end, const Address& address, int prefix);

// The end knows the neighbour's MAC for good and never asks for it (a permanent entry).
void add_neighbour(const LinkEnd& end, const Address& neighbour, const Mac& mac);

// Everything that no link route leads to goes to the gateway.
void add_default_route(const LinkEnd& end, const Address& gateway);

// Frames that passed the end since it was made, whoever captured them.
struct Traffic {
  uint64_t received = 0, sent = 0;
};
Traffic traffic(const LinkEnd& end);

// Sets the device (also "lo") up or down.
void set_up(const os::Namespace& ns, const std::string& device, bool up);

}  // namespace twlab::net
