// What a guest boots with: the program that runs inside, its shared libraries, and the kernel's
// modules.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace twlab::guest {

// A file on this machine and its name in the guest.
struct Packed {
  std::filesystem::path from;
  std::string name;  // without a slash before it
};

// The program (see inside/main.cc) as "init", its interpreter, and its shared libraries in "lib".
// Throws when it does not run here.
std::vector<Packed> program_files(const std::filesystem::path& program);

// A cpio archive (newc) of the files, in their order, of the texts as files with these names, and
// of the folders that the guest needs. The same bytes for the same files, whenever and by whomever
// it is made. Throws std::system_error naming what cannot be read.
std::string make_initramfs(std::span<const Packed> files,
                           std::span<const std::pair<std::string, std::string>> texts);

}  // namespace twlab::guest
