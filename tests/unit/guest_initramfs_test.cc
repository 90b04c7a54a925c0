// What guests boot with.
#include "guest/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utime.h>

#include <memory>
#include <system_error>

#include "guest/digest.h"
#include "temporary_folder.h"

namespace twlab::guest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Texts = std::vector<std::pair<std::string, std::string>>;

struct Entry {
  std::string name, contents;
  mode_t mode;
};

std::vector<Entry> unpack(const std::string& bytes) {
  std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                archive_read_free);
  archive_read_support_format_cpio(reader.get());
  archive_read_open_memory(reader.get(), bytes.data(), bytes.size());
  std::vector<Entry> entries;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    std::string contents(static_cast<size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(reader.get(), contents.data(), contents.size());
    entries.push_back({archive_entry_pathname(entry), contents, archive_entry_mode(entry)});
  }
  return entries;
}

class Initramfs : public TemporaryFolder {};

TEST_F(Initramfs, HasFoldersBeforeWhatIsInThemAndKeepsTheOrder) {
  std::vector<Packed> files{{file("z", "program"), "init"}, {file("a", "ELF"), "lib/deep/a.so"}};
  auto entries = unpack(make_initramfs(files, Texts{{"modules/order", "veth\n"}}));
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("dev", "proc", "sys", "tmp", "init", "lib", "lib/deep",
                                 "lib/deep/a.so", "modules", "modules/order"));
  ASSERT_EQ(entries.size(), 10u);
  EXPECT_EQ(entries[4].contents, "program");
  EXPECT_EQ(entries[4].mode & 0777, 0755u);
  EXPECT_EQ(entries[7].contents, "ELF");
  EXPECT_EQ(entries[9].contents, "veth\n");
}

TEST_F(Initramfs, HasTheSameBytesWhoeverMakesItAndWhenever) {
  std::vector<Packed> one{{file("one/a", "program"), "init"}};
  std::vector<Packed> other{{file("other/b", "program"), "init"}};
  utimbuf long_ago{1, 1};
  utime(other[0].from.c_str(), &long_ago);
  std::filesystem::permissions(other[0].from, std::filesystem::perms::owner_read);
  std::string bytes = make_initramfs(one, Texts{{"text", "t"}});
  EXPECT_EQ(bytes, make_initramfs(one, Texts{{"text", "t"}}));
  EXPECT_EQ(bytes, make_initramfs(other, Texts{{"text", "t"}}));
  EXPECT_NE(bytes, make_initramfs(other, Texts{{"text", "u"}}));
}

TEST_F(Initramfs, NamesAFileThatIsMissing) {
  std::vector<Packed> files{{folder() / "missing", "init"}};
  try {
    make_initramfs(files, {});
    FAIL() << "made it without a file";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder() / "missing").string()));
  }
}

TEST_F(Initramfs, OfAProgramHasItsInterpreterWhereItsNameIsAndItsLibraries) {
  auto program = file("program", "#!/bin/sh\necho /lib64/ld.so\necho /usr/lib/x/liba.so.1\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  auto files = program_files(program);
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].name, "init");
  EXPECT_EQ(files[0].from, program);
  EXPECT_EQ(files[1].name, "lib64/ld.so");
  EXPECT_EQ(files[2].name, "lib/liba.so.1");
  EXPECT_EQ(files[2].from, "/usr/lib/x/liba.so.1");
}

TEST_F(Initramfs, OfAProgramThatDoesNotRunIsAnError) {
  EXPECT_THROW(program_files(folder() / "missing"), std::runtime_error);
}

TEST(Digest, IsThatOfSha256sum) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  std::string bytes(1'000'000, 'a');
  EXPECT_EQ(sha256(bytes), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace twlab::guest
