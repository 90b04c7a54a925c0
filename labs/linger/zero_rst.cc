// SO_LINGER {1,0}: what close() sends, what becomes of the data that are not yet sent, what the
// peer is told, and what is left of the connection on both sides. In the kernel: __tcp_close()
// calls tcp_disconnect(), which sends the RST itself and empties the write queue. The peer may
// still read what had reached it: tcp_reset() sets its error, and leaves its receive queue alone.
#include "lab/lab.h"
using namespace twlab;

namespace {

const std::string kData(1 << 16, 'x');

// A connection whose server has data that it cannot send, since the client does not read; `taken`
// is how many bytes send() took, `sent` how many are on the wire.
Connection stalled(Lab& lab, Lab::Kernels hosts, uint16_t port, uint32_t& taken, uint32_t& sent) {
  Socket& listener = lab.listener(hosts.server, port);
  Socket client = hosts.client.socket();
  client.need(client.set_option(SOL_SOCKET, SO_RCVBUF, 16384));
  client.need(client.connect(hosts.server.at(port)));
  Socket server = listener.accept();
  taken = static_cast<uint32_t>(server.need(server.send(kData)).result);
  if (!lab.until(
          [&] {
            auto info = hosts.server.find(server.tuple());
            return info && info->timer == net::Timer::probe;
          },
          5s))
    throw Unexpected("the client's window was never shut");
  auto info = hosts.server.find(server.tuple());
  sent = taken - info->send_queue;
  return {std::move(client), std::move(server)};
}

// All that the socket can read, and the call that ended it.
Result drain(Socket& socket, size_t& bytes) {
  for (bytes = 0;;) {
    Result read = socket.recv();
    if (read.result <= 0) return read;
    bytes += static_cast<size_t>(read.result);
  }
}

// The server closes, and 300 ms pass.
struct Closed {
  Result call;
  std::vector<Seen> resets{}, others{};  // what it sent from then on
};
Closed close(Lab& lab, Host& server, Socket& socket) {
  EventId before = lab.mark();
  Closed closed{.call = socket.close()};
  lab.wait(300ms, "anything that comes after the close");
  for (const Seen& seen : lab.trace(server, socket.tuple(), before))
    if (seen.outgoing)
      (has(*seen.segment.flags, RST) ? closed.resets : closed.others).push_back(seen);
  return closed;
}

void reset_at_once(Section& section, const Closed& closed) {
  section.equal("RSTs that the server sends", closed.resets.size(), 1u);
  section.equal("other segments of it from close() on", closed.others.size(), 0u);
  if (closed.resets.empty()) return;
  const Seen& reset = closed.resets.front();
  // 1 ms for comparing the capture's clock with the caller's.
  Duration after = reset.time - closed.call.end;
  section.is("the RST is on the wire when close() returns", after < 1ms, "yes",
             fmt::format("{} {} it", os::show(after < 0s ? -after : after),
                         after < 0s ? "before" : "after"),
             {reset.id, closed.call.id});
}

std::string outcome(const Result& call) {
  return call.ok() ? std::to_string(call.result) : net::errno_name(call.error);
}
std::string state(Host& host, const Socket& socket) {
  return std::string(net::name(host.state(socket.tuple())));
}

}  // namespace

LAB(linger_zero_rst,
    {.name = "linger.zero-rst",
     .story = "The server closes with SO_LINGER {1,0}: an idle connection, and one on which data "
              "wait because the client's window is shut. The wire, the client's calls and the "
              "states of both sides are looked at.",
     .claims = {"linger.zero-rst", "linger.zero-discards", "linger.zero-peer-reset",
                "linger.zero-no-time-wait"},
     .control = "the same with SO_LINGER as it is by default",
     .needs = 2500ms}) {
  auto hosts = lab.two_kernels();
  size_t bytes = 0;

  Section& idle = lab.section("{1,0}, no data waiting");
  Section& gone = lab.section("{1,0}, what is left of the connection");
  Section& told = lab.section("{1,0}, what the client is told");
  {
    auto [client, server] = lab.connect(hosts.client, hosts.server, 5000);
    server.need(server.set_linger(true, 0));
    Closed closed = close(lab, hosts.server, server);
    reset_at_once(idle, closed);
    gone.equal("the server's state", state(hosts.server, server), "CLOSED", {closed.call.id});
    gone.equal("the client's state", state(hosts.client, client), "CLOSED", {closed.call.id});
    Result read = client.recv();
    told.equal("recv()", outcome(read), "ECONNRESET", {read.id});
  }
  {
    auto [client, server] = lab.connect(hosts.client, hosts.server, 5000);
    server.need(server.set_linger(true, 0));
    server.close();
    lab.reaches_state(hosts.client, client.tuple(), CLOSED, 300ms);
    Result write = client.send("x");
    told.equal("send(), where recv() was not called", outcome(write), "ECONNRESET", {write.id});
  }

  Section& waiting = lab.section("{1,0}, data waiting");
  Section& discarded = lab.section("{1,0}, what becomes of the data");
  {
    uint32_t taken = 0, sent = 0;
    auto [client, server] = stalled(lab, hosts, 5000, taken, sent);
    server.need(server.set_linger(true, 0));
    Closed closed = close(lab, hosts.server, server);
    reset_at_once(waiting, closed);
    Result end = drain(client, bytes);
    discarded.equal(
        fmt::format("bytes that the client reads, of {} of which {} were sent", taken, sent), bytes,
        sent, {end.id});
    discarded.equal("the recv() after them", outcome(end), "ECONNRESET", {end.id});
  }

  Section& normal = lab.control("by default, no data waiting");
  {
    auto [client, server] = lab.connect(hosts.client, hosts.server, 5000);
    Closed closed = close(lab, hosts.server, server);
    normal.equal("RSTs that the server sends", closed.resets.size(), 0u);
    normal.equal("other segments of it from close() on", closed.others.size(), 1u);
    Result read = client.recv();
    normal.equal("recv()", outcome(read), "0", {read.id});
    lab.await_fin_acked(hosts.server, server.tuple());
    client.close();
    normal.is("the server's state", lab.reaches_state(hosts.server, server.tuple(), TIME_WAIT, 2s),
              "TIME_WAIT", state(hosts.server, server));
    auto [writer, closer] = lab.connect(hosts.client, hosts.server, 5000);
    closer.close();
    lab.await_state(hosts.client, writer.tuple(), CLOSE_WAIT);
    Result write = writer.send("x");
    normal.equal("send(), where recv() was not called", outcome(write), "1", {write.id});
  }
  Section& delivered = lab.control("by default, data waiting");
  {
    uint32_t taken = 0, sent = 0;
    auto [client, server] = stalled(lab, hosts, 5000, taken, sent);
    Closed closed = close(lab, hosts.server, server);
    delivered.equal("RSTs that the server sends", closed.resets.size(), 0u);
    Result end = drain(client, bytes);
    delivered.equal(
        fmt::format("bytes that the client reads, of {} of which {} were sent", taken, sent), bytes,
        taken, {end.id});
    delivered.equal("the recv() after them", outcome(end), "0", {end.id});
  }

  lab.judge("linger.zero-rst", {&idle, &waiting}, normal);
  lab.judge("linger.zero-discards", discarded, delivered);
  lab.judge("linger.zero-peer-reset", told, normal);
  lab.judge("linger.zero-no-time-wait", gone, normal);
}
