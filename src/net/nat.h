// A router: forwards, and hides what is behind it (nf_tables by way of libnftables).
#pragma once

#include <string>

#include "os/address.h"
#include "os/namespace.h"

namespace twlab::net {

// Forwards packets of the family between the namespace's interfaces.
void forward(const os::Namespace& ns, Family family);

// Packets that leave by the device get its address as their source, and the connection's answers
// find back (source NAT, "masquerade"). Throws std::system_error with ENOTSUP and the library's
// words when the kernel cannot: nf_tables or its NAT is missing, or may not be loaded from here.
void masquerade(const os::Namespace& ns, Family family, const std::string& device);

}  // namespace twlab::net
