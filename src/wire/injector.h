// Puts frames on a device as they are. Separate from the capture, which would not see what its own
// handle sends.
#pragma once

#include <span>
#include <string>

#include "os/fd.h"
#include "os/namespace.h"

namespace twlab::wire {

class Injector {
 public:
  Injector(const os::Namespace& ns, const std::string& device);
  // The whole frame with its Ethernet header. Throws std::system_error.
  void send(std::span<const uint8_t> bytes);

 private:
  os::UniqueFd fd_;
  std::string device_;
};

}  // namespace twlab::wire
