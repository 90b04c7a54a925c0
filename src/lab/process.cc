#include "lab/process.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "lab/lab.h"
#include "os/error.h"

namespace twlab {
namespace {

// A child that keeps these sockets and none of the other descriptors that fork copies: a socket
// that has a second owner is not closed when the lab closes it.
os::Child spawn_owner(const std::vector<Socket*>& sockets) {
  os::Pipe closed;
  os::Child child = os::Child::spawn([&] {
    std::vector<int> kept;
    kept.reserve(sockets.size());
    for (const Socket* socket : sockets) kept.push_back(socket->raw().fd());
    os::close_descriptors_except(kept);
    for (;;) pause();
    return 0;
  });
  closed.write.reset();
  char byte;
  os::check(read(closed.read.get(), &byte, 1), "waiting for a process to close descriptors");
  return child;
}

}  // namespace

Process::Process(Lab& lab, Host& host, const std::vector<Socket*>& sockets)
    : lab_(lab), host_(host), child_(spawn_owner(sockets)) {
  std::string fds;
  for (Socket* socket : sockets) {
    fds += fmt::format("{}{}", fds.empty() ? "" : ", ", socket->raw().fd());
    socket->abandon();
  }
  lab_.note(Note::Kind::process, fmt::format("a process owns the descriptors {}", fds),
            host_.name());
}

void Process::kill() {
  lab_.note(Note::Kind::process, "kill -9 of the process", host_.name());
  child_.signal(SIGKILL);
  child_.wait();
  lab_.collect();
}

bool Process::owns(uint32_t inode) const {
  if (inode == 0 || !child_.running()) return false;
  std::error_code ignored;
  std::string wanted = fmt::format("socket:[{}]", inode);
  for (const auto& entry :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", child_.pid()), ignored)) {
    if (std::filesystem::read_symlink(entry.path(), ignored) == wanted) return true;
  }
  return false;
}

}  // namespace twlab
