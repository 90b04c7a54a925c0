// The store of kernels: what gets in, in which state, and what is found in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "guest/add.h"
#include "guest/kernel.h"
#include "guest/store.h"
#include "kernel_fixture.h"
#include "os/process.h"
#include "temporary_folder.h"

namespace twlab::guest {
namespace {

namespace fs = std::filesystem;
using namespace fixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> names(const std::vector<Module>& modules) {
  std::vector<std::string> found;
  for (const Module& one : modules) found.push_back(one.name);
  return found;
}

std::vector<std::string> releases(const std::vector<Kernel>& kernels) {
  std::vector<std::string> found;
  for (const Kernel& kernel : kernels) found.push_back(kernel.release);
  return found;
}

class GuestKernel : public TemporaryFolder {
 protected:
  GuestKernel() { setenv("TWLAB_KERNELS", store().c_str(), 1); }
  ~GuestKernel() override { unsetenv("TWLAB_KERNELS"); }

  fs::path store() const { return folder() / "cache" / "kernels"; }
  std::vector<std::string> in_store() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(store()))
      found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }
  // One letter for each: added, or there before.
  std::string add(const Addition& addition) {
    std::string done;
    add_kernels(addition, [&](const Kernel&, bool was_there) { done += was_there ? 't' : 'a'; });
    return done;
  }
  std::string complaint(const Addition& addition) {
    try {
      add(addition);
      return "";
    } catch (const std::exception& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
      return error.what();
    }
  }
  void add_built_in(const std::string& release) {
    add({{file("vmlinux", vmlinux({.release = release, .everything_built_in = true}))}});
  }
  fs::path debian(const std::string& release) const {
    return file(release + ".deb", package("linux-image-" + release, debian_files(release)));
  }
};

TEST_F(GuestKernel, FromAPackage) {
  EXPECT_EQ(add({{debian("6.1.0-1-test")}}), "a");
  Kernel kernel = find_kernel("6.1");
  EXPECT_EQ(kernel.release, "6.1.0-1-test");
  EXPECT_EQ(kernel.source, "linux-image-6.1.0-1-test 1.2-3");
  EXPECT_THAT(kernel.added, ::testing::MatchesRegex("20..-..-.."));
  EXPECT_EQ(os::read_file(kernel.image), vmlinux({}));
  EXPECT_THAT(kernel.builtin, ElementsAre("crc32c_generic", "unix"));
  EXPECT_THAT(names(kernel.modules),
              ElementsAre("inet_diag", "libcrc32c", "nf_conntrack", "nf_tables", "nfnetlink",
                          "nft_ct", "tcp_diag", "veth"));
  EXPECT_EQ(os::read_file(store() / "6.1.0-1-test" / "modules" / "veth.ko"),
            module("6.1.0-1-test", ""));
  EXPECT_THAT(in_store(), ElementsAre("6.1.0-1-test"));
}

TEST_F(GuestKernel, ModulesInTheOrderInWhichTheyLoad) {
  add({{debian("6.1.0-1-test")}});
  Kernel kernel = find_kernel("6.1");
  std::vector<std::string> missing, wanted{"nft-ct", "unix", "tcp_diag", "nothing", "inet_diag"};
  auto modules = modules_needed(kernel, wanted, &missing);
  EXPECT_THAT(names(modules), ElementsAre("nfnetlink", "libcrc32c", "nf_tables", "nf_conntrack",
                                          "nft_ct", "inet_diag", "tcp_diag"));
  EXPECT_THAT(missing, ElementsAre("nothing"));
  for (const Module& one : modules) EXPECT_TRUE(fs::is_regular_file(one.path)) << one.path;
}

TEST_F(GuestKernel, FromSeveralPackages) {
  std::string release = "7.2.1+x";
  auto all = debian_files(release, "./usr/");
  std::map<std::string, std::string> binary, modules, base;
  for (const auto& [path, bytes] : all) {
    if (path.find("vmlinuz") != path.npos) {
      binary["./usr/lib/modules/" + release + "/vmlinuz"] = bytes;
    } else {
      (path.ends_with(".ko") ? modules : base)[path] = bytes;
    }
  }
  fs::path a = file("a.deb", package("linux-binary", binary)),
           b = file("b.deb", package("linux-modules", modules)),
           c = file("c.deb", package("linux-base", base)),
           d = file("d.deb", package("linux-image", {{"./usr/share/doc/x", "y"}}));
  EXPECT_THAT(complaint({{d}}),
              HasSubstr("no kernel in linux-image; add linux-binary-9 linux-modules-9 instead"));
  EXPECT_THAT(complaint({{a}}), HasSubstr("add linux-base-7.2.1+x and linux-modules-7.2.1+x"));
  EXPECT_THAT(complaint({{a, c}}), HasSubstr("modules missing: veth, inet_diag, tcp_diag; add "
                                             "linux-modules-7.2.1+x as well"));
  EXPECT_THAT(complaint({{b, c}}), HasSubstr("add linux-binary-7.2.1+x"));
  EXPECT_THAT(in_store(), IsEmpty());
  EXPECT_EQ(add({{d, c, b, a}}), "a");
  EXPECT_EQ(find_kernel("7.2").source, "linux-binary 1.2-3");
}

