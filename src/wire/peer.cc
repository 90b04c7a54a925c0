#include "wire/peer.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace twlab::wire {

struct PeerConnection::State {
  Peer* peer;
  Tuple tuple;
  PeerOptions options;
  bool timestamps;  // in use: offered, and not refused by the kernel's SYN
  Time opened;
  uint32_t snd_nxt, irs = 0, rcv_nxt = 0, ts_recent = 0;
  std::vector<Frame> received{};
  size_t taken = 0;  // of `received`, by expect()

  uint32_t clock() const {
    auto ticks = std::chrono::duration_cast<std::chrono::milliseconds>(os::now() - opened);
    return options.tsval + static_cast<uint32_t>(ticks.count());
  }

  void receive(const Frame& frame) {
    const Segment& segment = frame.packet->segment;
    if (has(*segment.flags, SYN)) {
      irs = *segment.seq;
      rcv_nxt = irs + 1;
      if (!segment.tsval.present()) timestamps = false;
    } else if (*segment.seq == rcv_nxt) {
      rcv_nxt += sequence_length(segment);
    }
    if (segment.tsval.present()) ts_recent = segment.tsval.value();
    received.push_back(frame);
  }
};

std::string Answer::report() const {
  std::string text = fmt::format("wanted {}; {} segment{} came in {}", show(wanted), came.size(),
                                 came.size() == 1 ? "" : "s", os::show(waited));
  for (const Frame& other : came) {
    auto why = differences(wanted, other.packet->segment);
    text += fmt::format("\n  {}{}", show(other.packet->segment),
                        why.empty() ? "" : "\n    " + show(why));
  }
  return text;
}

const Tuple& PeerConnection::tuple() const {
  return state_->tuple;
}
uint32_t PeerConnection::iss() const {
  return state_->options.iss;
}
uint32_t PeerConnection::irs() const {
  return state_->irs;
}
uint32_t PeerConnection::snd_nxt() const {
  return state_->snd_nxt;
}
uint32_t PeerConnection::rcv_nxt() const {
  return state_->rcv_nxt;
}
uint32_t PeerConnection::tsval() const {
  return state_->clock();
}
uint32_t PeerConnection::ts_recent() const {
  return state_->ts_recent;
}
const std::vector<Frame>& PeerConnection::received() const {
  return state_->received;
}
void PeerConnection::skip() {
  state_->peer->wire_.collect();
  state_->taken = state_->received.size();
}
void PeerConnection::use_timestamps(bool on) {
  state_->timestamps = on;
}
void PeerConnection::set_clock(uint32_t tsval) {
  state_->options.tsval = tsval;
  state_->opened = os::now();
}

Bytes PeerConnection::send(const Segment& segment, const std::string& note) {
  State& state = *state_;
  Segment whole = segment;
  if (!whole.flags) whole.flags = ACK;
  if (!whole.seq) {
    whole.seq = state.snd_nxt;
    state.snd_nxt += sequence_length(whole);
  }
  if (!whole.ack) whole.ack = has(*whole.flags, ACK) ? state.rcv_nxt : 0;
  if (!whole.window) whole.window = state.options.window;
  if (!whole.tsval.specified() && state.timestamps && !has(*whole.flags, RST))
    whole.tsval = state.clock();
  if (!whole.tsecr.specified() && whole.tsval.present()) whole.tsecr = state.ts_recent;
  if (has(*whole.flags, SYN)) {
    if (!whole.mss.specified()) whole.mss = state.options.mss;
    if (!whole.wscale.specified()) whole.wscale = state.options.wscale;
    if (!whole.sack_permitted.specified() && state.options.sack_permitted)
      whole.sack_permitted = true;
  }
  Peer& peer = *state.peer;
  Bytes bytes = encode({.source_mac = peer.own_,
                        .destination_mac = peer.host_,
                        .source = state.tuple.local,
                        .destination = state.tuple.remote},
                       whole);
  peer.wire_.send(peer.interface_, bytes, note);
  return bytes;
}

