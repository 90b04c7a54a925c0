#include "guest/inside/ports.h"

#include <endian.h>
#include <fmt/format.h>
#include <sys/io.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

#include "guest/protocol.h"
#include "os/error.h"

namespace twlab::guest {
namespace {

// The directory: a count, then for each entry its size, its selector and its name, big-endian.
constexpr uint16_t fw_cfg_directory = 0x19;
constexpr size_t name_size = 56;

// Unlike those of <sys/io.h>, these tell the compiler that they touch memory.
void read_port(uint16_t port, void* to, size_t size) {
  asm volatile("rep insb" : "+D"(to), "+c"(size) : "d"(port) : "memory");
}
void write_port(uint16_t port, const void* from, size_t size) {
  asm volatile("rep outsb" : "+S"(from), "+c"(size) : "d"(port) : "memory");
}

std::string read_bytes(size_t size) {
  std::string bytes(size, '\0');
  read_port(port::fw_cfg_data, bytes.data(), bytes.size());
  return bytes;
}

template <typename T>
T read_number() {
  T value{};
  read_port(port::fw_cfg_data, &value, sizeof value);
  return sizeof value == 2 ? T(be16toh(uint16_t(value))) : T(be32toh(uint32_t(value)));
}

}  // namespace

Ports::Ports() {
  os::check(iopl(3), "asking for the machine's ports");
}

void Ports::tell(std::string_view line) {
  write_port(port::console, line.data(), line.size());
}

void Ports::leave(std::string_view bytes) {
  if (bytes.size() > largest_result) throw std::length_error("the result is too large");
  write_port(port::results, bytes.data(), bytes.size());
}

std::string Ports::receive(std::string_view name) {
  outw(fw_cfg_directory, port::fw_cfg_selector);
  for (uint32_t left = read_number<uint32_t>(); left > 0; --left) {
    auto size = read_number<uint32_t>();
    auto selector = read_number<uint16_t>();
    read_number<uint16_t>();  // reserved
    std::string entry = read_bytes(name_size);
    if (entry.c_str() != name) continue;
    outw(selector, port::fw_cfg_selector);
    return read_bytes(size);
  }
  throw std::runtime_error(fmt::format("the machine was started without {}", name));
}

void Ports::pause() {
  outb(1, port::panic);  // bit 0: PVPANIC_PANICKED
}

void Ports::power_off() {
  outb(0, port::exit);
  for (;;) ::pause();
}

}  // namespace twlab::guest
