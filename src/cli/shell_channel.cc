// Between the shell's commands and the owner of the testbed: a packet with the words, NUL between
// them, and back packets with the exit code in the first byte and the text behind it.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "cli/cli.h"
#include "cli/shell.h"
#include "os/error.h"

namespace twlab::cli {
namespace {

constexpr size_t packet = 32768;

sockaddr_un address_in(const std::string& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = folder + "/control";
  if (path.size() >= sizeof address.sun_path) throw BadInput(path + " is too long for a socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

os::UniqueFd open_socket(int flags) {
  return os::UniqueFd(os::check(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0),
                                "making the shell's socket"));
}

}  // namespace

Channel::Channel(os::Loop& loop) : loop_(loop), listener_(open_socket(SOCK_NONBLOCK)) {
  loop_.add(listener_.get(), [this] { accept(); });
}

Channel::~Channel() {
  loop_.remove(listener_.get());
  for (const auto& [fd, asker] : askers_) loop_.remove(fd);
}

void Channel::bind_to(const std::string& folder) const {
  sockaddr_un address = address_in(folder);
  os::check(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
            "binding the shell's socket");
  os::check(::listen(listener_.get(), 64), "listening on the shell's socket");
}

void Channel::accept() {
  int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  // Who does not read must not keep the testbed waiting.
  timeval limit{.tv_sec = 2, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  askers_[fd].reset(fd);
  loop_.add(fd, [this, fd] { read(fd); });
}

void Channel::read(int fd) {
  std::string bytes(packet, '\0');
  ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
  loop_.remove(fd);
  os::UniqueFd asker = std::move(askers_.at(fd));
  askers_.erase(fd);
  if (n <= 0) return;
  bytes.resize(static_cast<size_t>(n));
  Request request{std::move(asker), {}};
  for (size_t begin = 0; begin < bytes.size();) {
    size_t end = std::min(bytes.find('\0', begin), bytes.size());
    request.words.push_back(bytes.substr(begin, end - begin));
    begin = end + 1;
  }
  requests_.push_back(std::move(request));
}

void Channel::answer(const std::function<Reply(const std::vector<std::string>&)>& handle) {
  for (Request& request : std::exchange(requests_, {})) {
    Reply reply = handle(request.words);
    reply.text.insert(0, 1, static_cast<char>(reply.exit));
    for (std::string_view rest = reply.text; !rest.empty();) {
      ssize_t n =
          send(request.asker.get(), rest.data(), std::min(rest.size(), packet), MSG_NOSIGNAL);
      if (n <= 0) break;
      rest.remove_prefix(static_cast<size_t>(n));
    }
  }
}

Reply ask(const std::string& folder, const std::vector<std::string>& words) {
  std::string bytes;
  for (const std::string& word : words) bytes += word + '\0';
  if (bytes.size() > packet) throw BadInput("that is too long");
  sockaddr_un address = address_in(folder);
  os::UniqueFd socket = open_socket(0);
  os::check(connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
            "reaching the owner of the testbed");
  os::check(send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), "asking");
  std::string answer, part(packet, '\0');
  for (ssize_t n; (n = recv(socket.get(), part.data(), part.size(), 0)) > 0;)
    answer.append(part, 0, static_cast<size_t>(n));
  if (answer.empty()) throw BadInput("the owner of the testbed has ended");
  return {static_cast<uint8_t>(answer[0]), answer.substr(1)};
}

}  // namespace twlab::cli
