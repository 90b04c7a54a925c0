// Very many TCP endpoints at once: clients on several addresses that connect to a kernel server,
// or servers that accept whatever a kernel client opens. None of them keeps a connection: every
// answer follows from the frame it answers.
//
// Their addresses belong to no interface, so no kernel ever answers for them. Frames go past the
// Wire, or the recording would hold a million of them; they are counted instead.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "wire/checksum.h"
#include "wire/ring.h"

namespace twlab::wire {

struct CrowdOptions {
  Address first{};  // of the crowd's addresses, which follow one another
  // Each address has these ports; tuple number n is port n % ports of address n / ports.
  uint16_t first_port = 1024;
  size_t ports = 64512;
  bool timestamps = true;
};

// What a connection of the crowd comes to.
enum class Ending : uint8_t {
  none,         // it stays established
  host_first,   // the host closes, the crowd answers with its own FIN
  crowd_first,  // the crowd's FIN comes with its handshake's ACK, the host's FIN is acknowledged
};

struct CrowdWave {
  Endpoint server{};
  size_t first = 0, count = 0;  // tuples
  Ending ending = Ending::host_first;
  size_t window = 2048;    // connections under way at most
  Duration patience = 3s;  // gives up when nothing has happened for so long
};

struct CrowdCount {
  size_t opened = 0;       // SYNs sent, without repetitions
  size_t established = 0;  // SYN+ACKs answered
  size_t ended = 0;        // FINs answered
  size_t reset = 0;        // RSTs received
  size_t repeated = 0;     // SYNs sent again
  Duration took{};
};

class Crowd {
 public:
  // `own` and `host` are the MACs at the two ends of the link. The device should have another MAC
  // than `own`, so that its kernel does not even look at what it receives.
  Crowd(const os::Namespace& ns, const std::string& device, const Mac& own, const Mac& host,
        const CrowdOptions& options);

  // Clients: takes every connection of the wave as far as its ending, and returns when the last is
  // there or nothing happens any more. `meanwhile` runs between batches, for what the same thread
  // has to do at the host.
  CrowdCount connect(const CrowdWave& wave, const std::function<void()>& meanwhile = {});
  // Servers: accepts and closes whatever the host opens and closes, until told to stop.
  CrowdCount serve(const std::atomic<bool>& stop);

  Endpoint endpoint(size_t tuple) const;
  uint64_t sent() const { return ring_.sent(); }
  uint64_t lost() const { return ring_.lost(); }

 private:
  enum class Reached : uint8_t { nothing, opened, established, ended };
  void open(size_t tuple, const Endpoint& server);
  void react(std::span<const uint8_t> frame, Ending ending);
  void answer(const Stamp& stamp, std::span<const uint8_t> frame, uint32_t seq, uint32_t ack);
  Reached* reached(const uint8_t* address, uint16_t port);

  CrowdOptions options_;
  Ring ring_;
  Stamp syn_, syn_ack_, ack_, fin_;
  CrowdCount count_;
  // Of the wave under way.
  std::vector<Reached> reached_;
  size_t first_ = 0;
};

}  // namespace twlab::wire
