// All the taps of one lab: what any of them captures comes out here, in the order of its time
// stamps.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "os/loop.h"
#include "os/namespace.h"
#include "wire/capture.h"
#include "wire/frame.h"
#include "wire/injector.h"

namespace twlab::wire {

using Mac = std::array<uint8_t, 6>;

// One end of a link under observation. `mac` is that of the host whose end it is, also when the
// device is the harness's half of the pair: a frame from it is outgoing, whichever half saw it.
struct TapSpec {
  const os::Namespace* ns = nullptr;
  std::string device{};
  Mac mac{};
  bool inject = false;  // the harness sends here
};

// Hears of every frame. The lab records with it.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual uint32_t arrived(const Frame& frame) = 0;  // returns the id that the frame gets
  virtual void annotated(uint32_t id, const std::string& note) = 0;
  virtual void handled() = 0;  // whoever listens for the frame has acted on it
};

class Wire {
 public:
  // Neither is owned.
  Wire(os::Loop& loop, Observer& observer);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Opens taps, all at once since each takes its time, and returns the index of the first; the
  // others follow. It becomes Frame::interface.
  size_t open(std::span<const TapSpec> taps);

  // Called for each frame of the interface, after the observer. Lives as long as the wire.
  void listen(size_t interface, std::function<void(const Frame&)> listener);

  // Sends on an interface opened with `inject`. The note appears on the frame when it is captured.
  void send(size_t interface, const Bytes& bytes, const std::string& note = "");
  // The note for bytes that somebody else is about to send there.
  void announce(size_t interface, const Bytes& bytes, const std::string& note) {
    sent_.push_back({interface, bytes, note});
  }
  void annotate(uint32_t id, const std::string& note) { observer_.annotated(id, note); }

  // Takes in everything that was captured so far. The loop does this too whenever frames arrive.
  void collect();

  // Captures no more on the interface until resume(): for traffic that is counted and not recorded.
  // Each takes its time, as opening does.
  void pause(size_t interface);
  void resume(size_t interface);

  uint64_t lost() const;
  os::Loop& loop() { return loop_; }

 private:
  struct Tap;
  struct Sent {
    size_t interface;
    Bytes bytes;
    std::string note;
  };
  std::string take_note(const Frame& frame);

  os::Loop& loop_;
  Observer& observer_;
  std::vector<std::unique_ptr<Tap>> taps_;
  uint64_t lost_ = 0;       // by captures that were closed
  std::vector<Sent> sent_;  // with a note, not yet captured
  bool collecting_ = false;
};

}  // namespace twlab::wire
