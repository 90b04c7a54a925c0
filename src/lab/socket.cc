#include "lab/socket.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>

#include "lab/host.h"
#include "lab/lab.h"

namespace twlab {

// What the calling thread and the lab's thread share.
struct Pending::Shared {
  std::function<net::Call()> call;
  Time begin;
  net::Call made;
  std::atomic<bool> done = false;
  std::thread thread;
};

Pending::Pending(Lab& lab, Host& host, std::function<net::Call()> call)
    : lab_(&lab), host_(&host), shared_(std::make_shared<Shared>()) {
  shared_->call = std::move(call);
  shared_->begin = os::now();
  shared_->thread = std::thread([shared = shared_.get(), wakeup = &lab.wakeup()] {
    shared->made = shared->call();
    shared->done = true;
    wakeup->wake();
  });
}

Pending::~Pending() {
  if (!shared_) return;
  // SIGUSR1 has a handler that does nothing (see execute()), so a blocking call returns EINTR.
  // Until the thread is really inside the call a signal is lost: repeat.
  while (!shared_->done) {
    pthread_kill(shared_->thread.native_handle(), SIGUSR1);
    std::this_thread::sleep_for(1ms);
  }
  if (shared_->thread.joinable()) shared_->thread.join();
  if (!result_) lab_->record(*host_, shared_->made);
}

bool Pending::done() const {
  return shared_->done;
}
Time Pending::begin() const {
  return shared_->begin;
}

std::optional<Result> Pending::wait(Duration limit) {
  if (!result_ && lab_->until([this] { return shared_->done.load(); }, limit)) {
    shared_->thread.join();
    result_ = lab_->record(*host_, shared_->made);
  }
  return result_;
}

namespace {

net::Socket open(Lab& lab, Host& host) {
  net::Call call;
  net::Socket socket(host.ns(), lab.family(), call);
  lab.record(host, call);
  return socket;
}

}  // namespace

Socket::Socket(Lab& lab, Host& host) : Socket(lab, host, open(lab, host)) {}

Socket::Socket(Lab& lab, Host& host, net::Socket socket)
    : lab_(&lab), host_(&host), socket_(std::move(socket)) {}

Result Socket::record(const net::Call& call) {
  return lab_->record(*host_, call);
}

const Result& Socket::need(const Result& result) const {
  if (!result.ok()) throw Unexpected(host_->name() + ": " + net::show(result));
  return result;
}

Result Socket::bind(const Endpoint& local) {
  return record(socket_.bind(local));
}
Result Socket::listen(int backlog) {
  return record(socket_.listen(backlog));
}
Result Socket::serve(const Endpoint& local, const std::vector<int>& options, int backlog) {
  for (int option : options) need(set_option(SOL_SOCKET, option, 1));
  Result bound = bind(local);
  if (bound.ok()) need(listen(backlog));
  return bound;
}
Result Socket::shutdown(int how) {
  return record(socket_.shutdown(how));
}
void Socket::choose_isn(uint32_t isn) {
  constexpr int kSendQueue = 2;  // TCP_SEND_QUEUE of linux/tcp.h, which the C library's lacks
  need(set_option(IPPROTO_TCP, TCP_REPAIR, 1));
  need(set_option(IPPROTO_TCP, TCP_REPAIR_QUEUE, kSendQueue));
  need(set_option(IPPROTO_TCP, TCP_QUEUE_SEQ, static_cast<int>(isn)));
  need(set_option(IPPROTO_TCP, TCP_REPAIR, 0));
}
Result Socket::close() {
  return record(socket_.close());
}
Result Socket::send(const std::string& data) {
  return record(socket_.send(data, MSG_NOSIGNAL | MSG_DONTWAIT));
}
Result Socket::set_option(int level, int name, int value) {
  return record(socket_.set_option(level, name, value));
}
Result Socket::get_option(int level, int name, int& value) {
  return record(socket_.get_option(level, name, value));
}
Result Socket::set_linger(bool on, int seconds) {
  return record(socket_.set_linger(on, seconds));
}
Result Socket::get_linger(linger& value) {
  return record(socket_.get_linger(value));
}
Result Socket::set_nonblocking(bool on) {
  return record(socket_.set_nonblocking(on));
}

bool Socket::readable() const {
  pollfd fd{socket_.fd(), POLLIN, 0};
  return poll(&fd, 1, 0) == 1;
}

Socket Socket::accept(Duration limit) {
  if (!lab_->until_readable(socket_.fd(), limit))
    throw Unexpected(
        fmt::format("{}: no connection to accept within {}", host_->name(), os::show(limit)));
  std::optional<net::Socket> accepted;
  need(record(socket_.accept(accepted)));
  return Socket(*lab_, *host_, std::move(*accepted));
}

Result Socket::recv(size_t size, Duration limit) {
  if (!lab_->until_readable(socket_.fd(), limit))
    throw Unexpected(fmt::format("{}: nothing to read within {}", host_->name(), os::show(limit)));
  return record(socket_.recv(size));
}

Result Socket::connect(const Endpoint& remote, Duration limit) {
  Pending pending = start_connect(remote);
  auto result = pending.wait(limit);
  if (!result)
    throw Unexpected(fmt::format("{}: connect to {} still blocks after {}", host_->name(),
                                 show(remote), os::show(limit)));
  return *result;
}

Pending Socket::start_connect(const Endpoint& remote) {
  return Pending(*lab_, *host_, [this, remote] { return socket_.connect(remote); });
}
Pending Socket::start_close() {
  return Pending(*lab_, *host_, [this] { return socket_.close(); });
}
Pending Socket::start_send(const std::string& data) {
  return Pending(*lab_, *host_, [this, data] { return socket_.send(data); });
}
Pending Socket::start_recv(size_t size) {
  return Pending(*lab_, *host_, [this, size] { return socket_.recv(size); });
}

}  // namespace twlab
