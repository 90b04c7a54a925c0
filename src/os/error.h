// Errors of a broken world: std::system_error with the errno kept and, level by level, what was
// being done. "making veth pair client0: sending the request: Operation not permitted".
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace twlab::os {

[[noreturn]] void fail(int error, const std::string& doing);

// The result of a system call that says -1 for failure; throws with errno then.
template <typename T>
T check(T result, const std::string& doing) {
  if (result == T(-1)) fail(errno, doing);
  return result;
}

// Runs the function; a system_error from inside gains "doing: " in front.
template <typename F>
auto during(const std::string& doing, F&& body) -> decltype(body()) {
  try {
    return std::forward<F>(body)();
  } catch (const std::system_error& error) {
    std::string inner = error.what();
    std::string suffix = ": " + error.code().message();
    if (inner.ends_with(suffix)) inner.resize(inner.size() - suffix.size());
    throw std::system_error(error.code(), doing + ": " + inner);
  }
}

}  // namespace twlab::os
