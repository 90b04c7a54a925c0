#include "guest/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "guest/kernel.h"
#include "os/error.h"

namespace twlab::guest {
namespace fs = std::filesystem;
namespace {

// One call for what may take the place of a folder and what may not.
void rename(const fs::path& from, const fs::path& to, unsigned flags) {
  os::check(renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags),
            "renaming " + from.string() + " to " + to.string());
}

}  // namespace

Store::Store() : folder_(kernel_store()), scratch_(folder_ / ".changing") {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) os::fail(error.value(), "making the folder " + folder_.string());
  lock_.reset(os::check(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                        "opening " + folder_.string()));
  while (flock(lock_.get(), LOCK_EX) != 0)
    if (errno != EINTR) os::fail(errno, "locking " + folder_.string());
  fs::remove_all(scratch_, error);
  fs::create_directory(scratch_, error);
  if (error) os::fail(error.value(), "making the folder " + scratch_.string());
}

Store::~Store() {
  std::error_code error;
  fs::remove_all(scratch_, error);  // what is left, the next one removes
}

bool Store::has(const std::string& release) const {
  return fs::exists(folder_ / release);
}

void Store::put(const fs::path& folder, const std::string& release) {
  rename(folder, folder_ / release, has(release) ? RENAME_EXCHANGE : RENAME_NOREPLACE);
}

void Store::remove(const std::string& release) {
  rename(folder_ / release, scratch_ / release, RENAME_NOREPLACE);
}

}  // namespace twlab::guest
