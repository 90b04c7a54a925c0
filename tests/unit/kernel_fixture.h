// Kernels, modules and packages of a few bytes, made as the real ones are.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include "os/file.h"

namespace twlab::guest::fixture {

template <typename T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline Elf64_Ehdr elf_header(Elf64_Half type, Elf64_Half machine) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = type;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  return header;
}

struct Vmlinux {
  std::string release = "6.1.0-1-test";
  bool pvh = true;
  bool everything_built_in = false;
  Elf64_Half machine = EM_X86_64;
};

inline std::string vmlinux(const Vmlinux& what) {
  Elf64_Ehdr header = elf_header(ET_EXEC, what.machine);
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  std::string note;
  append(note, Elf64_Nhdr{4, 4, static_cast<Elf64_Word>(what.pvh ? 18 : 1)});
  note += std::string("Xen\0", 4) + std::string("\0\0\0\1", 4);
  Elf64_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = note.size();
  segment.p_align = 4;
  std::string bytes;
  append(bytes, header);
  append(bytes, segment);
  bytes += note;
  if (!what.release.empty()) {
    bytes += std::string("Linux version \0%s (", 19);  // not the banner yet
    bytes += "Linux version " + what.release + " (somebody@somewhere) #1 SMP";
  }
  if (what.everything_built_in)
    bytes += std::string("\0inet_diag_register\0veth%%d\0", 28) +
             std::string("\0nft_register_expr\0\0nf_nat_masquerade_ipv4\0", 43);
  // Enough that a limit on the size of files is met, and not of one repeated byte.
  for (uint32_t i = 0; i < 30000; ++i) append(bytes, i * 2654435761u);
  return bytes;
}

inline std::string module(const std::string& info) {
  Elf64_Ehdr header = elf_header(ET_REL, EM_X86_64);
  const std::string names("\0.modinfo\0.shstrtab\0", 20);
  header.e_shoff = sizeof header;
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  size_t begin = sizeof header + 3 * sizeof(Elf64_Shdr);
  Elf64_Shdr nothing{}, modinfo{}, strings{};
  modinfo.sh_name = 1;
  modinfo.sh_type = SHT_PROGBITS;
  modinfo.sh_offset = begin;
  modinfo.sh_size = info.size();
  strings.sh_name = 10;
  strings.sh_type = SHT_STRTAB;
  strings.sh_offset = begin + info.size();
  strings.sh_size = names.size();
  std::string bytes;
  append(bytes, header);
  for (const Elf64_Shdr& section : {nothing, modinfo, strings}) append(bytes, section);
  return bytes + info + names;
}

inline std::string module(const std::string& release, const std::string& depends,
                          const std::string& soft = "") {
  std::string info = "depends=" + depends + '\0' + "vermagic=" + release + " SMP mod_unload" + '\0';
  if (!soft.empty()) info += "softdep=" + soft + '\0';
  return module(info);
}

inline std::string with_signature(std::string module, size_t size) {
  module.append(size, 's');
  module += std::string("\0\0\2\0\0\0\0\0", 8);
  for (int shift : {24, 16, 8, 0}) module += static_cast<char>(size >> shift);
  return module + "~Module signature appended~\n";
}

