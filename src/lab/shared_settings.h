// The settings of the first namespace, where the lab began. Some sysctls old kernels have there
// alone, for all hosts together: before 4.15 or so tcp_tw_reuse, tcp_timestamps,
// tcp_max_tw_buckets and tcp_tw_recycle.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "os/namespace.h"

namespace twlab {

class SharedSettings {
 public:
  // The calling thread's namespace is the first one. It is kept, and can be changed, only with
  // `ours` (Surroundings::own_machine); of another machine's it is known which settings there are.
  explicit SharedSettings(bool ours);

  bool ours() const { return first_.has_value(); }
  // One of net.ipv4.
  bool exists(const std::string& name) const { return names_.contains(name); }

  // The following need `ours`, and throw std::system_error when the kernel refuses.
  std::string get(const std::string& name) const;
  // What it was before anything changed it.
  std::string initial(const std::string& name) const;
  struct Conflict : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  // As this host wants it. Throws Conflict when another host was given another value: a lab could
  // not tell that from a kernel that does not obey.
  void set(const std::string& name, const std::string& value, const std::string& host);
  // For all hosts, unless one of them wants something else.
  void pin(const std::string& name, const std::string& value);

 private:
  struct Setting {
    std::string initial;
    std::map<std::string, std::string> wanted;  // by host
  };
  Setting& change(const std::string& name, const std::string& value);

  std::optional<os::Namespace> first_;
  std::set<std::string> names_;
  std::map<std::string, Setting> changed_;
};

}  // namespace twlab
