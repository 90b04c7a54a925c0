// The harness between two links: passes, holds, drops, repeats, delays or swaps the frames of two
// real kernels by rules that match segments. Exact and repeatable, where a random-loss queue is
// neither.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "wire/wire.h"

namespace twlab::wire {

class Relay {
 public:
  // Two interfaces opened for injection; frames from the host of one go to the host of the other.
  Relay(Wire& wire, size_t a, size_t b);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  using RuleId = size_t;
  static constexpr unsigned always = std::numeric_limits<unsigned>::max();

  // Each rule concerns segments from the host of one interface that match the pattern, the first
  // `times` of them. Rules are asked in the order they were made; the first that matches acts, and
  // what matches none, and all that is no TCP, passes.
  RuleId drop(size_t from, const Segment& pattern, unsigned times = 1);
  RuleId hold(size_t from, const Segment& pattern, unsigned times = 1);  // until release()
  RuleId delay(size_t from, const Segment& pattern, Duration by, unsigned times = 1);
  RuleId repeat(size_t from, const Segment& pattern, unsigned copies, unsigned times = 1);
  RuleId copy(size_t from, const Segment& pattern,
              unsigned times = 1);  // passes; release() repeats it
  RuleId swap(size_t from, const Segment& pattern, unsigned times = 1);  // goes after the next one

  // How many frames the rule has acted on.
  unsigned matched(RuleId rule) const;
  // The frames that a hold or copy rule keeps.
  const std::deque<Frame>& held(RuleId rule) const;
  // Sends on what the rule keeps, the oldest first, at most `count`. Returns how many.
  size_t release(RuleId rule, size_t count = std::numeric_limits<size_t>::max(),
                 const std::string& note = "");
  // The rule acts no more; what it keeps is dropped.
  void cancel(RuleId rule);

 private:
  enum class Action : uint8_t { drop, hold, delay, repeat, copy, swap };
  struct Rule {
    Action action;
    size_t from;
    Segment pattern;
    unsigned times;
    Duration by{};
    unsigned copies = 0;
    unsigned matched = 0;
    std::deque<Frame> kept{};
  };
  struct Due {
    Frame frame;
    Duration by;
  };

  RuleId add(Rule rule);
  void handle(const Frame& frame);
  void act(Rule& rule, const Frame& frame);
  void forward(const Frame& frame, const std::string& note = "");
  void send_due();

  Wire& wire_;
  size_t a_, b_;
  std::deque<Rule> rules_;
  std::map<size_t, std::vector<Frame>> swapped_;  // waiting for the next frame from that interface
  std::multimap<Time, Due> due_;
  os::TimerFd timer_;
};

}  // namespace twlab::wire
