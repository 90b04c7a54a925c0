#include "lab/process.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "lab/lab.h"

namespace twlab {

Process::Process(Lab& lab, Host& host, const std::vector<Socket*>& sockets)
    : lab_(lab), host_(host), child_(os::Child::spawn([] {
        for (;;) pause();
        return 0;
      })) {
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
