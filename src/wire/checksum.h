// The Internet checksum (RFC 1071), and frames whose checksums follow from a few changed numbers
// (RFC 1624): made once by the codec, written out many times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/codec.h"

namespace twlab::wire {

// The sum of the 16-bit words, not yet folded; of an odd length the last byte counts as if a zero
// followed. May be added up to 65,536 times before it must be folded.
uint32_t sum_words(std::span<const uint8_t> bytes);
inline uint32_t sum_words(uint32_t number) {
  return (number >> 16) + (number & 0xffff);
}
// Folds a sum into the checksum over what was summed up.
uint16_t fold(uint64_t sum);
// The checksum after some of the words under it have changed from one sum to another.
uint16_t updated(uint16_t checksum, uint32_t before, uint32_t after);

// What differs from one frame of a stamp to the next. Addresses are 4 or 16 bytes, as the stamp's
// family has it.
struct StampFields {
  const uint8_t* source = nullptr;
  const uint8_t* destination = nullptr;
  uint16_t source_port = 0, destination_port = 0;
  uint32_t seq = 0, ack = 0;
  uint32_t tsval = 0, tsecr = 0;  // ignored where the stamp has no timestamps
};

// One kind of frame, ready to be written with any addresses, ports and numbers.
class Stamp {
 public:
  // The segment has no payload; what StampFields names is ignored, but whether it has timestamps.
  Stamp(Family family, const Mac& source, const Mac& destination, Segment segment);

  static constexpr size_t largest = 96;
  size_t size() const { return size_; }
  // Writes the frame's bytes, at most `largest`, with correct checksums.
  void write(uint8_t* out, const StampFields& fields) const;

 private:
  std::array<uint8_t, largest> bytes_{};
  size_t size_ = 0, address_size_ = 0, addresses_at_ = 0, tcp_at_ = 0, timestamps_at_ = 0;
  uint16_t ip_checksum_ = 0, tcp_checksum_ = 0;  // with all fields 0
};

}  // namespace twlab::wire
