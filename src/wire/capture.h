// Captures the frames of one device with libpcap: nanoseconds, delivered at once.
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "os/clock.h"
#include "os/namespace.h"

namespace twlab::wire {

class Capture {
 public:
  // Sees what the device sends and receives from now on. Takes some 20 ms (the kernel waits for an
  // RCU grace period when the ring is made, and again when it is given back), so several are best
  // opened and closed in threads side by side. Throws std::system_error.
  Capture(const os::Namespace& ns, const std::string& device);

  int fd() const { return fd_; }  // readable when there are frames
  // Gives every frame there is now, in order; the bytes are valid during the call only.
  void drain(const std::function<void(Time, std::span<const uint8_t>)>& frame);
  // Frames that the kernel had to drop because nobody drained them in time.
  uint64_t lost() const;

 private:
  struct Close {
    void operator()(pcap_t* handle) const { pcap_close(handle); }
  };
  std::unique_ptr<pcap_t, Close> handle_;
  int fd_ = -1;  // owned by the handle
};

}  // namespace twlab::wire
