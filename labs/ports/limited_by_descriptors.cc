// Is the number of open sockets limited by descriptors? The limit that a server meets is
// RLIMIT_NOFILE (the article prints fs.file-max, the whole machine's). What has no descriptor is
// not counted: connections in TIME_WAIT, and those that wait to be accepted.
//
// The server is a process of its own with a low limit; 3 descriptors are its listener and pipes.
#include <unistd.h>

#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr rlim_t kOwn = 3, kLow = 20, kHigh = 40;
constexpr size_t kClients = kHigh - kOwn + 5;

struct Report {
  size_t accepted = 0;  // since the limit was set
  int error = 0;        // of the accept after them
};

// For each limit that comes from `orders`: accepts until that fails, and reports. With `closes`
// each connection is closed at once, and the report comes when none is left to accept. The body of
// a forked process: no lab in it.
int serve(int listener, int orders, int report, bool closes) {
  dup2(listener, 0), dup2(orders, 1), dup2(report, 2);
  closefrom(3);
  rlim_t soft = 0;
  while (read(1, &soft, sizeof soft) == sizeof soft) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = soft;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    Report made;
    for (int fd; (fd = accept(0, nullptr, nullptr)) >= 0; ++made.accepted)
      if (closes) close(fd);
    made.error = errno;
    if (write(2, &made, sizeof made) != sizeof made) return 1;
  }
  return 0;
}

// The server process, and what it reports.
struct Server {
  Server(Lab& the_lab, Host& the_host, uint16_t port, bool closes)
      : lab(the_lab), host(the_host), listener(host.listen(port)) {
    listener.need(listener.set_nonblocking(true));
    child.emplace(os::Child::spawn(
        [&] { return serve(listener.raw().fd(), orders.read.get(), report.write.get(), closes); }));
  }

  // What it accepts with this limit, and the note that says so.
  std::pair<Report, EventId> accept(rlim_t limit) {
    Report made;
    if (write(orders.write.get(), &limit, sizeof limit) != sizeof limit ||
        !lab.until_readable(report.read.get(), 5s) ||
        read(report.read.get(), &made, sizeof made) != sizeof made)
      throw Unexpected("the server does not report");
    return {made,
            lab.note(Note::Kind::process,
                     fmt::format("RLIMIT_NOFILE {}: {} more accepted, then accept returned {}",
                                 limit, made.accepted, net::errno_name(made.error)),
                     host.name())};
  }

  Lab& lab;
  Host& host;
  Socket listener;
  os::Pipe orders{}, report{};
  std::optional<os::Child> child{};
};

std::string show(const Report& report) {
  return fmt::format("{}, then {}", report.accepted, net::errno_name(report.error));
}

}  // namespace

LAB(ports_limited_by_descriptors,
    {.name = "ports.limited-by-descriptors",
     .story = "42 clients connect to a server process, which accepts until accept fails: with 20 "
              "descriptors, then with 40, then with more. Another with 20 descriptors closes each "
              "of as many connections first and is left with their TIME_WAITs.",
     .claims = {"ports.limited-by-descriptors"},
     .control = "a limit above the number of clients: all are accepted",
     .needs = 1s}) {
  auto [client, host] = lab.two_kernels();
  Server server(lab, host, 5000, false);
  std::vector<Socket> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.push_back(client.socket());
    clients.back().need(clients.back().connect(host.at(5000)));
  }

  Section& limited = lab.section("a limit below the number of clients");
  auto [low, low_id] = server.accept(kLow);
  limited.equal(fmt::format("accepted with {} descriptors, {} of them taken", kLow, kOwn),
                show(low), fmt::format("{}, then EMFILE", kLow - kOwn), {low_id});
  auto waiting = host.count(ESTABLISHED, 5000);
  auto [high, high_id] = server.accept(kHigh);
  limited.equal(fmt::format("accepted besides with {}", kHigh), show(high),
                fmt::format("{}, then EMFILE", kHigh - kLow), {low_id, high_id});

  Section& control = lab.control("a limit above the number of clients");
  auto [rest, rest_id] = server.accept(2 * kHigh);
  Report all{low.accepted + high.accepted + rest.accepted, rest.error};
  control.equal("accepted in all", show(all), fmt::format("{}, then EAGAIN", kClients),
                {low_id, high_id, rest_id});

  Section& uncounted = lab.section("finding: sockets that have no descriptor are not limited");
  uncounted.equal(
      fmt::format("established, accepted or not, while accept failed at {} descriptors", kLow),
      waiting.count, kClients, {low_id, waiting.id});
  Server closer(lab, host, 5001, true);
  for (size_t i = 0; i < kClients; ++i) {
    Socket socket = client.socket();
    socket.need(socket.connect(host.at(5001)));
    auto [closed, id] = closer.accept(kLow);
    if (closed.accepted != 1) throw Unexpected("the server accepted " + show(closed));
    socket.recv();  // EOF
    lab.await_fin_acked(host, socket.tuple().reversed());
    socket.close();
  }
  lab.until([&, &host = host] { return host.count(TIME_WAIT, 5001).count >= kClients; }, 2s);
  auto left = host.count(TIME_WAIT, 5001);
  uncounted.equal(fmt::format("TIME_WAITs left by a server with {} descriptors", kLow), left.count,
                  kClients, {left.id});

  lab.judge("ports.limited-by-descriptors", limited, control)
      .because(fmt::format("of {} clients the server accepted {} with {} descriptors and {} with "
                           "{} (3 of them taken otherwise), and {} with {}; the {} TIME_WAITs of "
                           "another with {} needed none",
                           kClients, low.accepted, kLow, low.accepted + high.accepted, kHigh,
                           all.accepted, 2 * kHigh, left.count, kLow));
}
