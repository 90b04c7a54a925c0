#include "net/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "os/error.h"

namespace twlab::net {
namespace {

std::string option_name(int level, int name) {
  struct Known {
    int level, name;
    const char* text;
  };
  static constexpr Known known[] = {
      {SOL_SOCKET, SO_REUSEADDR, "SOL_SOCKET, SO_REUSEADDR"},
      {SOL_SOCKET, SO_REUSEPORT, "SOL_SOCKET, SO_REUSEPORT"},
      {SOL_SOCKET, SO_KEEPALIVE, "SOL_SOCKET, SO_KEEPALIVE"},
      {SOL_SOCKET, SO_RCVBUF, "SOL_SOCKET, SO_RCVBUF"},
      {SOL_SOCKET, SO_SNDBUF, "SOL_SOCKET, SO_SNDBUF"},
      {SOL_SOCKET, SO_ERROR, "SOL_SOCKET, SO_ERROR"},
      {IPPROTO_TCP, TCP_NODELAY, "IPPROTO_TCP, TCP_NODELAY"},
      {IPPROTO_TCP, TCP_LINGER2, "IPPROTO_TCP, TCP_LINGER2"},
      {IPPROTO_TCP, TCP_QUICKACK, "IPPROTO_TCP, TCP_QUICKACK"},
      {IPPROTO_TCP, TCP_USER_TIMEOUT, "IPPROTO_TCP, TCP_USER_TIMEOUT"},
      {IPPROTO_TCP, TCP_REPAIR, "IPPROTO_TCP, TCP_REPAIR"},
      {IPPROTO_TCP, TCP_REPAIR_QUEUE, "IPPROTO_TCP, TCP_REPAIR_QUEUE"},
      {IPPROTO_TCP, TCP_QUEUE_SEQ, "IPPROTO_TCP, TCP_QUEUE_SEQ"},
      {IPPROTO_TCP, TCP_KEEPIDLE, "IPPROTO_TCP, TCP_KEEPIDLE"},
      {IPPROTO_TCP, TCP_KEEPINTVL, "IPPROTO_TCP, TCP_KEEPINTVL"},
      {IPPROTO_TCP, TCP_KEEPCNT, "IPPROTO_TCP, TCP_KEEPCNT"},
      {IPPROTO_TCP, TCP_DEFER_ACCEPT, "IPPROTO_TCP, TCP_DEFER_ACCEPT"},
      {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, "IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT"},
  };
  for (const Known& entry : known)
    if (entry.level == level && entry.name == name) return entry.text;
  return fmt::format("{}, {}", level, name);
}

std::string show_linger(const linger& value) {
  return fmt::format("{{{}, {}}}", value.l_onoff, value.l_linger);
}

}  // namespace

std::string errno_name(int error) {
  if (error == 0) return "0";
  const char* text = strerrorname_np(error);
  return text ? text : std::to_string(error);
}

std::string show(const Call& call) {
  return fmt::format("{}({}) = {}{}{}", call.name, call.arguments, call.result,
                     call.error ? " " : "", call.error ? errno_name(call.error) : "");
}

Socket::Socket(const os::Namespace& ns, Family family, Call& call) {
  bool v4 = family == Family::inet;
  call = record("socket", v4 ? "AF_INET, SOCK_STREAM, 0" : "AF_INET6, SOCK_STREAM, 0", [&] {
    os::Inside inside(ns);
    fd_.reset(::socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return fd_.get();
  });
  if (!call.ok()) os::fail(call.error, "making a TCP socket");
}

Socket::Socket(os::UniqueFd fd) : fd_(std::move(fd)) {
  learn_tuple();
}

void Socket::learn_tuple() {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  // A socket that has just been reset has lost its ends: the last known ones stay.
  if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size) == 0) {
    Endpoint local = Endpoint::from(storage);
    if (local.port != 0) tuple_.local = local;
  }
  size = sizeof storage;
  if (getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size) == 0)
    tuple_.remote = Endpoint::from(storage);
}

