// TCP endpoints driven by hand: no kernel socket behind them.
//
// A peer's addresses belong to no interface, so no kernel ever answers for it. Whatever is sent is
// what the lab says; what the lab leaves open is filled in as RFC 9293 and RFC 7323 would have it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wire/codec.h"
#include "wire/wire.h"

namespace twlab::wire {

// How a hand-made connection presents itself in its SYN.
struct PeerOptions {
  bool timestamps = true;
  uint32_t iss = 1'000'000;  // initial send sequence number
  uint32_t tsval = 100'000;  // the timestamp clock when the connection is opened; 1 ms a tick
  uint16_t window = 64240;
  uint16_t mss = 1460;
  Option<uint8_t> wscale = 7;
  bool sack_permitted = true;
};

// What came in answer, and how it differs from what was wanted.
struct Answer {
  Segment wanted{};
  std::optional<Frame> frame{};  // the first that matched
  std::vector<Frame> came{};     // everything seen while waiting, the matching one last
  Duration waited{};

  explicit operator bool() const { return frame.has_value(); }
  const Packet& packet() const { return *frame->packet; }
  const Segment& segment() const { return frame->packet->segment; }
  // "wanted [S.]; 2 segments came: ..." with every difference.
  std::string report() const;
};

class Peer;

// One connection of a peer, or the attempt at one. A handle: copies are the same connection.
class PeerConnection {
 public:
  const Tuple& tuple() const;  // local is the peer's
  uint32_t iss() const;
  uint32_t irs() const;            // the kernel's initial sequence number; 0 before its SYN
  uint32_t snd_nxt() const;        // after the last segment sent without a given seq
  uint32_t rcv_nxt() const;        // after the last octet received in order
  uint32_t tsval() const;          // the clock now
  uint32_t ts_recent() const;      // the last TSval received
  void set_clock(uint32_t tsval);  // the clock runs on from here
  void use_timestamps(bool on);    // on segments sent from now on

  // Fills in what is not said: ACK flag, seq = snd_nxt, ack = rcv_nxt, timestamps when in use and
  // the options of a SYN. A segment whose seq is given is forged: it leaves snd_nxt alone. Returns
  // the bytes, to send them again later.
  Bytes send(const Segment& segment, const std::string& note = "");

  // The first segment of this connection that matches and was not taken by an earlier call; those
  // before it are passed over. Waits at most `limit`.
  Answer expect(const Segment& wanted, Duration limit = std::chrono::seconds(2));
  // Whatever segment comes next.
  Answer next(Duration limit = std::chrono::seconds(2)) { return expect({}, limit); }
  // Forgets what came so far and was not taken.
  void skip();

  // All segments that came, from the beginning.
  const std::vector<Frame>& received() const;

  // Answers the kernel's FIN with an ACK and a FIN of its own and takes its last ACK. Throws
  // std::runtime_error with Answer::report() when that does not happen.
  void finish();

 private:
  friend class Peer;
  struct State;
  explicit PeerConnection(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

class Peer {
 public:
  // `interface` was opened for injection; `own` and `host` are the MACs at the two ends of the
  // link.
  Peer(Wire& wire, size_t interface, const Mac& own, const Mac& host, const Address& address);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // An endpoint that has sent nothing yet. A later one of the same tuple takes over what comes in.
  PeerConnection open(uint16_t port, const Endpoint& remote, const PeerOptions& options = {});
  // Opens, and goes through the three-way handshake. Throws std::runtime_error with
  // Answer::report() when the kernel does not answer as it should.
  PeerConnection connect(uint16_t port, const Endpoint& remote, const PeerOptions& options = {});
  // Takes the next SYN to this port and goes through the three-way handshake.
  PeerConnection accept(uint16_t port, const PeerOptions& options = {},
                        Duration limit = std::chrono::seconds(2));

  // Sends bytes that were sent or captured before.
  void replay(const Bytes& bytes, const std::string& note);

  const Address& address() const { return address_; }

 private:
  friend class PeerConnection;
  void receive(const Frame& frame);

  Wire& wire_;
  size_t interface_;
  Mac own_, host_;
  Address address_;
  std::vector<std::shared_ptr<PeerConnection::State>> connections_;
  std::vector<Frame> syns_;  // to no connection, for accept()
};

}  // namespace twlab::wire
