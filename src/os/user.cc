#include "os/user.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/error.h"
#include "os/file.h"

namespace twlab::os {
namespace {

struct Capabilities {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};

  Capabilities() { check(syscall(SYS_capget, &header, data), "reading capabilities"); }
  static bool in(int cap, uint32_t low, uint32_t high) {
    return ((cap < 32 ? low >> cap : high >> (cap - 32)) & 1) != 0;
  }
  bool effective(int cap) const { return in(cap, data[0].effective, data[1].effective); }
  bool permitted(int cap) const { return in(cap, data[0].permitted, data[1].permitted); }
};

}  // namespace

bool may_administer_networks() {
  Capabilities now;
  return now.effective(CAP_NET_ADMIN) && now.effective(CAP_NET_RAW) && now.effective(CAP_SYS_ADMIN);
}

void enter_user_namespace(Identity identity) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  bool root = identity == Identity::root;
  check(unshare(CLONE_NEWUSER), "making a user namespace");
  // Without "deny" an unprivileged process may not write its gid map (user_namespaces(7)).
  write_in_place("/proc/self/setgroups", "deny");
  write_in_place("/proc/self/uid_map", fmt::format("{} {} 1", root ? 0 : uid, uid));
  write_in_place("/proc/self/gid_map", fmt::format("{} {} 1", root ? 0 : gid, gid));
  // Otherwise its files in /proc would be those of a root that is not in there.
  if (!root) check(prctl(PR_SET_DUMPABLE, 1), "becoming accessible");
}

void keep_capabilities() {
  Capabilities now;
  for (auto& part : now.data) part.inheritable = part.permitted;
  check(syscall(SYS_capset, &now.header, now.data), "keeping capabilities");
  for (int cap = 0; cap <= CAP_LAST_CAP; ++cap)
    if (now.permitted(cap))
      check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0), "keeping capabilities");
}

}  // namespace twlab::os
