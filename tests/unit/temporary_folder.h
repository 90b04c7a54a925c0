// A test with a folder of its own, gone afterwards.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "os/error.h"
#include "os/file.h"

namespace twlab {

class TemporaryFolder : public ::testing::Test {
 protected:
  TemporaryFolder() {
    std::string path = std::filesystem::temp_directory_path() / "twlab-test.XXXXXX";
    os::check(mkdtemp(path.data()) ? 0 : -1, "making " + path);
    folder_ = path;
  }
  ~TemporaryFolder() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path& folder() const { return folder_; }
  // Makes a file in it, and the folders that it is in.
  std::filesystem::path file(const std::filesystem::path& name, const std::string& bytes) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    os::write_file_atomically(folder_ / name, bytes);
    return folder_ / name;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace twlab
