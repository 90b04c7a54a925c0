#include "wire/wire.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <optional>
#include <thread>

#include "wire/codec.h"

namespace twlab::wire {

struct Wire::Tap {
  TapSpec spec;
  std::optional<Capture> capture;
  std::optional<Injector> injector;
  std::vector<std::function<void(const Frame&)>> listeners;
};

namespace {

// Runs the function for each index in threads side by side; the first exception is thrown on.
void in_parallel(size_t count, const std::function<void(size_t)>& body) {
  std::vector<std::exception_ptr> errors(count);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < count; ++i)
      threads.emplace_back([&, i] {
        try {
          body(i);
        } catch (...) {
          errors[i] = std::current_exception();
        }
      });
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace

Wire::Wire(os::Loop& loop, Observer& observer) : loop_(loop), observer_(observer) {}

Wire::~Wire() {
  for (const auto& tap : taps_)
    if (tap->capture) loop_.remove(tap->capture->fd());
  // Giving back a packet socket waits for a grace period: captures and injectors all at once.
  in_parallel(2 * taps_.size(), [this](size_t i) {
    Tap& tap = *taps_[i / 2];
    if (i % 2 == 0)
      tap.capture.reset();
    else
      tap.injector.reset();
  });
}

size_t Wire::open(std::span<const TapSpec> specs) {
  size_t first = taps_.size();
  std::vector<std::unique_ptr<Tap>> opened(specs.size());
  in_parallel(specs.size(), [&](size_t i) {
    const TapSpec& spec = specs[i];
    opened[i] = std::make_unique<Tap>();
    opened[i]->spec = spec;
    opened[i]->capture.emplace(*spec.ns, spec.device);
    if (spec.inject) opened[i]->injector.emplace(*spec.ns, spec.device);
  });
  for (auto& tap : opened) {
    loop_.add(tap->capture->fd(), [this] { collect(); });
    taps_.push_back(std::move(tap));
  }
  return first;
}

void Wire::listen(size_t interface, std::function<void(const Frame&)> listener) {
  taps_.at(interface)->listeners.push_back(std::move(listener));
}

void Wire::send(size_t interface, const Bytes& bytes, const std::string& note) {
  Tap& tap = *taps_.at(interface);
  assert(tap.injector);
  if (!note.empty()) announce(interface, bytes, note);
  tap.injector->send(bytes);
}

std::string Wire::take_note(const Frame& frame) {
  auto sent = std::find_if(sent_.begin(), sent_.end(), [&](const Sent& candidate) {
    return candidate.interface == frame.interface && candidate.bytes == frame.bytes;
  });
  if (sent == sent_.end()) return {};
  std::string note = std::move(sent->note);
  sent_.erase(sent);
  return note;
}

void Wire::collect() {
  // A listener that waited would come back here and see newer frames before older ones.
  assert(!collecting_ && "a listener must not wait");
  collecting_ = true;
  for (bool more = true; more;) {
    std::vector<Frame> frames;
    for (size_t i = 0; i < taps_.size(); ++i) {
      if (!taps_[i]->capture) continue;
      const Mac& mac = taps_[i]->spec.mac;
      taps_[i]->capture->drain([&](Time time, std::span<const uint8_t> bytes) {
        Frame frame{.time = time, .interface = i, .bytes = {bytes.begin(), bytes.end()}};
        frame.outgoing = bytes.size() >= 12 && std::equal(mac.begin(), mac.end(), &bytes[6]);
        frame.packet = decode(bytes);
        frames.push_back(std::move(frame));
      });
    }
    std::stable_sort(frames.begin(), frames.end(),
                     [](const Frame& a, const Frame& b) { return a.time < b.time; });
    for (Frame& frame : frames) {
      frame.note = take_note(frame);
      frame.id = observer_.arrived(frame);
      for (const auto& listener : taps_[frame.interface]->listeners) listener(frame);
      observer_.handled();
    }
    more = !frames.empty();  // listeners may have sent, and a veth delivers at once
  }
  collecting_ = false;
}

void Wire::pause(size_t interface) {
  collect();
  Tap& tap = *taps_.at(interface);
  lost_ += tap.capture->lost();
  loop_.remove(tap.capture->fd());
  tap.capture.reset();
}

void Wire::resume(size_t interface) {
  Tap& tap = *taps_.at(interface);
  tap.capture.emplace(*tap.spec.ns, tap.spec.device);
  loop_.add(tap.capture->fd(), [this] { collect(); });
}

uint64_t Wire::lost() const {
  uint64_t sum = lost_;
  for (const auto& tap : taps_)
    if (tap->capture) sum += tap->capture->lost();
  return sum;
}

}  // namespace twlab::wire
