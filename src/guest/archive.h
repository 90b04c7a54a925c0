// Archives and compressed bytes, by libarchive.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace twlab::guest {

// What a gzip, bzip2, xz, lzma, zstd or lz4 (also its legacy format) stream holds. Throws
// std::runtime_error, "NAME: why", when it is none, ends early or is damaged.
std::string decompress(std::string_view bytes, const std::string& name);

// One file of an archive while it is walked.
class ArchiveFile {
 public:
  virtual ~ArchiveFile() = default;
  virtual std::string path() const = 0;  // without a leading "./" or "/"
  virtual std::string read() = 0;        // all of it
  virtual void save(const std::filesystem::path& to) = 0;
};

// Calls back for each regular file of a Debian package: those of its control archive with
// `control`, then those it installs with `data`. What the functions do not read is skipped. Throws
// std::runtime_error naming the package when it is none, ends early or is damaged.
using FileVisitor = std::function<void(ArchiveFile&)>;
void walk_package(const std::filesystem::path& package, const FileVisitor& control,
                  const FileVisitor& data);

}  // namespace twlab::guest
