#include "guest/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <stdexcept>

#include "guest/archive.h"
#include "guest/elf.h"
#include "guest/kernel.h"
#include "os/file.h"

namespace twlab::guest {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
  throw std::runtime_error(path.string() + ": " + why);
}

// Little-endian, as everything is in the header and on x86.
uint32_t number(std::string_view bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i)
    value |= uint32_t{static_cast<uint8_t>(bytes.at(at + i))} << (8 * i);
  return value;
}

// Offsets in a bzImage: "The Real-Mode Kernel Header" in the kernel's Documentation/arch/x86/boot.
constexpr size_t setup_sectors = 0x1f1, magic = 0x202, protocol = 0x206, payload_offset = 0x248,
                 payload_length = 0x24c, header_end = 0x250;

bool is_bzimage(std::string_view bytes) {
  return bytes.size() >= header_end && bytes.substr(magic, 4) == "HdrS";
}

std::string payload_of(std::string_view bytes, const std::filesystem::path& path) {
  if (number(bytes, protocol, 2) < 0x208) fail(path, "a kernel older than Linux 2.6.26");
  size_t sectors = number(bytes, setup_sectors, 1);
  size_t begin = ((sectors ? sectors : 4) + 1) * 512 + number(bytes, payload_offset, 4);
  size_t length = number(bytes, payload_length, 4);
  if (begin > bytes.size() || length > bytes.size() - begin || length < 4)
    fail(path,
         fmt::format("truncated: {} bytes, its header wants {}", bytes.size(), begin + length));
  std::string_view payload = bytes.substr(begin, length);
  size_t size = number(payload, length - 4, 4);
  // Where the format has no such field at its end, the build appends one.
  if (!payload.starts_with("\x1f\x8b")) payload.remove_suffix(4);
  std::string unpacked = decompress(payload, path.string());
  if (unpacked.size() != size)
    fail(path, fmt::format("damaged: {} bytes unpacked instead of {}", unpacked.size(), size));
  return unpacked;
}

// "Linux version 6.1.0-37-cloud-amd64 (debian-kernel@lists.debian.org) ..."
std::string release_in(std::string_view vmlinux) {
  constexpr std::string_view banner = "Linux version ";
  for (size_t at = 0; (at = vmlinux.find(banner, at)) != vmlinux.npos;) {
    at += banner.size();
    std::string_view release = vmlinux.substr(at, 65);  // at most 64: struct new_utsname
    release = release.substr(0, release.find(' '));
    if (release.size() < 65 && is_release(release)) return std::string(release);
  }
  return {};
}

// Words that are in an image only with the module built in: a name that it exports, the pattern of
// veth's names. tcp_diag is built in whenever inet_diag is (its Kconfig says so). The modules
// around nf_tables and nf_nat export nothing: who has built in both mostly means to have those, and
// where not, labs with NAT say so.
std::set<std::string> builtin_in(std::string_view vmlinux) {
  using namespace std::string_view_literals;
  std::set<std::string> found;
  if (vmlinux.find("\0inet_diag_register\0"sv) != vmlinux.npos)
    found.insert({"inet_diag", "tcp_diag"});
  if (vmlinux.find("veth%%d\0"sv) != vmlinux.npos) found.insert("veth");
  if (vmlinux.find("\0nft_register_expr\0"sv) != vmlinux.npos &&
      vmlinux.find("\0nf_nat_masquerade_ipv4\0"sv) != vmlinux.npos)
    found.insert(nat_modules.begin(), nat_modules.end());
  return found;
}

}  // namespace

Image read_image(const std::filesystem::path& path) {
  std::string bytes = os::read_file(path);
  bool compressed = is_bzimage(bytes);
  if (!compressed && !bytes.starts_with("\177ELF"))
    fail(path, "neither a Debian package nor a bzImage nor a vmlinux");
  std::string vmlinux = compressed ? payload_of(bytes, path) : std::move(bytes);

  Image image;
  ElfFile elf(vmlinux);
  if (!elf.x86_64()) fail(path, "not for x86-64");
  if (elf.program()) image.release = release_in(vmlinux);
  if (image.release.empty()) fail(path, "an ELF file, but no Linux kernel");
  image.builtin = builtin_in(vmlinux);
  constexpr unsigned pvh_entry = 18;  // XEN_ELFNOTE_PHYS32_ENTRY
  bool pvh = elf.has_note("Xen", pvh_entry);
  if (!pvh && !compressed)
    fail(path, "QEMU cannot start a vmlinux built without CONFIG_PVH: add its bzImage instead");
  image.file_name = pvh ? "vmlinux" : "bzImage";
  image.bytes = pvh ? std::move(vmlinux) : std::move(bytes);
  return image;
}

}  // namespace twlab::guest
