// What the running program consists of.
#pragma once

#include <string>
#include <vector>

namespace twlab::guest {

// The paths of the interpreter that it names and of the shared libraries that it has loaded, in
// this order.
std::vector<std::string> needed_files();

}  // namespace twlab::guest
