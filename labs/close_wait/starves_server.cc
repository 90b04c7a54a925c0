// Whether a server whose connections stay in CLOSE_WAIT stops working: each keeps a descriptor, and
// RLIMIT_NOFILE is low. The server is a process of its own, which answers every client and closes
// nothing until it is told to.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr rlim_t kDescriptors = 30;

// What the server does when a client has closed.
enum class Server { never_closes, closes };

// Answers every client with one byte. At the limit it writes accept's errno to `report`; a byte
// from `orders` makes it close every connection, without which it then waits for no client. The
// body of a forked process: no lab in it.
int serve(int listener, int orders, int report, Server kind) {
  rlimit limit{kDescriptors, kDescriptors};
  // Descriptors from 3 on belong to the lab; three are needed.
  dup2(listener, 0), dup2(orders, 1), dup2(report, 2);
  closefrom(3);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  bool full = false, reported = false;
  for (;;) {
    pollfd fds[kDescriptors] = {{full ? -1 : 0, POLLIN, 0}, {1, POLLIN, 0}};
    nfds_t count = 2;
    for (int fd = 3; kind == Server::closes && fd < int(kDescriptors); ++fd)
      if (fcntl(fd, F_GETFD) >= 0) fds[count++] = {fd, POLLIN, 0};
    poll(fds, count, -1);
    for (nfds_t i = 2; i < count; ++i)
      if (fds[i].revents) close(fds[i].fd), full = false;
    char byte = 0;
    if (fds[1].revents) {
      if (read(1, &byte, 1) != 1) return 0;
      closefrom(3);
      full = false;
    }
    if (!fds[0].revents) continue;
    int fd = accept(0, nullptr, nullptr);
    int error = errno;
    if (fd >= 0 && write(fd, "!", 1) != 1) return 1;
    full = fd < 0;
    if (full && !reported && write(2, &error, sizeof error) != sizeof error) return 1;
    reported = reported || full;
  }
}

struct Request {
  Socket socket;
  bool answered;
  EventId id;  // of what was read, or of the connect
};

// A client's request: connects, waits for the answer, at most a second.
Request ask(Lab& lab, Host& client, const Endpoint& server) {
  Socket socket = client.socket();
  EventId id = socket.need(socket.connect(server)).id;
  bool answered = lab.until_readable(socket.raw().fd(), 1s);
  if (answered) id = socket.recv().id;
  return {std::move(socket), answered, id};
}

}  // namespace

LAB(close_wait_starves_server,
    {.name = "close-wait.starves-server",
     .story =
         "A server with 30 descriptors answers one client after another and never closes; each "
         "client closes and leaves it a CLOSE_WAIT. Then the server closes them all.",
     .claims = {"close-wait.starves-server"},
     .control = "a server that closes answers four times as many",
     .needs = 3s}) {
  auto [client, server] = lab.two_kernels();
  auto close_waits = [&, &server = server] { return server.sockets(1u << int(CLOSE_WAIT)).size(); };

  Section& starves = lab.section("a server that never closes");
  Socket listener = server.listen(5000);
  os::Pipe orders, report;
  os::Child child = os::Child::spawn([&] {
    return serve(listener.raw().fd(), orders.read.get(), report.write.get(), Server::never_closes);
  });
  size_t answered = 0;
  std::optional<Request> last;
  while (answered <= kDescriptors) {
    last = ask(lab, client, server.at(5000));
    if (!last->answered) break;
    ++answered;
    Tuple tuple = last->socket.tuple();
    last->socket.close();
    lab.reaches_state(server, tuple.reversed(), CLOSE_WAIT, 300ms);
  }
  size_t waiting = close_waits();
  int error = 0;
  if (lab.until_readable(report.read.get(), 1s) &&
      read(report.read.get(), &error, sizeof error) != sizeof error)
    throw Unexpected("the server's report is broken");
  EventId reported = lab.note(
      Note::Kind::process, fmt::format("accept fails: {}", net::errno_name(error)), server.name());
  starves.is(
      "with a CLOSE_WAIT on every descriptor the next client is", !last->answered,
      "connected and not answered within 1 s",
      fmt::format("{}, after {} answered", last->answered ? "answered" : "not answered", answered),
      {last->id});
  starves.equal("the server's accept returns", net::errno_name(error), "EMFILE", {reported});
  starves.equal("sockets in CLOSE_WAIT, for clients answered", waiting, answered, {last->id});

  Section& control = lab.control("they are closed; a server that closes");
  if (write(orders.write.get(), "c", 1) != 1) throw Unexpected("the server takes no orders");
  EventId closed = lab.note(Note::Kind::process, "the server closes them all", server.name());
  bool recovered = last->answered || lab.until_readable(last->socket.raw().fd(), 2s);
  control.is("after that the waiting client is", recovered, "answered",
             recovered ? "answered" : "not answered", {closed});
  control.equal("sockets in CLOSE_WAIT", close_waits(), 0u, {closed});
  Socket other = server.listen(5001);
  os::Child closing = os::Child::spawn([&] {
    return serve(other.raw().fd(), orders.read.get(), report.write.get(), Server::closes);
  });
  size_t served = 0;
  for (rlim_t i = 0; i < 4 * kDescriptors; ++i) {
    Request request = ask(lab, client, server.at(5001));
    served += request.answered;
    request.socket.close();
    if (!request.answered) break;
  }
  control.equal("clients answered by a server that closes", served, 4 * kDescriptors);

  lab.judge("close-wait.starves-server", starves, control)
      .because(fmt::format("with {} descriptors {} clients were answered, {}", kDescriptors,
                           answered,
                           error ? "then accept returned " + net::errno_name(error) +
                                       " until the sockets in CLOSE_WAIT were closed"
                                 : "and accept never failed"));
}
