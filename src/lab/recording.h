// Everything one run of one lab saw, in one order. Whatever is reported is derived from it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "net/diag.h"
#include "net/socket.h"
#include "os/address.h"
#include "os/clock.h"
#include "wire/frame.h"

namespace twlab {

// Identifies an event of a recording for as long as the recording exists, also after sorting.
// 0 is no event.
using EventId = uint32_t;

// A kernel socket that changed its state or its timer. A vanished socket is CLOSED.
struct StateChange {
  Tuple tuple;
  net::TcpState before = net::TcpState::CLOSED;
  net::TcpState state = net::TcpState::CLOSED;
  net::Timer timer = net::Timer::off;
  Duration timer_left{};  // as sock_diag tells it, in milliseconds
  // The change came after this and by the event's time: when `before` was last seen, or what
  // changed it (a frame, a call) came. The epoch: nobody had looked.
  Time after{};
};

// Anything else worth telling in order: a setting changed, a relay rule set, a section begun.
struct Note {
  enum class Kind : uint8_t { section, setting, relay, process, remark };
  Kind kind = Kind::remark;
  std::string text;
};

struct Event {
  EventId id = 0;
  Time time;
  std::string host;  // whose; empty for the harness
  std::variant<wire::Frame, net::Call, StateChange, Note> what;
};

struct Recording {
  // One for each captured link end, in the order of Frame::interface, named after its host.
  struct Interface {
    std::string host;
    std::vector<Address> addresses;
  };
  std::vector<Interface> interfaces;
  std::vector<Event> events;  // ordered by time once the lab has ended
  uint64_t frames_lost = 0;   // by the kernel's own count (pcap_stats)

  // Sysctls in force, as read after pinning; "-" where this kernel has none of that name.
  std::map<std::string, std::string> settings;
  // host -> counter ("TcpExt.PAWSEstab") -> how much it rose during the lab; only those that did.
  std::map<std::string, std::map<std::string, int64_t>> counters;

  EventId add(Time time, std::string host, decltype(Event::what) what);
  void sort();  // by time; events of one time keep their order

 private:
  EventId last_ = 0;
};

}  // namespace twlab
