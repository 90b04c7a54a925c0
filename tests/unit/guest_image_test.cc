// Images and modules: what is read out of them, and what is said of those that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guest/archive.h"
#include "guest/image.h"
#include "guest/kernel.h"
#include "guest/module.h"
#include "kernel_fixture.h"
#include "temporary_folder.h"

namespace twlab::guest {
namespace {

using namespace fixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class GuestImage : public TemporaryFolder {
 protected:
  Image read(const std::string& bytes) { return read_image(file("image", bytes)); }
  std::string complaint(const std::string& bytes) {
    try {
      read(bytes);
      return "";
    } catch (const std::exception& error) {
      EXPECT_THAT(error.what(), HasSubstr((folder() / "image").string()));
      EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
      return error.what();
    }
  }
};

TEST_F(GuestImage, VmlinuxOfEveryCompression) {
  std::string inside = vmlinux({});
  EXPECT_EQ(read(inside).bytes, inside);
  std::vector<std::string> payloads{lz4_legacy(inside)};
  for (auto filter :
       {archive_write_add_filter_gzip, archive_write_add_filter_bzip2,
        archive_write_add_filter_lzma, archive_write_add_filter_xz, archive_write_add_filter_zstd})
    payloads.push_back(compressed(inside, filter));
  for (const std::string& payload : payloads) {
    Image image = read(bzimage(payload, inside.size()));
    EXPECT_EQ(image.release, "6.1.0-1-test");
    EXPECT_EQ(image.file_name, "vmlinux");
    EXPECT_EQ(image.bytes, inside);
  }
}

TEST_F(GuestImage, WithoutPvhItStaysABzImage) {
  std::string inside = vmlinux({.release = "3.10.108", .pvh = false});
  Image image = read(bzimage(inside));
  EXPECT_EQ(image.file_name, "bzImage");
  EXPECT_EQ(image.bytes, bzimage(inside));
  EXPECT_EQ(image.release, "3.10.108");
  EXPECT_THAT(complaint(inside), HasSubstr("add its bzImage"));
}

TEST_F(GuestImage, TellsWhatIsBuiltIn) {
  EXPECT_THAT(read(vmlinux({})).builtin, ElementsAre());
  EXPECT_THAT(read(vmlinux({.everything_built_in = true})).builtin,
              ElementsAre("inet_diag", "nf_tables", "nft_chain_nat", "nft_ct", "nft_masq",
                          "tcp_diag", "veth"));
}

TEST_F(GuestImage, WhatIsNone) {
  EXPECT_THAT(complaint("garbage"), HasSubstr("neither a Debian package nor a bzImage"));
  EXPECT_THAT(complaint(""), HasSubstr("neither"));
  EXPECT_THAT(complaint(vmlinux({.release = ""})), HasSubstr("no Linux kernel"));
  EXPECT_THAT(complaint(module("6.1", "")), HasSubstr("no Linux kernel"));
  EXPECT_THAT(complaint(vmlinux({.machine = EM_AARCH64})), HasSubstr("not for x86-64"));
  EXPECT_THAT(complaint("\177ELF and no more"), HasSubstr("not for x86-64"));
  EXPECT_THROW(read_image(folder() / "nowhere"), std::system_error);
}

TEST_F(GuestImage, DamagedPayloads) {
  std::string inside = vmlinux({}), good = bzimage(inside);
  for (size_t size : {size_t{0x250}, size_t{1024}, good.size() / 2, good.size() - 51})
    EXPECT_THAT(complaint(good.substr(0, size)), HasSubstr("truncated")) << size;
  std::string flipped = good;
  flipped[good.size() / 2] ^= 1;
  EXPECT_THAT(complaint(flipped), HasSubstr("damaged"));
  EXPECT_THAT(complaint(bzimage(compressed(inside, archive_write_add_filter_xz), 5)),
              HasSubstr("instead of 5"));
  EXPECT_THAT(complaint(bzimage(inside, inside.size())), HasSubstr("not known"));
  EXPECT_THAT(complaint(bzimage("", 0)), HasSubstr("truncated"));
}

TEST(ModuleSignature, IsTakenOff) {
  std::string plain = module("6.1", "");
  EXPECT_EQ(without_signature(plain), plain);
  for (size_t size : {1u, 300u, 70000u})
    EXPECT_EQ(without_signature(with_signature(plain, size)), plain);
  std::string liar = with_signature("", 300).substr(200);
  EXPECT_EQ(without_signature(liar), liar) << "a signature larger than the file";
}

class GuestModule : public TemporaryFolder {};

TEST_F(GuestModule, FieldsOfPlainAndCompressedOnes) {
  std::string plain = module("6.1.0", "b,c-d", "pre: e-f g post: h");
  std::string whole = with_signature(plain, 300);
  for (const auto& path :
       {file("a.ko", whole), file("a.ko.xz", compressed(whole, archive_write_add_filter_xz)),
        file("a.ko.zst", compressed(whole, archive_write_add_filter_zstd))}) {
    ModuleFile read = read_module(path);
    EXPECT_EQ(read.bytes, plain);
    EXPECT_EQ(read.release, "6.1.0");
    EXPECT_THAT(read.depends, ElementsAre("b", "c_d"));
    EXPECT_THAT(read.soft, ElementsAre("e_f", "g"));
  }
  EXPECT_THROW(read_module(file("b.ko", "garbage")), std::runtime_error);
  EXPECT_THROW(read_module(file("b.ko.xz", whole)), std::runtime_error);
}

TEST_F(GuestModule, OfAFolderWithWhatTheyNeed) {
  file("x/libcrc32c.ko", module("6.1.0", "", "pre: crc32c"));
  file("y/crc32c_generic.ko", module("6.1.0", ""));
  file("y/broken.ko", module("6.1.0", "libcrc32c,absent"));
  file("z/old.ko", module("5.10.0", ""));
  ModuleFolder modules(folder(), {"unix"});
  std::map<std::string, ModuleFile> found;
  EXPECT_THAT(modules.read("broken", "6.1.0", found), ElementsAre("absent"));
  EXPECT_TRUE(found.empty()) << "all or nothing";
  EXPECT_THAT(modules.read("unix", "6.1.0", found), ElementsAre());
  EXPECT_THAT(modules.read("libcrc32c", "6.1.0", found), ElementsAre());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_THAT(found["libcrc32c"].depends, ElementsAre("crc32c_generic"));
  EXPECT_THROW(modules.read("old", "6.1.0", found), std::runtime_error);
}

}  // namespace
}  // namespace twlab::guest
