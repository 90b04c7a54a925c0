#include "guest/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <memory>
#include <stdexcept>

#include "os/error.h"
#include "os/fd.h"
#include "os/file.h"

namespace twlab::guest {
namespace {

struct Free {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Free>;

[[noreturn]] void fail(const std::string& name, archive* reader) {
  const char* why = archive_error_string(reader);
  throw std::runtime_error(
      fmt::format("{}: truncated or damaged ({})", name, why ? why : "no reason given"));
}

// Those that the library reads itself: support_filter_all would start programs for others.
Reader new_reader() {
  Reader reader(archive_read_new());
  if (!reader) throw std::bad_alloc();
  for (auto support : {archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
                       archive_read_support_filter_xz, archive_read_support_filter_lzma,
                       archive_read_support_filter_zstd, archive_read_support_filter_lz4})
    support(reader.get());
  return reader;
}

// The next entry, or none at the end.
archive_entry* next(archive* reader, const std::string& name) {
  archive_entry* entry = nullptr;
  int result = archive_read_next_header(reader, &entry);
  if (result == ARCHIVE_EOF) return nullptr;
  if (result < ARCHIVE_WARN) fail(name, reader);
  return entry;
}

std::string path_of(archive_entry* entry) {
  const char* path = archive_entry_pathname(entry);
  std::string_view text = path ? path : "";
  if (text.starts_with("./")) text.remove_prefix(2);
  while (text.starts_with('/')) text.remove_prefix(1);
  return std::string(text);
}

void each_block(archive* reader, const std::string& name,
                const std::function<void(std::string_view)>& use) {
  for (;;) {
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    int result = archive_read_data_block(reader, &block, &size, &offset);
    if (result == ARCHIVE_EOF) return;
    if (result < ARCHIVE_OK) fail(name, reader);
    use({static_cast<const char*>(block), size});
  }
}

std::string read_entry(archive* reader, const std::string& name) {
  std::string bytes;
  each_block(reader, name, [&](std::string_view block) { bytes.append(block); });
  return bytes;
}

class Entry : public ArchiveFile {
 public:
  Entry(archive* reader, archive_entry* entry, const std::string& archive_name)
      : reader_(reader), entry_(entry), archive_name_(archive_name) {}
  std::string path() const override { return path_of(entry_); }
  std::string read() override { return read_entry(reader_, archive_name_); }
  void save(const std::filesystem::path& to) override {
    os::UniqueFd file(os::check(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
                                "making " + to.string()));
    each_block(reader_, archive_name_,
               [&](std::string_view block) { os::write_all(file.get(), block, to.string()); });
  }

 private:
  archive* reader_;
  archive_entry* entry_;
  const std::string& archive_name_;
};

// A tar archive that is the current file of another archive.
la_ssize_t read_outer(archive* reader, void* outer, const void** block) {
  size_t size = 0;
  la_int64_t offset = 0;
  int result = archive_read_data_block(static_cast<archive*>(outer), block, &size, &offset);
  if (result == ARCHIVE_EOF) return 0;
  if (result == ARCHIVE_OK) return static_cast<la_ssize_t>(size);
  const char* why = archive_error_string(static_cast<archive*>(outer));
  archive_set_error(reader, EIO, "%s", why ? why : "no reason given");
  return -1;
}

void walk_inner(archive* outer, const std::string& name, const FileVisitor& visit) {
  Reader reader = new_reader();
  archive_read_support_format_tar(reader.get());
  if (archive_read_open(reader.get(), outer, nullptr, read_outer, nullptr) != ARCHIVE_OK)
    fail(name, reader.get());
  while (archive_entry* entry = next(reader.get(), name)) {
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry)) continue;
    Entry file(reader.get(), entry, name);
    visit(file);
  }
}

}  // namespace

std::string decompress(std::string_view bytes, const std::string& name) {
  Reader reader = new_reader();
  archive_read_support_format_raw(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    fail(name, reader.get());
  // The bytes as they are count as a filter, too.
  if (!next(reader.get(), name) || archive_filter_count(reader.get()) < 2)
    throw std::runtime_error(name + ": compressed in a way that is not known");
  return read_entry(reader.get(), name);
}

void walk_package(const std::filesystem::path& package, const FileVisitor& control,
                  const FileVisitor& data) {
  std::string name = package.string();
  Reader reader = new_reader();
  archive_read_support_format_ar(reader.get());
  if (archive_read_open_filename(reader.get(), package.c_str(), 1 << 16) != ARCHIVE_OK)
    fail(name, reader.get());
  bool complete = false;
  while (archive_entry* entry = next(reader.get(), name)) {
    std::string member = path_of(entry);
    if (member.starts_with("control.tar")) walk_inner(reader.get(), name, control);
    if (member.starts_with("data.tar")) {
      walk_inner(reader.get(), name, data);
      complete = true;
    }
  }
  if (!complete) throw std::runtime_error(name + ": truncated or damaged (no data.tar in it)");
}

}  // namespace twlab::guest
