#include "wire/checksum.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace twlab::wire {
namespace {

constexpr size_t kEthernet = 14;
// Offsets within the headers.
constexpr size_t kIpv4Checksum = 10, kIpv4Addresses = 12, kIpv4 = 20, kIpv6Addresses = 8,
                 kIpv6 = 40;
constexpr size_t kSeq = 4, kAck = 8, kTcpChecksum = 16, kTcp = 20;

void put16(uint8_t* at, uint16_t number) {
  at[0] = static_cast<uint8_t>(number >> 8);
  at[1] = static_cast<uint8_t>(number);
}
void put32(uint8_t* at, uint32_t number) {
  put16(at, static_cast<uint16_t>(number >> 16));
  put16(at + 2, static_cast<uint16_t>(number));
}
uint16_t get16(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] << 8 | at[1]);
}

// Where the timestamp option's two numbers are, 0 when there is none.
size_t find_timestamps(std::span<const uint8_t> options) {
  for (size_t i = 0; i + 10 <= options.size() && options[i] != 0;) {
    if (options[i] == 8) return kTcp + i + 2;
    i += options[i] == 1 ? 1 : options[i + 1];
  }
  return 0;
}

}  // namespace

uint32_t sum_words(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) sum += get16(&bytes[i]);
  if (bytes.size() % 2) sum += static_cast<uint32_t>(bytes.back()) << 8;
  return sum;
}

uint16_t fold(uint64_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint16_t updated(uint16_t checksum, uint32_t before, uint32_t after) {
  // RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). Equation 4 of RFC 1141 is wrong where the sum
  // becomes 0.
  uint64_t sum = static_cast<uint16_t>(~checksum);
  return fold(sum + fold(before) + after);
}

Stamp::Stamp(Family family, const Mac& source, const Mac& destination, Segment segment) {
  Endpoint nobody{Address::any(family), 0};
  segment.source = segment.destination = 0;
  segment.seq = segment.ack = 0;
  if (segment.tsval.present()) segment.tsval = segment.tsecr = 0u;
  Bytes frame = encode({source, destination, nobody, nobody}, segment);
  assert(frame.size() <= largest);
  std::copy(frame.begin(), frame.end(), bytes_.begin());
  size_ = frame.size();
  address_size_ = nobody.address.size();
  bool inet = family == Family::inet;
  addresses_at_ = kEthernet + (inet ? kIpv4Addresses : kIpv6Addresses);
  tcp_at_ = kEthernet + (inet ? kIpv4 : kIpv6);
  if (size_t at = find_timestamps({&bytes_[tcp_at_ + kTcp], size_ - tcp_at_ - kTcp}))
    timestamps_at_ = tcp_at_ + at;
  if (inet) ip_checksum_ = get16(&bytes_[kEthernet + kIpv4Checksum]);
  tcp_checksum_ = get16(&bytes_[tcp_at_ + kTcpChecksum]);
}

void Stamp::write(uint8_t* out, const StampFields& fields) const {
  std::memcpy(out, bytes_.data(), size_);
  std::memcpy(out + addresses_at_, fields.source, address_size_);
  std::memcpy(out + addresses_at_ + address_size_, fields.destination, address_size_);
  uint8_t* tcp = out + tcp_at_;
  put16(tcp, fields.source_port);
  put16(tcp + 2, fields.destination_port);
  put32(tcp + kSeq, fields.seq);
  put32(tcp + kAck, fields.ack);
  uint32_t addresses = sum_words({out + addresses_at_, 2 * address_size_});
  uint32_t sum = addresses + fields.source_port + fields.destination_port + sum_words(fields.seq) +
                 sum_words(fields.ack);
  if (timestamps_at_) {
    put32(out + timestamps_at_, fields.tsval);
    put32(out + timestamps_at_ + 4, fields.tsecr);
    sum += sum_words({out + timestamps_at_, 8});
  }
  if (address_size_ == 4)
    put16(out + kEthernet + kIpv4Checksum, updated(ip_checksum_, 0, addresses));
  put16(tcp + kTcpChecksum, updated(tcp_checksum_, 0, sum));
}

}  // namespace twlab::wire