Answer PeerConnection::expect(const Segment& wanted, Duration limit) {
  State& state = *state_;
  Answer answer{.wanted = wanted};
  Time begin = os::now();
  Wire& wire = state.peer->wire_;
  wire.collect();
  wire.loop().until(
      [&] {
        while (!answer.frame && state.taken < state.received.size()) {
          const Frame& frame = state.received[state.taken++];
          answer.came.push_back(frame);
          if (matches(wanted, frame.packet->segment)) answer.frame = frame;
        }
        return answer.frame.has_value();
      },
      begin + limit);
  answer.waited = os::now() - begin;
  return answer;
}

void PeerConnection::finish() {
  auto require = [](const Answer& answer) {
    if (!answer) throw std::runtime_error("the peer could not close: " + answer.report());
  };
  require(expect({.flags = FIN | ACK}));
  send({.flags = ACK});
  send({.flags = FIN | ACK});
  require(expect({.flags = ACK, .ack = snd_nxt()}));
}

Peer::Peer(Wire& wire, size_t interface, const Mac& own, const Mac& host, const Address& address)
    : wire_(wire), interface_(interface), own_(own), host_(host), address_(address) {
  wire_.listen(interface_, [this](const Frame& frame) {
    if (!frame.outgoing && frame.packet) receive(frame);
  });
}

void Peer::receive(const Frame& frame) {
  Tuple tuple{frame.packet->destination, frame.packet->source};
  auto connection = std::find_if(connections_.rbegin(), connections_.rend(),
                                 [&](const auto& candidate) { return candidate->tuple == tuple; });
  if (connection != connections_.rend()) (*connection)->receive(frame);
  Flags flags = *frame.packet->segment.flags;
  if (has(flags, SYN) && !has(flags, ACK)) syns_.push_back(frame);
}

PeerConnection Peer::open(uint16_t port, const Endpoint& remote, const PeerOptions& options) {
  auto state = std::make_shared<PeerConnection::State>(
      PeerConnection::State{.peer = this,
                            .tuple = {{address_, port}, remote},
                            .options = options,
                            .timestamps = options.timestamps,
                            .opened = os::now(),
                            .snd_nxt = options.iss});
  connections_.push_back(state);
  return PeerConnection(state);
}

PeerConnection Peer::connect(uint16_t port, const Endpoint& remote, const PeerOptions& options) {
  PeerConnection connection = open(port, remote, options);
  connection.send({.flags = SYN});
  Answer answer = connection.expect({.flags = SYN | ACK, .ack = connection.snd_nxt()});
  if (!answer) throw std::runtime_error("the peer could not connect: " + answer.report());
  connection.send({.flags = ACK});
  return connection;
}

PeerConnection Peer::accept(uint16_t port, const PeerOptions& options, Duration limit) {
  auto syn = syns_.end();
  wire_.collect();
  wire_.loop().until(
      [&] {
        syn = std::find_if(syns_.begin(), syns_.end(), [&](const Frame& frame) {
          return frame.packet->destination == Endpoint{address_, port};
        });
        return syn != syns_.end();
      },
      os::now() + limit);
  if (syn == syns_.end())
    throw std::runtime_error(
        fmt::format("the peer waited {} for a SYN to port {}", os::show(limit), port));
  Frame frame = *syn;
  syns_.erase(syn);
  PeerConnection connection = open(port, frame.packet->source, options);
  connection.state_->receive(frame);
  connection.state_->taken = 1;
  connection.send({.flags = SYN | ACK});
  Answer answer = connection.expect({.flags = ACK, .ack = connection.snd_nxt()});
  if (!answer) throw std::runtime_error("the peer could not accept: " + answer.report());
  return connection;
}

void Peer::replay(const Bytes& bytes, const std::string& note) {
  wire_.send(interface_, bytes, note);
}

}  // namespace twlab::wire
