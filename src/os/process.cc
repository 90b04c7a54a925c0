#include "os/process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "os/error.h"
#include "os/fd.h"

namespace twlab::os {

Child Child::spawn(const std::function<int()>& body, int namespaces) {
  pid_t parent = getpid();
  UniqueFd parent_lives;  // in a PID namespace of its own the child cannot see its parent's number
  if (namespaces)
    parent_lives.reset(
        static_cast<int>(check(syscall(SYS_pidfd_open, parent, 0), "opening a process")));
  // As fork(), which can make no namespaces.
  auto pid = namespaces ? static_cast<pid_t>(syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0))
                        : fork();
  check(pid, "starting a process");
  if (pid != 0) return Child(pid);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pollfd ended{parent_lives.get(), POLLIN, 0};
  if (namespaces ? poll(&ended, 1, 0) != 0 : getppid() != parent)
    _exit(125);  // it ended before the line above
  try {
    _exit(body());
  } catch (...) {
    _exit(125);
  }
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, 0);
  }
  return *this;
}

Child::~Child() {
  end();
}

void Child::end() {
  if (!running()) return;
  signal(SIGKILL);
  wait();
}

void Child::signal(int number) {
  if (running()) ::kill(pid_, number);
}

std::optional<int> Child::try_wait() {
  int status = 0;
  if (check(waitpid(pid_, &status, WNOHANG), "waiting for a process") == 0) return {};
  pid_ = 0;
  return status;
}

int Child::wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0)
    if (errno != EINTR) fail(errno, "waiting for a process");
  pid_ = 0;
  return status;
}

void become(const std::vector<std::string>& command) {
  std::vector<char*> pointers;
  for (const std::string& word : command) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  execvp(pointers.front(), pointers.data());
}

std::string output_of(const std::vector<std::string>& command) {
  Pipe output;
  Child child = Child::spawn([&] {
    dup2(output.write.get(), STDOUT_FILENO);
    become(command);
    return 127;
  });
  output.write.reset();
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = ::read(output.read.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  int status = child.wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    throw std::runtime_error(command.front() + " cannot be started");
  if (status != 0)
    throw std::runtime_error(command.front() + " does not run: " + show_wait_status(status));
  return text;
}

void close_descriptors_except(const std::vector<int>& kept) {
  std::vector<int> others;  // listed before any is closed, the list's own among them
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    others.push_back(std::stoi(entry.path().filename()));
  for (int fd : others)
    if (fd > STDERR_FILENO && std::ranges::find(kept, fd) == kept.end()) ::close(fd);
}

void raise_descriptor_limit() {
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "reading the descriptor limit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "raising the descriptor limit");
}

std::string show_wait_status(int status) {
  if (WIFEXITED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  const char* abbreviation = sigabbrev_np(WTERMSIG(status));
  return fmt::format("killed by SIG{}", abbreviation ? abbreviation : "?");
}

}  // namespace twlab::os