// Writing with libarchive into memory.
inline std::string archived(int (*format)(archive*), int (*filter)(archive*),
                            const std::map<std::string, std::string>& files) {
  std::string bytes;
  archive* writer = archive_write_new();
  format(writer);
  if (filter) filter(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  auto write = [](archive*, void* to, const void* block, size_t size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(block), size);
    return static_cast<la_ssize_t>(size);
  };
  archive_write_open(writer, &bytes, nullptr, write, nullptr);
  for (const auto& [name, content] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_write_header(writer, entry);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  if (archive_write_close(writer) != ARCHIVE_OK) throw std::runtime_error("libarchive");
  archive_write_free(writer);
  return bytes;
}

inline std::string compressed(const std::string& bytes, int (*filter)(archive*)) {
  return archived(archive_write_set_format_raw, filter, {{"data", bytes}});
}

// The kernel's build uses lz4's legacy format, which libarchive reads and does not write: here one
// block of literals.
inline std::string lz4_legacy(const std::string& bytes) {
  std::string block = "\xf0";
  size_t more = bytes.size() - 15;
  for (; more >= 255; more -= 255) block += '\xff';
  block += static_cast<char>(more) + bytes;
  std::string stream;
  append(stream, uint32_t{0x184c2102});
  append(stream, static_cast<uint32_t>(block.size()));
  return stream + block;
}

// Around a payload that is `size` bytes unpacked; gzip says so itself.
inline std::string bzimage(std::string payload, size_t size) {
  if (!payload.starts_with("\x1f\x8b")) append(payload, static_cast<uint32_t>(size));
  std::string bytes(1024, '\0');
  bytes[0x1f1] = 1;
  bytes.replace(0x202, 4, "HdrS");
  bytes[0x206] = 0x0f;
  bytes[0x207] = 0x02;
  uint32_t offset = 100, length = static_cast<uint32_t>(payload.size());
  std::memcpy(&bytes[0x248], &offset, 4);
  std::memcpy(&bytes[0x24c], &length, 4);
  return bytes + std::string(offset, 'c') + payload + std::string(50, 't');
}

inline std::string bzimage(const std::string& vmlinux) {
  return bzimage(compressed(vmlinux, archive_write_add_filter_xz), vmlinux.size());
}

inline std::string package(const std::string& name, const std::map<std::string, std::string>& files,
                           const std::string& architecture = "amd64") {
  std::string control = "Package: " + name + "\nVersion: 1.2-3\nArchitecture: " + architecture +
                        "\nDepends: kmod, linux-binary-9 (= 1.2-3) | x, "
                        "linux-modules-9\nDescription: test\n a test\n";
  auto tar = [](const std::map<std::string, std::string>& files) {
    return archived(archive_write_set_format_ustar, archive_write_add_filter_xz, files);
  };
  return archived(archive_write_set_format_ar_bsd, nullptr,
                  {{"a-debian-binary", "2.0\n"},
                   {"control.tar.xz", tar({{"./control", control}})},
                   {"data.tar.xz", tar(files)}});
}

// Modules as Debian's 6.1 has them, and what a package of it consists of.
inline std::map<std::string, std::string> debian_files(const std::string& release,
                                                       const std::string& prefix = "./") {
  std::string folder = prefix + "lib/modules/" + release + "/";
  auto signed_module = [&](const std::string& depends, const std::string& soft = "") {
    return with_signature(module(release, depends, soft), 300);
  };
  return {
      {prefix + "boot/vmlinuz-" + release, bzimage(vmlinux({.release = release}))},
      {folder + "modules.builtin", "kernel/crypto/crc32c_generic.ko\nkernel/net/unix/unix.ko\n"},
      {folder + "kernel/drivers/net/veth.ko", signed_module("")},
      {folder + "kernel/net/ipv4/inet_diag.ko", signed_module("")},
      {folder + "kernel/net/ipv4/tcp_diag.ko", signed_module("inet_diag")},
      {folder + "kernel/lib/libcrc32c.ko", signed_module("", "pre: crc32c post: nothing")},
      {folder + "kernel/net/netfilter/nf_tables.ko", signed_module("nfnetlink,libcrc32c")},
      {folder + "kernel/net/netfilter/nfnetlink.ko", signed_module("")},
      {folder + "kernel/net/netfilter/nft-ct.ko", signed_module("nf_tables,nf-conntrack")},
      {folder + "kernel/net/netfilter/nf_conntrack.ko", signed_module("libcrc32c")},
      {folder + "kernel/sound/unused.ko", signed_module("")}};
}

}  // namespace twlab::guest::fixture
