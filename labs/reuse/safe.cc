// Whether reuse with timestamps is safe against both dangers that TIME_WAIT is there for.
// The old duplicate: a crafted server chooses its sequence numbers so that it fits into the new
// connection; PAWS drops it by its timestamp. Its acknowledgment lies before the client's new
// initial sequence number (tcp_twsk_unique() takes the last one + 65537), for which newer kernels
// drop it without timestamps too (tcp_ack()); so it comes once more with one that fits.
// The lost last ACK: the server is in LAST_ACK when the SYN comes; its answer makes the client send
// an RST, and the repeated SYN connects (tcp_rcv_synsent_state_process()).
#include "lab/lab.h"
using namespace twlab;

namespace {

const std::string kOld = "bytes of the old connection", kNew = "bytes of the new one";
constexpr uint32_t kOldClock = 100'000;

// A connection from the client's only port to the peer, with the initial sequence number that the
// peer always takes: what fitted into one fits into the next.
std::pair<Socket, PeerConnection> connect(Host& client, Peer& peer, uint16_t port,
                                          const PeerOptions& options) {
  Socket socket = client.socket();
  std::optional<PeerConnection> connection;
  {
    Pending pending = socket.start_connect({peer.address(), port});
    connection = peer.accept(port, options);
    socket.need(pending.wait(2s).value());
  }
  return {std::move(socket), *connection};
}

// The first connection: the peer's data arrive, and the client closes. Returns their bytes.
std::vector<uint8_t> old_data(Lab& lab, Host& client, Peer& peer, uint16_t port) {
  auto [socket, connection] = connect(client, peer, port, {.tsval = kOldClock});
  auto bytes = connection.send({.flags = PSH | ACK, .payload = kOld}, "will come again");
  socket.recv();
  Tuple tuple = socket.tuple();
  socket.close();
  connection.finish();
  lab.await_state(client, tuple, TIME_WAIT);
  return bytes;
}

// The second, into which the data of the first come once more. Returns what the client read.
std::string read_after_duplicate(Lab& lab, Host& client, Peer& peer, uint16_t port, bool timestamps,
                                 const std::vector<uint8_t>& duplicate,
                                 Section::Evidence& evidence) {
  auto [socket, connection] =
      connect(client, peer, port, {.timestamps = timestamps, .tsval = 200'000});
  EventId mark = lab.mark();
  peer.replay(duplicate, "the old duplicate, its sequence number fits");
  lab.wait(100ms, "the duplicate to be read");
  connection.send({.flags = PSH | ACK,
                   .seq = connection.iss() + 1,
                   .tsval = kOldClock,
                   .tsecr = 0,
                   .payload = kOld},
                  "the same with an acknowledgment that fits");
  lab.wait(300ms, "it to be read");
  for (const Seen& seen : lab.trace(client, socket.tuple(), mark)) evidence.push_back(seen.id);
  std::string read = socket.readable() ? socket.recv().data : "";
  connection.send({.flags = PSH | ACK, .payload = kNew}, "the new connection's own data");
  if (socket.readable() || lab.until_readable(socket.raw().fd(), 300ms)) read += socket.recv().data;
  return read;
}

struct LostAck {
  Tuple tuple;
  Socket listener;
};

// The client closes first and its last ACK, however often it is sent, never arrives.
LostAck lose_last_ack(Lab& lab, Lab::RelayedKernels& net, uint16_t port, Relay::RuleId& rule) {
  Socket listener = net.server.listen(port);
  Socket socket = net.client.socket();
  socket.need(socket.connect(net.server.at(port)));
  Socket accepted = listener.accept();
  Tuple tuple = socket.tuple();
  socket.close();
  accepted.recv();
  lab.await_fin_acked(net.client, tuple);
  uint32_t fin = *first(lab.trace(net.client, tuple), {.flags = FIN | ACK}).segment.ack;
  rule = net.relay.drop(net.from_client, {.flags = ACK, .ack = fin + 1}, Relay::always);
  accepted.close();
  lab.await_state(net.client, tuple, TIME_WAIT);
  lab.await_state(net.server, tuple.reversed(), LAST_ACK);
  return {tuple, std::move(listener)};
}

}  // namespace

LAB(reuse_safe,
    {.name = "reuse.safe",
     .story = "A client reuses its TIME_WAIT by tcp_tw_reuse. Then a data segment of the old "
              "connection arrives that fits into the new one; and, elsewhere, the server has never "
              "got the old connection's last ACK.",
     .claims = {"reuse.safe"},
     .control = "the duplicate into a connection without timestamps; the lost ACK and no listener",
     .needs = 8s}) {
  auto net = lab.two_kernels_relayed();
  Host& client = net.client;
  auto [other, peer] = lab.kernel_and_peer("other client");
  for (Host* host : {&client, &other}) {
    host->set("net.ipv4.tcp_tw_reuse", "1");
    host->set("net.ipv4.ip_local_port_range", "40000 40000");
  }
  auto with = old_data(lab, other, peer, 5000), without = old_data(lab, other, peer, 5001);
  Relay::RuleId rules[2];
  LostAck lost = lose_last_ack(lab, net, 6000, rules[0]);
  LostAck deaf = lose_last_ack(lab, net, 6001, rules[1]);
  lab.wait(2100ms, "the first second of TIME_WAIT, by a clock of whole seconds, to pass");

  Section& duplicate = lab.section("an old duplicate that fits");
  Section::Evidence evidence;
  int64_t paws = other.counter("TcpExt.PAWSEstab");
  std::string read = read_after_duplicate(lab, other, peer, 5000, true, with, evidence);
  duplicate.equal("the application reads", read, kNew, evidence);
  duplicate.equal("TcpExt.PAWSEstab rose by", other.counter("TcpExt.PAWSEstab") - paws, 2);

  Section& last_ack = lab.section("the last ACK lost, the server in LAST_ACK");
  last_ack.equal("the server's old socket", net::name(net.server.state(lost.tuple.reversed())),
                 "LAST_ACK");
  EventId mark = lab.mark();
  Socket again = client.socket();
  Result connected = again.connect(lost.tuple.remote);
  evidence = {connected.id};
  for (const Seen& seen : lab.trace(client, lost.tuple, mark)) evidence.push_back(seen.id);
  last_ack.equal("connect", net::errno_name(connected.error), "0", evidence);
  if (connected.ok()) {
    net.relay.cancel(rules[0]);
    Socket accepted = lost.listener.accept();
    again.send(kNew);
    Result received = accepted.recv();
    last_ack.equal("the server reads", received.data, kNew, {received.id});
  }

  Section& control = lab.control("without timestamps; without a listener");
  evidence.clear();
  read = read_after_duplicate(lab, other, peer, 5001, false, without, evidence);
  control.is("the application reads, without timestamps", read.starts_with(kOld),
             "the old connection's bytes", read, evidence);
  deaf.listener.close();
  Socket refused = client.socket();
  Result failed = refused.connect(deaf.tuple.remote);
  control.equal("connect where nobody listens", net::errno_name(failed.error), "ECONNREFUSED",
                {failed.id});

  lab.judge("reuse.safe", {&duplicate, &last_ack}, control)
      .because(fmt::format(
          "the old duplicate {} with timestamps and is read without; from LAST_ACK connect returns "
          "{} after {}",
          duplicate.holds() ? "is dropped" : "is read", net::errno_name(connected.error),
          os::show(connected.took())));
}
