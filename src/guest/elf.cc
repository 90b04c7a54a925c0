#include "guest/elf.h"

#include <gelf.h>

namespace twlab::guest {

ElfFile::ElfFile(std::string_view bytes) : bytes_(bytes) {
  elf_version(EV_CURRENT);
  // Read only: the library's signature does not say so.
  elf_ = elf_memory(const_cast<char*>(bytes.data()), bytes.size());
}

ElfFile::~ElfFile() {
  elf_end(elf_);
}

bool ElfFile::x86_64() const {
  GElf_Ehdr header;
  return gelf_getehdr(elf_, &header) && gelf_getclass(elf_) == ELFCLASS64 &&
         header.e_machine == EM_X86_64;
}

bool ElfFile::program() const {
  GElf_Ehdr header;
  return gelf_getehdr(elf_, &header) && (header.e_type == ET_EXEC || header.e_type == ET_DYN);
}

std::optional<std::string_view> ElfFile::section(std::string_view name) const {
  size_t names = 0;
  if (elf_getshdrstrndx(elf_, &names) != 0) return {};
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_, section));) {
    GElf_Shdr header;
    if (!gelf_getshdr(section, &header)) return {};
    const char* its_name = elf_strptr(elf_, names, header.sh_name);
    if (!its_name || its_name != name) continue;
    if (header.sh_offset > bytes_.size() || header.sh_size > bytes_.size() - header.sh_offset)
      return {};
    return bytes_.substr(header.sh_offset, header.sh_size);
  }
  return {};
}

bool ElfFile::has_note(std::string_view owner, unsigned type) const {
  size_t count = 0;
  if (elf_getphdrnum(elf_, &count) != 0) return false;
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (!gelf_getphdr(elf_, static_cast<int>(i), &segment) || segment.p_type != PT_NOTE) continue;
    Elf_Data* data = elf_getdata_rawchunk(elf_, static_cast<int64_t>(segment.p_offset),
                                          segment.p_filesz, ELF_T_NHDR);
    GElf_Nhdr note;
    size_t name = 0, description = 0;
    for (size_t at = 0; data && (at = gelf_getnote(data, at, &note, &name, &description)) > 0;) {
      // With the zero that ends it.
      std::string_view its_owner(static_cast<const char*>(data->d_buf) + name, note.n_namesz);
      if (its_owner.starts_with(owner) && note.n_namesz == owner.size() + 1 && note.n_type == type)
        return true;
    }
  }
  return false;
}

}  // namespace twlab::guest
