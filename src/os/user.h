// What the process may do, and as whom.
#pragma once

namespace twlab::os {

// Whether it may make network namespaces and everything in them, where it is.
bool may_administer_networks();

// Takes the calling process, which must have one thread only, into a user namespace in which it may
// do everything: as root, or as who it was. Throws std::system_error when the system allows none.
enum class Identity { root, own };
void enter_user_namespace(Identity identity);

// What the process executes from now on may do what it may, also when it is not root.
void keep_capabilities();

}  // namespace twlab::os
