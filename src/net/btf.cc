#include "net/btf.h"

#include <bpf/btf.h>

#include "os/error.h"

namespace twlab::net {

void Btf::Free::operator()(btf* types) const {
  btf__free(types);
}

Btf::Btf() : types_(btf__parse("/sys/kernel/btf/vmlinux", nullptr)) {
  if (!types_) os::fail(errno, "reading the kernel's type information (BTF)");
}

std::optional<size_t> Btf::struct_size(const std::string& name) const {
  int id = btf__find_by_name_kind(types_.get(), name.c_str(), BTF_KIND_STRUCT);
  if (id < 0) return {};
  return static_cast<size_t>(btf__resolve_size(types_.get(), static_cast<__u32>(id)));
}

}  // namespace twlab::net
