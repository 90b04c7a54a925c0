#include "os/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/error.h"

namespace twlab::os {

std::string read_all(int fd, const std::string& name) {
  std::string bytes;
  char buffer[16384];
  for (;;) {
    ssize_t n = pread(fd, buffer, sizeof buffer, static_cast<off_t>(bytes.size()));
    if (n < 0 && errno == EINTR) continue;
    if (check(n, "reading " + name) == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(n));
  }
}

std::string read_file(const std::filesystem::path& path) {
  UniqueFd fd(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "opening " + path.string()));
  return read_all(fd.get(), path.string());
}

void write_all(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    bytes.remove_prefix(static_cast<size_t>(check(n, "writing " + name)));
  }
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  std::string temporary = path.string() + ".XXXXXX";
  UniqueFd fd(check(mkostemp(temporary.data(), O_CLOEXEC), "making " + path.string()));
  try {
    write_all(fd.get(), bytes, path.string());
    mode_t mask = umask(0);
    umask(mask);
    check(fchmod(fd.get(), 0666 & ~mask), "setting the mode of " + path.string());
    // A full disk may show only here, on file systems that allocate late.
    check(fsync(fd.get()), "writing " + path.string());
    check(::rename(temporary.c_str(), path.c_str()), "renaming to " + path.string());
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

void write_in_place(const std::filesystem::path& path, std::string_view bytes) {
  UniqueFd fd(check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "opening " + path.string()));
  check(::write(fd.get(), bytes.data(), bytes.size()), "writing " + path.string());
}

UniqueFd memory_file(const std::string& name) {
  return UniqueFd(check(memfd_create(name.c_str(), MFD_CLOEXEC), "making a file in memory"));
}

}  // namespace twlab::os
