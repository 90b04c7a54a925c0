// A kernel TCP socket; every call returns what it was: arguments, result, errno, duration.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "os/address.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/namespace.h"

namespace twlab::net {

struct Call {
  std::string name{};       // "connect"
  std::string arguments{};  // "3, 192.0.2.1:5000"
  long result = 0;
  int error = 0;  // errno when result is -1, otherwise 0
  Time begin{}, end{};
  Duration cpu{};      // what it took of the calling thread's processor time
  Tuple tuple{};       // of the socket after the call, as far as it has one
  std::string data{};  // what recv returned

  bool ok() const { return result >= 0; }
  Duration took() const { return end - begin; }
};

std::string show(const Call& call);  // "connect(3, 192.0.2.1:5000) = -1 ECONNREFUSED"
std::string errno_name(int error);   // "ECONNREFUSED"; "0" for none

// Not thread-safe, but a call may be made in another thread while this one waits for it.
class Socket {
 public:
  // Made in the namespace, and stays there wherever it is used; `call` receives the call. Throws
  // std::system_error when it fails; no other function throws.
  Socket(const os::Namespace& ns, Family family, Call& call);

  Call bind(const Endpoint& local);
  Call listen(int backlog);
  Call connect(const Endpoint& remote);
  // The call's result is the new descriptor, which `accepted` then owns.
  Call accept(std::optional<Socket>& accepted);
  Call send(const std::string& data, int flags = MSG_NOSIGNAL);
  Call recv(size_t size, int flags = 0);
  Call shutdown(int how);
  Call close();

  Call set_option(int level, int name, int value);
  Call get_option(int level, int name, int& value);
  Call set_linger(bool on, int seconds);
  Call get_linger(linger& value);
  Call set_nonblocking(bool on);

  // Gives the descriptor away, as to another process; this one is closed without a word.
  void abandon() { fd_.reset(); }

  bool open() const { return bool(fd_); }
  int fd() const { return fd_.get(); }
  // Both ends while connected, the local one alone while bound; the last known after close().
  const Tuple& tuple() const { return tuple_; }

 private:
  explicit Socket(os::UniqueFd fd);
  template <typename F>
  Call record(std::string name, std::string arguments, F call, std::string* data = nullptr);
  void learn_tuple();

  os::UniqueFd fd_;
  Tuple tuple_;
};

}  // namespace twlab::net
