#include "lab/shared_settings.h"

#include <fmt/format.h>

namespace twlab {

SharedSettings::SharedSettings(bool ours) {
  // Not by entering it: without root there is no way into the namespace that one is in.
  for (std::string& name : os::sysctls("net.ipv4")) names_.insert(std::move(name));
  if (ours) first_ = os::Namespace::current();
}

std::string SharedSettings::get(const std::string& name) const {
  return os::read_sysctl(first_.value(), name);
}

std::string SharedSettings::initial(const std::string& name) const {
  auto changed = changed_.find(name);
  return changed == changed_.end() ? get(name) : changed->second.initial;
}

SharedSettings::Setting& SharedSettings::change(const std::string& name, const std::string& value) {
  std::string before = get(name);
  os::write_sysctl(first_.value(), name, value);
  return changed_.try_emplace(name, Setting{before, {}}).first->second;
}

void SharedSettings::set(const std::string& name, const std::string& value,
                         const std::string& host) {
  if (auto found = changed_.find(name); found != changed_.end())
    for (const auto& [other, its] : found->second.wanted)
      if (other != host && its != value)
        throw Conflict(
            fmt::format("this kernel has one {} for all hosts: it cannot be {} at {} and {} at {}",
                        name, its, other, value, host));
  change(name, value).wanted[host] = value;
}

void SharedSettings::pin(const std::string& name, const std::string& value) {
  auto found = changed_.find(name);
  if (found == changed_.end() || found->second.wanted.empty()) change(name, value);
}

}  // namespace twlab
