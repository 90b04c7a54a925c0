// A kernel socket in a host; every call is recorded.
#pragma once

#include <netinet/tcp.h>  // the options that labs set: TCP_QUICKACK, TCP_LINGER2, ...

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lab/recording.h"
#include "net/socket.h"

namespace twlab {

class Host;
class Lab;

// A call that was made, and the event it is in the recording.
struct Result : net::Call {
  EventId id = 0;
};

// A call under way in a thread of its own, since it may block. The lab goes on meanwhile.
class Pending {
 public:
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&&) = delete;
  ~Pending();  // interrupts the call if it still blocks

  bool done() const;
  Time begin() const;
  // The call once it has returned; none when it still blocks after the limit.
  std::optional<Result> wait(Duration limit);

 private:
  friend class Socket;
  struct Shared;
  Pending(Lab& lab, Host& host, std::function<net::Call()> call);
  Lab* lab_;
  Host* host_;
  std::shared_ptr<Shared> shared_;
  std::optional<Result> result_;
};

class Socket {
 public:
  Socket(Lab& lab, Host& host);
  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&&) = default;

  Result bind(const Endpoint& local);
  Result listen(int backlog);
  // What a server does when it starts: sets these options of SOL_SOCKET, binds and, when that
  // worked, listens. The result is bind's.
  Result serve(const Endpoint& local, const std::vector<int>& options = {}, int backlog = 128);
  Result shutdown(int how);
  Result set_option(int level, int name, int value);
  Result get_option(int level, int name, int& value);
  Result set_linger(bool on, int seconds);
  Result get_linger(linger& value);
  Result set_nonblocking(bool on);
  // The initial sequence number of the next connect(), by way of TCP_REPAIR: for labs in which two
  // connections of the same tuple must have the same numbers. Not 0, which means "choose one".
  // Throws Unexpected when the kernel allows none.
  void choose_isn(uint32_t isn);
  // For a socket without SO_LINGER: returns at once. Otherwise see start_close().
  Result close();

  // These wait, while the lab goes on taking in frames, and then call. When nothing comes within
  // the limit they throw Unexpected, since the lab's next steps make no sense then.
  Socket accept(Duration limit = 2s);
  Result recv(size_t size = 65536, Duration limit = 2s);  // returns what there is; 0 is EOF
  Result connect(const Endpoint& remote, Duration limit = 5s);

  // One call that is not waited for.
  Result send(const std::string& data);
  // Each in a thread of its own; the socket must not be moved or used until it is done.
  Pending start_connect(const Endpoint& remote);
  Pending start_close();
  Pending start_send(const std::string& data);
  Pending start_recv(size_t size);

  // Throws Unexpected when the call failed: for steps that must work before anything can be
  // measured.
  const Result& need(const Result& result) const;

  bool readable() const;  // data, EOF, an error, or a connection to accept
  const Tuple& tuple() const { return socket_.tuple(); }
  const net::Socket& raw() const { return socket_; }
  void abandon() { socket_.abandon(); }

 private:
  Socket(Lab& lab, Host& host, net::Socket socket);
  Result record(const net::Call& call);
  Lab* lab_;
  Host* host_;
  net::Socket socket_;
};

}  // namespace twlab
