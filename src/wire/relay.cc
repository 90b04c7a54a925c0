#include "wire/relay.h"

#include <fmt/format.h>

#include <algorithm>

namespace twlab::wire {

Relay::Relay(Wire& wire, size_t a, size_t b) : wire_(wire), a_(a), b_(b) {
  for (size_t interface : {a, b})
    wire_.listen(interface, [this](const Frame& frame) {
      if (frame.outgoing) handle(frame);
    });
  wire_.loop().add(timer_.fd(), [this] {
    timer_.acknowledge();
    send_due();
  });
}

Relay::~Relay() {
  wire_.loop().remove(timer_.fd());
}

Relay::RuleId Relay::add(Rule rule) {
  wire_.collect();  // what was sent before the rule was made is not its concern
  rules_.push_back(std::move(rule));
  return rules_.size() - 1;
}

Relay::RuleId Relay::drop(size_t from, const Segment& pattern, unsigned times) {
  return add({Action::drop, from, pattern, times});
}
Relay::RuleId Relay::hold(size_t from, const Segment& pattern, unsigned times) {
  return add({Action::hold, from, pattern, times});
}
Relay::RuleId Relay::delay(size_t from, const Segment& pattern, Duration by, unsigned times) {
  return add({Action::delay, from, pattern, times, by});
}
Relay::RuleId Relay::repeat(size_t from, const Segment& pattern, unsigned copies, unsigned times) {
  return add({Action::repeat, from, pattern, times, {}, copies});
}
Relay::RuleId Relay::copy(size_t from, const Segment& pattern, unsigned times) {
  return add({Action::copy, from, pattern, times});
}
Relay::RuleId Relay::swap(size_t from, const Segment& pattern, unsigned times) {
  return add({Action::swap, from, pattern, times});
}

unsigned Relay::matched(RuleId rule) const {
  return rules_.at(rule).matched;
}
const std::deque<Frame>& Relay::held(RuleId rule) const {
  return rules_.at(rule).kept;
}

void Relay::cancel(RuleId rule) {
  rules_.at(rule).times = 0;
  rules_.at(rule).kept.clear();
}

void Relay::forward(const Frame& frame, const std::string& note) {
  wire_.send(frame.interface == a_ ? b_ : a_, frame.bytes, note);
}

void Relay::handle(const Frame& frame) {
  auto late = std::exchange(swapped_[frame.interface], {});
  auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& candidate) {
    return frame.packet && candidate.from == frame.interface && candidate.times > 0 &&
           matches(candidate.pattern, frame.packet->segment);
  });
  if (rule == rules_.end())
    forward(frame);
  else
    act(*rule, frame);
  for (const Frame& earlier : late) forward(earlier, "swapped by the relay");
}

void Relay::act(Rule& rule, const Frame& frame) {
  if (rule.times != always) --rule.times;
  ++rule.matched;
  switch (rule.action) {
    case Action::drop:
      wire_.annotate(frame.id, "dropped by the relay");
      break;
    case Action::hold:
      wire_.annotate(frame.id, "held by the relay");
      rule.kept.push_back(frame);
      break;
    case Action::delay:
      wire_.annotate(frame.id, "delayed by the relay");
      due_.insert({os::now() + rule.by, {frame, rule.by}});
      timer_.set(due_.begin()->first);
      break;
    case Action::repeat:
      forward(frame);
      for (unsigned i = 0; i < rule.copies; ++i) forward(frame, "repeated by the relay");
      break;
    case Action::copy:
      wire_.annotate(frame.id, "copied by the relay");
      rule.kept.push_back(frame);
      forward(frame);
      break;
    case Action::swap:
      swapped_[frame.interface].push_back(frame);
      break;
  }
}

size_t Relay::release(RuleId id, size_t count, const std::string& note) {
  Rule& rule = rules_.at(id);
  size_t released = 0;
  for (; released < count && !rule.kept.empty(); ++released) {
    Frame frame = std::move(rule.kept.front());
    rule.kept.pop_front();
    forward(frame, note.empty() ? fmt::format("released by the relay after {}",
                                              os::show(os::now() - frame.time))
                                : note);
  }
  wire_.collect();
  return released;
}

void Relay::send_due() {
  while (!due_.empty() && due_.begin()->first <= os::now()) {
    Due due = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    forward(due.frame, fmt::format("delayed by the relay by {}", os::show(due.by)));
  }
  if (!due_.empty()) timer_.set(due_.begin()->first);
}

}  // namespace twlab::wire
