// What is asked of the ELF files of a kernel, by libelf.
#pragma once

#include <optional>
#include <string>
#include <string_view>

struct Elf;  // libelf's

namespace twlab::guest {

// Reads bytes that stay the caller's and must outlive it. Never throws: what cannot be read is
// not there.
class ElfFile {
 public:
  explicit ElfFile(std::string_view bytes);
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;
  ~ElfFile();

  bool x86_64() const;
  // A linked program, as vmlinux is one, and no object file.
  bool program() const;
  // What a section holds; none if it is not there.
  std::optional<std::string_view> section(std::string_view name) const;
  // Whether a segment of notes has one of that owner and type.
  bool has_note(std::string_view owner, unsigned type) const;

 private:
  std::string_view bytes_;
  Elf* elf_;
};

}  // namespace twlab::guest