template <typename F>
Call Socket::record(std::string name, std::string arguments, F call, std::string* data) {
  Call made{.name = std::move(name), .arguments = std::move(arguments)};
  Duration cpu = os::thread_time();
  made.begin = os::now();
  made.result = call();
  made.error = made.result < 0 ? errno : 0;
  made.end = os::now();
  made.cpu = os::thread_time() - cpu;
  made.tuple = tuple_;
  if (data && made.result > 0) made.data.assign(*data, 0, static_cast<size_t>(made.result));
  return made;
}

Call Socket::bind(const Endpoint& local) {
  return record("bind", fmt::format("{}, {}", fd_.get(), show(local)), [&] {
    sockaddr_storage storage{};
    socklen_t size = local.to(storage);
    int result = ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&storage), size);
    if (result == 0) learn_tuple();
    return result;
  });
}

Call Socket::listen(int backlog) {
  return record("listen", fmt::format("{}, {}", fd_.get(), backlog),
                [&] { return ::listen(fd_.get(), backlog); });
}

Call Socket::connect(const Endpoint& remote) {
  return record("connect", fmt::format("{}, {}", fd_.get(), show(remote)), [&] {
    sockaddr_storage storage{};
    socklen_t size = remote.to(storage);
    int result = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&storage), size);
    int error = errno;
    if (result == 0 || error == EINPROGRESS) {
      learn_tuple();
      tuple_.remote = remote;
    }
    errno = error;
    return result;
  });
}

Call Socket::accept(std::optional<Socket>& accepted) {
  Call call = record("accept", std::to_string(fd_.get()), [&] {
    int fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) accepted = Socket(os::UniqueFd(fd));
    return fd;
  });
  if (accepted) call.tuple = accepted->tuple();
  return call;
}

Call Socket::send(const std::string& data, int flags) {
  return record("send", fmt::format("{}, {} bytes", fd_.get(), data.size()),
                [&] { return ::send(fd_.get(), data.data(), data.size(), flags); });
}

Call Socket::recv(size_t size, int flags) {
  std::string buffer(size, '\0');
  return record(
      "recv", fmt::format("{}, {}", fd_.get(), size),
      [&] { return ::recv(fd_.get(), buffer.data(), size, flags); }, &buffer);
}

Call Socket::shutdown(int how) {
  const char* text = how == SHUT_RD ? "SHUT_RD" : how == SHUT_WR ? "SHUT_WR" : "SHUT_RDWR";
  return record("shutdown", fmt::format("{}, {}", fd_.get(), text),
                [&] { return ::shutdown(fd_.get(), how); });
}

Call Socket::close() {
  return record("close", std::to_string(fd_.get()), [&] { return ::close(fd_.release()); });
}

Call Socket::set_option(int level, int name, int value) {
  return record("setsockopt", fmt::format("{}, {}, {}", fd_.get(), option_name(level, name), value),
                [&] { return ::setsockopt(fd_.get(), level, name, &value, sizeof value); });
}

Call Socket::get_option(int level, int name, int& value) {
  return record("getsockopt", fmt::format("{}, {}", fd_.get(), option_name(level, name)), [&] {
    socklen_t size = sizeof value;
    return ::getsockopt(fd_.get(), level, name, &value, &size);
  });
}

Call Socket::set_linger(bool on, int seconds) {
  linger value{on ? 1 : 0, seconds};
  return record(
      "setsockopt", fmt::format("{}, SOL_SOCKET, SO_LINGER, {}", fd_.get(), show_linger(value)),
      [&] { return ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &value, sizeof value); });
}

Call Socket::get_linger(linger& value) {
  return record("getsockopt", fmt::format("{}, SOL_SOCKET, SO_LINGER", fd_.get()), [&] {
    socklen_t size = sizeof value;
    return ::getsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &value, &size);
  });
}

Call Socket::set_nonblocking(bool on) {
  return record("fcntl", fmt::format("{}, F_SETFL, {}", fd_.get(), on ? "O_NONBLOCK" : "0"),
                [&] { return ::fcntl(fd_.get(), F_SETFL, on ? O_NONBLOCK : 0); });
}

}  // namespace twlab::net