TEST_F(GuestKernel, FromAnImageWithModules) {
  std::string release = "6.1.0-1-test";
  fs::path image = file("bzImage", bzimage(vmlinux({})));
  EXPECT_THAT(complaint({{image}}),
              HasSubstr("modules missing: veth, inet_diag, tcp_diag; name their folder with"));
  for (const auto& [path, bytes] : debian_files(release, "root/")) file(path, bytes);
  fs::path modules = folder() / "root/lib/modules" / release;
  fs::remove(modules / "kernel/net/ipv4/inet_diag.ko");
  EXPECT_THAT(complaint({{image}, modules}), HasSubstr("modules missing: inet_diag;"));
  file(modules / "kernel/net/ipv4/inet_diag.ko", module("6.1.0-2-test", ""));
  EXPECT_THAT(complaint({{image}, modules}), HasSubstr("made for 6.1.0-2-test, not for 6.1.0-1"));
  EXPECT_THAT(complaint({{image}, folder() / "nowhere"}), HasSubstr("nowhere"));
  EXPECT_THAT(in_store(), IsEmpty());
  file(modules / "kernel/net/ipv4/inet_diag.ko", module(release, ""));
  EXPECT_EQ(add({{image}, modules}), "a");
  EXPECT_EQ(find_kernel(release).source, image);
}

TEST_F(GuestKernel, FromAFolderLikeBoot) {
  for (std::string release : {"6.1.0-1-test", "6.12.8"})
    for (const auto& [path, bytes] : debian_files(release, "root/")) file(path, bytes);
  file("root/boot/vmlinuz-6.12.8.old", "of an earlier build");
  EXPECT_EQ(add({{folder() / "root" / "boot" / ""}}), "aa");
  EXPECT_THAT(in_store(), ElementsAre("6.1.0-1-test", "6.12.8"));
  EXPECT_THAT(complaint({{folder() / "root"}}), HasSubstr("without a kernel"));
}

TEST_F(GuestKernel, WhatCannotBeAddedLeavesNothing) {
  auto files = debian_files("6.1.0-1-test");
  std::string good = package("linux-image", files);
  EXPECT_THAT(complaint({{file("a.deb", package("linux-image", files, "arm64"))}}),
              HasSubstr("for arm64, not for amd64"));
  for (size_t size : {size_t{8}, size_t{50}, size_t{300}, good.size() / 2, good.size() - 20})
    EXPECT_THAT(complaint({{file("a.deb", good.substr(0, size))}}), HasSubstr("a.deb: truncated"))
        << size;
  std::string flipped = good;
  flipped[good.size() / 2] ^= 1;
  EXPECT_THAT(complaint({{file("a.deb", flipped)}}), HasSubstr("a.deb: truncated or damaged"));
  EXPECT_THAT(complaint({{file("a.deb", package("firefox", {{"./usr/bin/x", "y"}}))}}),
              HasSubstr("no kernel in firefox"));
  EXPECT_THAT(complaint({{file("page.deb", "<html>404</html>")}}), HasSubstr("page.deb: neither"));
  EXPECT_THAT(complaint({{folder() / "nowhere"}}), HasSubstr("nowhere: No such file"));
  EXPECT_THAT(in_store(), IsEmpty());
}

TEST_F(GuestKernel, PathsInAPackageLeadNowhereElse) {
  auto files = debian_files("6.1.0-1-test");
  files["./lib/modules/../../../escaped/x.ko"] = "x";
  files["./lib/modules/6.1.0-1-test/../../../../escaped.ko"] = "x";
  files["./boot/vmlinuz-../../escaped"] = "x";
  EXPECT_EQ(add({{file("a.deb", package("linux-image", files))}}), "a");
  std::vector<std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder()))
    if (entry.path().string().find("escaped") != std::string::npos) all.push_back(entry.path());
  EXPECT_THAT(all, IsEmpty());
}

