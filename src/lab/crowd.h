// Very many crafted clients of a host's server, or servers of a host's clients, on a link of their
// own. What their addresses and answers are like is told in wire/crowd.h.
//
// A million frames cannot be recorded. Each wave's first connections and its last ones are captured
// at the host's end, and the calls made for them recorded, one after another, as anywhere else;
// between them the capture is closed, and a note tells what passed meanwhile, by the device's own
// counters. After a wave that leaves its connections established it stays closed.
#pragma once

#include <string>

#include "lab/recording.h"
#include "lab/socket.h"
#include "net/link.h"
#include "wire/crowd.h"
#include "wire/wire.h"

namespace twlab {

class Host;
class Lab;

using wire::Ending;

// What came of a wave, captured connections included.
struct CrowdResult {
  size_t opened = 0;       // SYNs sent, repetitions not counted
  size_t established = 0;  // connections whose SYN+ACK came
  size_t ended = 0;        // connections in which both sides closed
  size_t refused = 0;      // connections whose RST came, or whose connect() failed later
  size_t other_port = 0;   // frames from another port of the host than the server's
  int error = 0;           // errno of the connect() at which dial() ended early
  // Of those not captured.
  size_t uncaptured = 0;
  Duration took{};
  net::Traffic traffic{};  // frames, as the host's device counts them
  EventId id = 0;          // the note that tells all this

  double per_second() const { return static_cast<double>(uncaptured) / os::seconds(took); }
};

class Crowd {
 public:
  // Made by Lab::crowd(). `interface` captures at the host's end.
  Crowd(Lab& lab, Host& host, wire::Wire& wire, size_t interface, const net::LinkEnd& host_end,
        const net::LinkEnd& end, const wire::Mac& own, const wire::CrowdOptions& options);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // `count` clients, each with a tuple that no wave had before, connect to the listener, and each
  // connection goes as far as `ending`; when no more comes of it for 3 s, the wave ends early. The
  // host accepts and closes each; with Ending::none it accepts none, so that established sockets
  // need no descriptors but room in the backlog. Every wave but a small one needs one of 100 at
  // least.
  CrowdResult connect(Socket& listener, size_t count, Ending ending = Ending::host_first);
  // The tuples from number `first` on, used before or not: their sequence numbers and timestamps
  // are newer.
  CrowdResult connect_again(Socket& listener, size_t first, size_t count,
                            Ending ending = Ending::host_first);
  // The host's kernel opens `count` connections to this port of the crowd's first address, and
  // closes each as soon as it is established. Ends early when connect() fails at once, as it does
  // when all ports are taken. Ports are the kernel's choice; but since connect() goes through every
  // other port of the range before it finds the last free ones, ip_local_port_range is narrowed to
  // one small piece after another meanwhile.
  CrowdResult dial(uint16_t port, size_t count);

  // For measuring: clients that leave nothing behind, since they close first, connect and are
  // served. Nothing is captured or recorded. Tuples are those from number `first` on. Returns how
  // long it took, or 0 when not all were served.
  Duration visit(Socket& listener, size_t first, size_t count);

  // One of the crowd's endpoints for the host's clients; it answers whenever the lab waits.
  Endpoint at(uint16_t port) const;
  // The tuple from the host's point of view.
  Tuple tuple(Socket& listener, size_t number) const;

 private:
  CrowdResult wave(Socket& listener, wire::CrowdWave wave);
  void dial_one(CrowdResult& result, uint16_t port);
  void dial_many(CrowdResult& result, uint16_t port, size_t count);
  void add(CrowdResult& result, const wire::CrowdCount& count);
  void serve_recorded(Socket& listener);
  // The capture is closed meanwhile.
  void uncaptured(CrowdResult& result, const std::function<void()>& body);
  void capture(bool on);
  void tell(CrowdResult& result, const std::string& what);

  Lab& lab_;
  Host& host_;
  wire::Wire& wire_;
  size_t interface_;
  net::LinkEnd host_end_;
  wire::Crowd crowd_;
  bool capturing_ = true;
  size_t used_ = 0;  // tuples
};

}  // namespace twlab
