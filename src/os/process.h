// A child process that never outlives its parent.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace twlab::os {

class Child {
 public:
  // Forks. The child runs the body and leaves with what it returns, without running exit handlers
  // or destructors of the parent's frames; an exception ends it with status 125. The kernel sends
  // it SIGKILL when the *thread* that called spawn ends, however that happens.
  //
  // `namespaces`: CLONE_NEWPID and the like, for the child alone. It is then the first process of
  // its PID namespace, with which everything in there ends.
  static Child spawn(const std::function<int()>& body, int namespaces = 0);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // kills and reaps a child that still runs

  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0; }
  void signal(int number);
  // The wait status (wait(2)) once it has ended; none while it runs. After that pid() is 0.
  std::optional<int> try_wait();
  int wait();

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  void end();
  pid_t pid_ = 0;  // stays ours until reaped, so it cannot become another process
};

// Runs a command, the first argument looked up in PATH, and returns what it writes to standard
// output. Throws std::runtime_error when it cannot be started or ends otherwise than with status 0.
std::string output_of(const std::vector<std::string>& command);

// In a child: becomes the command; returns only when it cannot be started, with errno set.
void become(const std::vector<std::string>& command);

// Closes every descriptor but these and the standard three: for a child, which fork() gave a copy
// of each. The process must have one thread.
void close_descriptors_except(const std::vector<int>& kept);

// Lets this process have as many descriptors as the system lets it.
void raise_descriptor_limit();

// "exit status 1", "killed by SIGSEGV".
std::string show_wait_status(int status);

}  // namespace twlab::os
