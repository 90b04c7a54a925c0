// A packet socket for very many frames: they arrive in a ring of memory shared with the kernel, and
// leave many to a system call.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "os/address.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/namespace.h"

namespace twlab::wire {

class Ring {
 public:
  // Receives, of the family's TCP segments that come in on the device, those with SYN, FIN or RST:
  // nothing else needs an answer. Room for `slots` frames that nobody has taken yet. Throws
  // std::system_error.
  Ring(const os::Namespace& ns, const std::string& device, Family family, size_t slots);

  // Gives at most `limit` frames that are there, in order, from their Ethernet header on; the bytes
  // are valid during the call only. Returns how many.
  template <typename F>
  size_t drain(size_t limit, F&& frame) {
    size_t count = 0;
    for (std::span<const uint8_t> bytes; count < limit && !(bytes = front()).empty(); ++count) {
      frame(bytes);
      pop();
    }
    return count;
  }
  bool wait(Duration limit) const;  // until there are frames
  int fd() const { return fd_.get(); }

  // Where the next frame to send is to be written; Ring::room bytes. queue() puts it behind those
  // that wait, and sends them all when there are many.
  static constexpr size_t room = 128;
  uint8_t* next() { return &out_[queued_ * room]; }
  void queue(size_t size);
  // Sends what waits. Where the host has not yet taken in earlier frames it waits for that: nothing
  // that was queued is lost.
  void flush();

  uint64_t sent() const { return sent_; }
  uint64_t lost() const;  // frames for which the ring had no room

 private:
  static constexpr size_t kBatch = 128;
  struct Unmap {
    size_t size;
    void operator()(uint8_t* memory) const;
  };
  std::span<const uint8_t> front() const;
  void pop();

  std::string device_;
  os::UniqueFd fd_;
  std::unique_ptr<uint8_t, Unmap> memory_;
  size_t slots_, slot_ = 0;
  std::array<uint8_t, kBatch * room> out_{};
  std::array<size_t, kBatch> sizes_{};
  size_t queued_ = 0;
  uint64_t sent_ = 0;
  mutable uint64_t lost_ = 0;
};

}  // namespace twlab::wire
