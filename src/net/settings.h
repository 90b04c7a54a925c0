// The sysctls that every host is given before a lab begins.
//
// A new namespace inherits some settings from the machine (net.ipv4.conf.*, the congestion control,
// buffer sizes), and a distribution may change any default. What a verdict could depend on is
// therefore set here, in one table, to the default of the kernel's own source, and stands in the
// report.
#pragma once

#include <map>
#include <span>
#include <string>

#include "os/namespace.h"

namespace twlab::net {

struct Setting {
  const char* name;
  const char* value;
};

std::span<const Setting> pinned_settings();

// Pins them all, then those given besides, and returns what is then read back; "-" for a pinned one
// that this kernel does not have in the namespace. Throws std::system_error when the kernel refuses
// a value, or has none of the settings given besides.
std::map<std::string, std::string> pin_settings(const os::Namespace& ns,
                                                const std::map<std::string, std::string>& besides);

}  // namespace twlab::net