TEST_F(GuestKernel, WhatIsThereIsReplacedOnlyWhenAsked) {
  fs::path packaged = debian("6.1.0-1-test");
  EXPECT_EQ(add({{packaged}}), "a");
  EXPECT_EQ(add({{packaged}}), "t");
  std::string other = vmlinux({.everything_built_in = true});
  Addition image{{file("vmlinux", other)}};
  EXPECT_THAT(complaint(image), HasSubstr("already there, from linux-image-6.1.0-1-test 1.2-3; "
                                          "--force replaces it"));
  image.replace = true;
  EXPECT_EQ(add(image), "a");
  EXPECT_EQ(os::read_file(find_kernel("6.1").image), other);
  EXPECT_FALSE(fs::exists(store() / "6.1.0-1-test" / "modules" / "veth.ko"));
  EXPECT_THAT(complaint({{file("vmlinux", vmlinux({}))}, {}, true}), HasSubstr("missing"));
  EXPECT_EQ(os::read_file(find_kernel("6.1").image), other) << "the old one stays";
  EXPECT_THAT(in_store(), ElementsAre("6.1.0-1-test"));
}

TEST_F(GuestKernel, AFullDiskLeavesNothing) {
  fs::path packaged = debian("6.1.0-1-test");
  auto child = os::Child::spawn([&] {
    // Writing beyond the limit is an error of the call then, as with a full disk.
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{100000, 100000};
    setrlimit(RLIMIT_FSIZE, &limit);
    return complaint({{packaged}}).find("File too large") == std::string::npos;
  });
  EXPECT_EQ(os::show_wait_status(child.wait()), "exit status 0");
  EXPECT_THAT(in_store(), IsEmpty());
}

TEST_F(GuestKernel, WhatAKilledOneLeftGoesWithTheNext) {
  auto child = os::Child::spawn([&] {
    Store store;
    os::write_file_atomically(store.scratch() / "half", "x");
    return raise(SIGKILL);
  });
  EXPECT_EQ(os::show_wait_status(child.wait()), "killed by SIGKILL");
  EXPECT_THAT(in_store(), ElementsAre(".changing"));
  EXPECT_THAT(kernels(), IsEmpty()) << "it is no kernel";
  add_built_in("6.1");
  EXPECT_THAT(in_store(), ElementsAre("6.1"));
}

TEST_F(GuestKernel, FoundByTheBeginningOfTheirRelease) {
  EXPECT_THAT(kernels(), IsEmpty());
  for (auto release : {"6.12.8", "6.1.0-9-cloud", "5.10.0", "6.1.0-37-cloud", "6.1.0"})
    add_built_in(release);
  EXPECT_THAT(releases(kernels()),
              ElementsAre("5.10.0", "6.1.0", "6.1.0-9-cloud", "6.1.0-37-cloud", "6.12.8"));
  EXPECT_EQ(find_kernel("6.1").release, "6.1.0-37-cloud");
  EXPECT_EQ(find_kernel("6.1.0-9").release, "6.1.0-9-cloud");
  EXPECT_EQ(find_kernel("6.1.0").release, "6.1.0") << "exactly that one";
  EXPECT_EQ(find_kernel("6").release, "6.12.8");
  for (auto name : {"6.1.0-3", "6.1.0-37-cl", "7", "", "all"})
    EXPECT_THROW(find_kernel(name), std::runtime_error) << name;
  std::vector<std::string> names{"6.12", "all", "5.10"};
  EXPECT_THAT(releases(find_kernels(names)),
              ElementsAre("6.12.8", "5.10.0", "6.1.0", "6.1.0-9-cloud", "6.1.0-37-cloud"));
}

TEST_F(GuestKernel, UnknownOnesAreToldWhatThereIs) {
  auto said = [](const std::string& name) -> std::string {
    try {
      find_kernels(std::vector{name});
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(said("all"), HasSubstr("there is none in " + store().string()));
  add_built_in("6.1");
  add_built_in("6.12");
  EXPECT_THAT(said("7.2"), HasSubstr("no kernel '7.2': known are 6.1, 6.12; get some with "
                                     "scripts/fetch-kernels"));
  remove_kernel("6.1");
  EXPECT_THAT(releases(kernels()), ElementsAre("6.12"));
  EXPECT_THROW(remove_kernel("6"), std::runtime_error) << "the whole release";
  EXPECT_THROW(remove_kernel("../.."), std::runtime_error);
  os::write_file_atomically(store() / "6.12" / "kernel.json", "{\"release\": ");
  EXPECT_THAT(said("6.12"), HasSubstr("6.12/kernel.json: not what"));
}

}  // namespace
}  // namespace twlab::guest
