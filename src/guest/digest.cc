#include "guest/digest.h"

#include <fmt/format.h>
#include <nettle/sha2.h>

#include <cstdint>

#include "os/file.h"

namespace twlab::guest {

std::string sha256(std::string_view bytes) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
  uint8_t digest[SHA256_DIGEST_SIZE];
  sha256_digest(&context, sizeof digest, digest);
  std::string digits;
  for (uint8_t byte : digest) digits += fmt::format("{:02x}", byte);
  return digits;
}

std::string sha256_of_file(const std::filesystem::path& path) {
  return sha256(os::read_file(path));
}

}  // namespace twlab::guest
