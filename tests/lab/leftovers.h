// What a run may leave behind, counted before and after.
#pragma once

#include <string>

namespace twlab::testing {

struct Leftovers {
  size_t processes = 0;   // alive and started by this one, at whatever remove
  size_t namespaces = 0;  // network namespaces that these or this one are in or hold open
  size_t named = 0;       // bound to a name, in /run/netns or elsewhere
  size_t temporary = 0;   // files of ours in the folder for temporary files and in shared memory
  bool operator==(const Leftovers&) const = default;
};

// Gives this process a name that no other has, and a mark in its environment. What it forks
// inherits the name, what it executes the mark, by which they are found also after those between
// have been killed. Call it once, first.
void mark_this_process();

Leftovers count_leftovers();
std::string show(const Leftovers& leftovers);

// Whether the count is (again) `before`, waiting up to two seconds: processes that were killed need
// a moment to be gone, and their namespaces too.
bool nothing_left_since(const Leftovers& before);

}  // namespace twlab::testing
