// Changing the folder of kernels: one process at a time, and each kernel as a whole.
#pragma once

#include <filesystem>
#include <string>

#include "os/fd.h"

namespace twlab::guest {

// Makes the folder (kernel_store) where it is not there, waits until nobody else changes it and
// holds it while it lives. What a process that was killed left in it is removed. Throws
// std::system_error, naming the path.
class Store {
 public:
  Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  // An empty folder to work in; gone when the store is released.
  const std::filesystem::path& scratch() const { return scratch_; }
  bool has(const std::string& release) const;
  // Puts a finished folder, one in scratch(), into the place of this kernel.
  void put(const std::filesystem::path& folder, const std::string& release);
  void remove(const std::string& release);

 private:
  std::filesystem::path folder_, scratch_;
  os::UniqueFd lock_;
};

}  // namespace twlab::guest
