// What the kernel's memory allocator tells of one kind of object; readable for root alone.
#pragma once

#include <optional>
#include <string>

namespace twlab::net {

struct Slab {
  size_t object_size = 0;  // bytes each takes, alignment included
  size_t asked_size = 0;   // without it; 0 when not told
  size_t objects = 0;  // in use; kinds of about one size may share a cache and are counted together
  size_t bytes = 0;    // of the pages taken
};

// The cache of that name ("tw_sock_TCP"), from /sys/kernel/slab or else /proc/slabinfo. Nothing
// where neither may be read or has it: slabinfo does not name a cache that shares another's.
std::optional<Slab> read_slab(const std::string& name);
std::optional<Slab> find_slab(const std::string& slabinfo, const std::string& name);

}  // namespace twlab::net
