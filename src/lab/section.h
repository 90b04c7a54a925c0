// A section of a lab: one procedure, and the checks of what came of it.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "lab/result.h"
#include "wire/peer.h"

namespace twlab {

class Lab;

// One segment as a host's end of the link saw it.
struct Seen {
  EventId id = 0;
  Time time;
  bool outgoing = false;  // sent by the host at whose end it was seen
  wire::Segment segment;
};

// A state in which a host's socket was seen, from one event on. CLOSED: there is no socket.
struct SeenState {
  EventId id = 0;
  net::TcpState state = net::TcpState::CLOSED;
  Time time{};
  net::Timer timer = net::Timer::off;
  Duration timer_left{};
};

// The first segment of the trace that matches; throws Unexpected, listing them all, when none does.
const Seen& first(const std::vector<Seen>& trace, const wire::Segment& wanted);
// How many match.
size_t count(const std::vector<Seen>& trace, const wire::Segment& wanted);

// A segment wanted at a place in a trace.
struct WantedSegment {
  bool outgoing = false;
  wire::Segment segment;
};

// Every function adds one check. Each takes the events that show it; their frames are marked as
// deciding. The return value is whether the check holds.
class Section {
 public:
  using Evidence = std::vector<EventId>;

  // Equal to what was wanted. Anything else speaks against it.
  template <typename T, typename U>  // NOLINTNEXTLINE(performance-unnecessary-value-param)
  bool equal(const std::string& what, const T& got, const U& wanted, Evidence evidence = {}) {
    return add(what, fmt::format("{}", wanted), "", fmt::format("{}", got),
               got == T(wanted) ? Outcome::holds : Outcome::fails, std::move(evidence));
  }

  // Equal to `wanted` holds, equal to one of `refuting` fails; anything else is unclear.
  bool either(const std::string& what, const std::string& got, const std::string& wanted,
              const std::vector<std::string>& refuting, Evidence evidence = {});

  // A condition, with what was got in words.
  bool is(const std::string& what, bool holds, const std::string& wanted, const std::string& got,
          Evidence evidence = {});

  // Between the bounds, both included. The reason for the tolerance belongs into `why`. Unclear
  // when the evidence has a change of state that was seen so late (Lab::seen_late) that both are
  // possible.
  bool within(const std::string& what, Duration got, Duration least, Duration most,
              const std::string& why, Evidence evidence = {});

  // The answer's own expectation came; on failure every frame that came, and how each differs.
  bool answered(const std::string& what, const wire::Answer& answer, Evidence evidence = {});

  // Just these segments in this order, and no others.
  bool segments(const std::string& what, const std::vector<Seen>& got,
                const std::vector<WantedSegment>& wanted);

  // Just these states in this order, and no others (see Lab::path()).
  bool states(const std::string& what, const std::vector<SeenState>& got,
              const std::vector<net::TcpState>& wanted);

  // Nothing can be said: what was got is neither what would confirm nor what would refute.
  void unclear(const std::string& what, const std::string& wanted, const std::string& got,
               Evidence evidence = {});

  const SectionResult& result() const { return result_; }
  Outcome outcome() const;  // fails if any check fails, else unclear if any is or there is none
  bool holds() const { return outcome() == Outcome::holds; }

 private:
  friend class Lab;
  Section(Lab& lab, std::string title, bool control);
  bool add(const std::string& what, const std::string& wanted, const std::string& refuting,
           const std::string& got, Outcome outcome, Evidence evidence, std::string details = "");

  Lab& lab_;
  SectionResult result_;
};

}  // namespace twlab
