#include "guest/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>

#include "os/error.h"
#include "os/file.h"
#include "os/process.h"

namespace twlab::guest {
namespace {

class Writer {
 public:
  Writer() : archive_(archive_write_new(), archive_write_free) {
    archive_write_set_format_cpio_newc(archive_.get());
    archive_write_add_filter_none(archive_.get());
    archive_write_set_bytes_in_last_block(archive_.get(), 1);
    checked(archive_write_open(
        archive_.get(), &bytes_, nullptr,
        [](archive*, void* bytes, const void* data, size_t size) -> la_ssize_t {
          static_cast<std::string*>(bytes)->append(static_cast<const char*>(data), size);
          return static_cast<la_ssize_t>(size);
        },
        nullptr));
  }

  // With the folders above it.
  void add(const std::string& name, mode_t mode, const std::string& contents = {}) {
    for (size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1))
      if (std::string above = name.substr(0, slash); !folders_.contains(above))
        add(above, S_IFDIR | 0755);
    if (S_ISDIR(mode) && !folders_.insert(name).second) return;
    std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                        archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_mode(entry.get(), mode);
    archive_entry_set_ino(entry.get(), ++inodes_);
    archive_entry_set_nlink(entry.get(), 1);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(contents.size()));
    checked(archive_write_header(archive_.get(), entry.get()));
    if (!contents.empty())
      checked(static_cast<int>(std::min<la_ssize_t>(
          archive_write_data(archive_.get(), contents.data(), contents.size()), 0)));
  }

  std::string finish() {
    checked(archive_write_close(archive_.get()));
    return std::move(bytes_);
  }

 private:
  void checked(int result) {
    if (result < ARCHIVE_WARN) throw std::runtime_error(archive_error_string(archive_.get()));
  }

  std::string bytes_;
  std::unique_ptr<archive, decltype(&archive_write_free)> archive_;
  std::set<std::string> folders_;
  int64_t inodes_ = 0;
};

}  // namespace

std::vector<Packed> program_files(const std::filesystem::path& program) {
  std::vector<Packed> files{{program, "init"}};
  std::istringstream needed(os::output_of({program.string()}));
  for (std::string path; std::getline(needed, path);) {
    // The first is the interpreter: the kernel of the guest looks for it where the program says.
    bool interpreter = files.size() == 1;
    files.push_back({path, interpreter ? path.substr(1)
                                       : "lib/" + std::filesystem::path(path).filename().string()});
  }
  return files;
}

std::string make_initramfs(std::span<const Packed> files,
                           std::span<const std::pair<std::string, std::string>> texts) {
  Writer writer;
  for (const char* folder : {"dev", "proc", "sys", "tmp"}) writer.add(folder, S_IFDIR | 0755);
  for (const Packed& file : files) writer.add(file.name, S_IFREG | 0755, os::read_file(file.from));
  for (const auto& [name, text] : texts) writer.add(name, S_IFREG | 0644, text);
  return writer.finish();
}

}  // namespace twlab::guest
