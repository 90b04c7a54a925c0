#include "os/private_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "os/error.h"
#include "os/file.h"

namespace twlab::os {
namespace {

constexpr const char* hosts_file = "/etc/hosts";

}  // namespace

PrivateFolder::PrivateFolder(const std::string& hosts) {
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "detaching mounts");
  std::error_code none;
  std::string names = hosts;
  if (std::filesystem::exists(hosts_file, none)) names += read_file(hosts_file);

  // /proc is there on every system. The folder is taken away from it again and lives on in the
  // descriptor.
  check(::mount("twlab", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m"),
        "making a folder in memory");
  fd_.reset(check(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "opening a folder"));
  UniqueFd file(
      check(::open("/proc/hosts", O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "writing hosts"));
  write_all(file.get(), names, "hosts");
  // Where there is no such file, names stay unknown and addresses do.
  ::mount("/proc/hosts", hosts_file, nullptr, MS_BIND, nullptr);
  check(::umount2("/proc", MNT_DETACH), "detaching a folder");

  // Inside some containers none may be mounted; the one that is there has other numbers.
  ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  auto self = std::filesystem::read_symlink("/proc/self").string();
  path_ = fmt::format("/proc/{}/fd/{}", self, fd_.get());
}

void PrivateFolder::link(const std::string& name, const std::string& target) const {
  check(symlinkat(target.c_str(), fd_.get(), name.c_str()), "linking " + name);
}

}  // namespace twlab::os
