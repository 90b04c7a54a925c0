// SHA-256, to tell whether two files are the same.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace twlab::guest {

// 64 hexadecimal digits, as sha256sum prints them.
std::string sha256(std::string_view bytes);
// Throws std::system_error when the file cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace twlab::guest
