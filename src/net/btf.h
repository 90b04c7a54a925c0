// Sizes of the kernel's structs by its own type information (BTF), which any user may read.
#pragma once

#include <memory>
#include <optional>
#include <string>

struct btf;

namespace twlab::net {

class Btf {
 public:
  // Reads /sys/kernel/btf/vmlinux, which takes some 50 ms. Throws std::system_error; ENOENT where
  // the kernel was built without (CONFIG_DEBUG_INFO_BTF).
  Btf();

  // In bytes; nothing where this kernel has no struct of that name.
  std::optional<size_t> struct_size(const std::string& name) const;

 private:
  struct Free {
    void operator()(btf* types) const;
  };
  std::unique_ptr<btf, Free> types_;
};

}  // namespace twlab::net
