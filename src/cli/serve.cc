// The sample server of timewait-2015, call for call: socket, bind, listen, accept, and for each
// client a thread that writes the time, waits and closes.
//
// Other than there, a client that has gone away is no SIGPIPE, and lines appear at once also where
// standard output is no terminal.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <atomic>
#include <cstring>
#include <ctime>
#include <list>
#include <thread>

#include "cli/cli.h"
#include "net/socket.h"
#include "os/error.h"
#include "os/loop.h"
#include "os/process.h"
#include "os/signals.h"

namespace twlab::cli {
namespace {

constexpr int backlog = 128;
constexpr Duration before_close = 10us;

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

// "Thu Jan  1 00:00:00 1970\r\n": 26 bytes.
std::string time_message() {
  std::time_t ticks = std::time(nullptr);
  char text[26];
  return fmt::format("{:.24}\r\n", ctime_r(&ticks, text));
}

void handle(net::Socket client) {
  client.send(time_message());
  say(fmt::format("Sent message to Client #{}", client.fd()));
  std::this_thread::sleep_for(before_close);
  client.close();  // first: the TIME_WAIT is this side's
}

struct Worker {
  std::atomic<bool> done = false;
  std::jthread thread;  // ended before `done` goes
};

// Listening on all addresses, the sample server says eth0's.
Endpoint shown(const net::Socket& listener, Endpoint local) {
  ifreq request{};
  std::strcpy(request.ifr_name, "eth0");
  bool all = local.address == Address::any(Family::inet);
  if (!all || ioctl(listener.fd(), SIOCGIFADDR, &request) != 0) return local;
  sockaddr_storage storage{};
  std::memcpy(&storage, &request.ifr_addr, sizeof request.ifr_addr);
  local.address = Endpoint::from(storage).address;
  return local;
}

void check(const net::Call& call, const std::string& what) {
  if (call.ok()) return;
  std::string hint;
  if (call.error == EADDRINUSE)
    hint =
        "; another server has it, or connections of an earlier one are in TIME_WAIT, which only "
        "--reuse-address for both of them allows";
  if (call.error == EACCES) hint = "; ports below 1024 need root";
  throw BadInput(fmt::format("{}: {}{}", what, std::strerror(call.error), hint));
}

bool passes(int error) {
  return error == EINTR || error == ECONNABORTED;
}

bool no_descriptor_left(int error) {
  return error == EMFILE || error == ENFILE;
}

}  // namespace

int serve(const Options& options) {
  Endpoint local{Address::any(Family::inet), options.port};
  try {
    if (!options.address.empty()) local.address = Address::parse(options.address);
  } catch (const std::invalid_argument& error) {
    throw BadInput(error.what());
  }
  os::raise_descriptor_limit();
  net::Call made;
  net::Socket listener(os::Namespace::current(), local.address.family, made);
  if (options.reuse_address) listener.set_option(SOL_SOCKET, SO_REUSEADDR, 1);
  check(listener.bind(local), "listening on " + show(local));
  check(listener.listen(backlog), "listening on " + show(local));
  os::SignalFd signals{SIGINT, SIGTERM};
  say("Listening on " + show(shown(listener, local)));

  os::Wakeup served;
  std::list<Worker> workers;
  bool full = false;  // of descriptors: clients wait in the backlog until one has been served
  while (true) {
    pollfd wanted[] = {{full ? -1 : listener.fd(), POLLIN, 0},
                       {signals.fd(), POLLIN, 0},
                       {served.fd(), POLLIN, 0}};
    if (poll(wanted, std::size(wanted), -1) < 0 && errno != EINTR) os::fail(errno, "waiting");
    if (signals.take()) return success;
    if (wanted[2].revents) {
      served.acknowledge();
      workers.remove_if([](const Worker& worker) { return worker.done.load(); });
      full = false;
    }
    if (!(wanted[0].revents & POLLIN)) continue;
    std::optional<net::Socket> client;
    net::Call accepted = listener.accept(client);
    if (!client) {
      full = no_descriptor_left(accepted.error) && !workers.empty();
      if (!full && !passes(accepted.error)) os::fail(accepted.error, "accepting a client");
      continue;
    }
    Worker& worker = workers.emplace_back();
    worker.thread = std::jthread([&worker, &served, socket = std::move(*client)]() mutable {
      handle(std::move(socket));
      worker.done = true;
      served.wake();
    });
  }
}

}  // namespace twlab::cli
