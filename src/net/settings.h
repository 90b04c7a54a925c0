// The sysctls that every host is given before a lab begins.
//
// A new namespace inherits some settings from the machine (net.ipv4.conf.*, the congestion control,
// buffer sizes), and a distribution may change any default. What a verdict could depend on is
// therefore set here, in one table, to the default of the kernel's own source, and stands in the
// report.
#pragma once

#include <span>

namespace twlab::net {

struct Setting {
  const char* name;
  const char* value;
};

std::span<const Setting> pinned_settings();

}  // namespace twlab::net
