// Whole files in and out.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "os/fd.h"

namespace twlab::os {

// Throws std::system_error naming the path.
std::string read_file(const std::filesystem::path& path);

// Everything from offset 0 of an open file, whatever its position; for files of /proc, which give
// new contents each time and belong to the namespace in which they were opened.
std::string read_all(int fd, const std::string& name);

// Under a temporary name in the same folder, then renamed: after a failure (std::system_error
// naming the path) the old file is as it was and nothing else is left.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// For files that take their contents in one write, such as those of /proc.
void write_in_place(const std::filesystem::path& path, std::string_view bytes);

// An anonymous file in memory: nothing to clean up, whoever is killed.
UniqueFd memory_file(const std::string& name);

// Writes all of it or throws.
void write_all(int fd, std::string_view bytes, const std::string& name);

}  // namespace twlab::os
