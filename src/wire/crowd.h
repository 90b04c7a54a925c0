// Very many TCP endpoints at once: clients that connect to a kernel's server, or servers that take
// whatever a kernel's client opens. None of them keeps a connection: each answer follows from the
// frame that it answers.
//
// Their addresses belong to no interface, so no kernel ever answers for them. Frames go past the
// Wire, which would record a million of them. All is done in the calling thread: the host's kernel
// takes a frame in while it is being sent, so that a second thread gains little.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "wire/checksum.h"
#include "wire/ring.h"

namespace twlab::wire {

struct CrowdOptions {
  Address first{};  // of the crowd's addresses, which follow one another
  // Each address has these ports: tuple number n is port n % ports of address n / ports.
  uint16_t first_port = 1024;
  size_t ports = 64512;
  bool timestamps = true;
};

// What a connection of the crowd comes to.
enum class Ending : uint8_t {
  none,         // it stays established
  host_first,   // the host closes, and the crowd's FIN comes in answer
  crowd_first,  // the crowd's FIN comes with the ACK of the handshake; the host's FIN is answered
};

struct CrowdWave {
  Endpoint server{};
  size_t first = 0, count = 0;  // tuples
  Ending ending = Ending::host_first;
  size_t window = 100;     // connections under way at most; below a listener's usual backlog
  Duration patience = 3s;  // gives up when nothing has come for so long
};

struct CrowdCount {
  size_t opened = 0;       // SYNs sent, repetitions not counted
  size_t established = 0;  // connections whose SYN+ACK came
  size_t ended = 0;        // connections whose FIN came
  size_t refused = 0;      // connections whose RST came
  size_t repeated = 0;     // SYNs sent again
  size_t other_port = 0;   // frames that came from another port than the server's
  Duration took{};
};

class Crowd {
 public:
  // `own` and `host` are the MACs at the two ends of the link. The device should have another MAC
  // than `own`: its kernel then throws what it receives away without a look.
  Crowd(const os::Namespace& ns, const std::string& device, const Mac& own, const Mac& host,
        const CrowdOptions& options);

  // As clients: takes every connection of the wave as far as its ending; returns when the last is
  // there or nothing comes any more. `meanwhile` does, between batches, what the host has to do.
  // Connections of a later wave have higher sequence numbers and timestamps.
  CrowdCount connect(const CrowdWave& wave, const std::function<void()>& meanwhile = {});
  // As servers: answers every SYN and FIN that came. Returns how many frames there were.
  size_t answer();

  Endpoint endpoint(size_t tuple) const;
  const CrowdOptions& options() const { return options_; }
  int fd() const { return ring_.fd(); }  // readable when there is something to answer
  uint64_t lost() const { return ring_.lost(); }

 private:
  enum class Reached : uint8_t { nothing, opened, established, ended, refused };
  void open(size_t number);
  void open_more();
  void repeat();
  void react(std::span<const uint8_t> frame, const CrowdWave* wave);
  void send(const Stamp& stamp, std::span<const uint8_t> frame, uint32_t seq, uint32_t ack);
  void advance(Reached& reached, Reached to, size_t& counter);
  void set_clock();

  CrowdOptions options_;
  Ring ring_;
  Stamp syn_, syn_ack_, ack_, fin_;
  Time begin_;
  uint32_t tsval_ = 0, iss_ = 0;
  // Of the wave under way.
  CrowdWave wave_;
  CrowdCount count_;
  std::vector<Reached> reached_;
  size_t done_ = 0;
};

}  // namespace twlab::wire
