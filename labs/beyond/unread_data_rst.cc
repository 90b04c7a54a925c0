// What close() sends when data that came in have not been read. RFC 2525 section 2.17 wants an RST,
// so that the peer learns that they are lost; tcp_close() in net/ipv4/tcp.c sends it (counter
// TCPAbortOnClose). With shutdown(SHUT_WR) instead there is a FIN: the data can still be read.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr size_t kSent = 10;

struct Closed {
  std::string sent;    // by the server: the first segment after its call
  EventId id;          // of that
  std::string result;  // of the client's recv
  EventId recv;
  std::string left;  // server's and client's state at the end
};

// The client sends ten octets, the server reads `read` of them and ends the connection.
Closed end(Lab& lab, Lab::Kernels hosts, uint16_t port, size_t read, bool shutdown = false) {
  auto [near, far] = lab.connect(hosts.client, hosts.server, port);
  near.need(near.send(std::string(kSent, 'x')));
  Tuple client = near.tuple(), server = far.tuple();
  // All of it has arrived, and its acknowledgment as well.
  if (!lab.until(
          [&] {
            auto at = hosts.server.find(server), from = hosts.client.find(client);
            return at && from && at->receive_queue == kSent && from->send_queue == 0;
          },
          2s))
    throw Unexpected("the data did not arrive");
  if (read > 0) far.recv(read);
  EventId before = lab.mark();
  far.need(shutdown ? far.shutdown(SHUT_WR) : far.close());
  Result got = near.recv();
  auto trace = lab.trace(hosts.server, server, before);
  if (trace.empty() || !trace[0].outgoing) throw Unexpected("the server sent nothing");
  Flags flags = *trace[0].segment.flags;
  std::string kind = has(flags, RST) ? "RST" : has(flags, FIN) ? "FIN" : wire::show(flags);
  return {kind, trace[0].id, got.ok() ? std::to_string(got.result) : net::errno_name(got.error),
          got.id,
          fmt::format("{}, {}", net::name(hosts.server.state(server)),
                      net::name(hosts.client.state(client)))};
}

}  // namespace

LAB(beyond_unread_data_rst,
    {.name = "beyond.unread-data-rst",
     .story = "The client sends ten octets; the server closes when it has read none, nine or all "
              "of them.",
     .claims = {"beyond.unread-data-rst"},
     .control = "all ten have been read: FIN",
     .needs = 0s}) {
  auto hosts = lab.two_kernels();
  auto aborted = [&] { return hosts.server.counter("TcpExt.TCPAbortOnClose"); };

  Section& unread = lab.section("received data are unread");
  Closed none = end(lab, hosts, 5000, 0), nine = end(lab, hosts, 5001, kSent - 1);
  for (auto [words, closed] : {std::pair{"none read: ", &none}, {"nine of ten read: ", &nine}}) {
    std::string what = words;
    unread.either(what + "close sends", closed->sent, "RST", {"FIN"}, {closed->id});
    unread.equal(what + "the client's recv", closed->result, "ECONNRESET",
                 {closed->id, closed->recv});
    unread.equal(what + "the sockets, server's and client's", closed->left, "CLOSED, CLOSED",
                 {closed->id});
  }
  int64_t counted = aborted();
  unread.equal("TcpExt.TCPAbortOnClose", counted, 2);

  Section& control = lab.control("all ten have been read");
  Closed all = end(lab, hosts, 5002, kSent);
  control.equal("close sends", all.sent, "FIN", {all.id});
  control.equal("the client's recv (0 is EOF)", all.result, "0", {all.id, all.recv});
  control.equal("TcpExt.TCPAbortOnClose rose by", aborted() - counted, 0);

  Section& half = lab.section("finding: shutdown(SHUT_WR) with all ten unread");
  Closed shut = end(lab, hosts, 5003, 0, true);
  half.equal("it sends", shut.sent, "FIN", {shut.id});

  lab.judge("beyond.unread-data-rst", unread, control)
      .because(fmt::format("with none of ten octets read close sent {}, with nine {}, with all "
                           "ten {}; shutdown(SHUT_WR) with none read {}",
                           none.sent, nine.sent, all.sent, shut.sent));
}
