#include "lab/section.h"

#include <algorithm>

#include "lab/lab.h"

namespace twlab {

const Seen& first(const std::vector<Seen>& trace, const wire::Segment& wanted) {
  std::string others;
  for (const Seen& seen : trace) {
    if (wire::matches(wanted, seen.segment)) return seen;
    others += "\n  " + wire::show(seen.segment);
  }
  throw Unexpected("no segment " + wire::show(wanted) + " among these:" + others);
}

size_t count(const std::vector<Seen>& trace, const wire::Segment& wanted) {
  return static_cast<size_t>(std::count_if(trace.begin(), trace.end(), [&](const Seen& seen) {
    return wire::matches(wanted, seen.segment);
  }));
}

Section::Section(Lab& lab, std::string title, bool control) : lab_(lab) {
  result_.title = std::move(title);
  result_.control = control;
}

bool Section::add(const std::string& what, const std::string& wanted, const std::string& refuting,
                  const std::string& got, Outcome outcome, Evidence evidence, std::string details) {
  for (EventId id : evidence) lab_.decided_by(id);
  result_.checks.push_back(
      {what, wanted, refuting, got, std::move(details), outcome, std::move(evidence)});
  return outcome == Outcome::holds;
}

bool Section::either(const std::string& what, const std::string& got, const std::string& wanted,
                     const std::vector<std::string>& refuting, Evidence evidence) {
  Outcome outcome = got == wanted ? Outcome::holds
                    : std::find(refuting.begin(), refuting.end(), got) != refuting.end()
                        ? Outcome::fails
                        : Outcome::unclear;
  return add(what, wanted, fmt::format("{}", fmt::join(refuting, " or ")), got, outcome,
             std::move(evidence));
}

bool Section::is(const std::string& what, bool holds, const std::string& wanted,
                 const std::string& got, Evidence evidence) {
  return add(what, wanted, "", got, holds ? Outcome::holds : Outcome::fails, std::move(evidence));
}

bool Section::within(const std::string& what, Duration got, Duration least, Duration most,
                     const std::string& why, Evidence evidence) {
  Duration late{};
  for (EventId id : evidence) late += lab_.seen_late(id);
  Outcome outcome = got - late >= least && got + late <= most ? Outcome::holds
                    : got + late < least || got - late > most ? Outcome::fails
                                                              : Outcome::unclear;
  std::string text = os::show(got);
  if (late > 0s)
    text += fmt::format(", give or take {} in which nobody could look", os::show(late));
  return add(what, fmt::format("{} to {} ({})", os::show(least), os::show(most), why), "", text,
             outcome, std::move(evidence));
}

bool Section::answered(const std::string& what, const wire::Answer& answer, Evidence evidence) {
  std::string got = "nothing";
  if (answer) {
    got = wire::show(answer.segment());
    evidence.push_back(answer.frame->id);
  } else if (!answer.came.empty()) {
    got = wire::show(answer.came.back().packet->segment);
    for (const wire::Frame& frame : answer.came) evidence.push_back(frame.id);
  }
  return add(what, wire::show(answer.wanted), "", got, answer ? Outcome::holds : Outcome::fails,
             std::move(evidence), answer ? "" : answer.report());
}

bool Section::segments(const std::string& what, const std::vector<Seen>& got,
                       const std::vector<WantedSegment>& wanted) {
  auto arrow = [](bool outgoing) { return outgoing ? "sent " : "received "; };
  std::vector<std::string> want_text, got_text;
  std::string details;
  Evidence evidence;
  bool holds = got.size() == wanted.size();
  for (const WantedSegment& one : wanted)
    want_text.push_back(arrow(one.outgoing) + wire::show(one.segment));
  for (size_t i = 0; i < got.size(); ++i) {
    evidence.push_back(got[i].id);
    got_text.push_back(arrow(got[i].outgoing) + wire::show(got[i].segment));
    details += got_text.back();
    if (i >= wanted.size()) {
      details += "\n  not wanted\n";
      continue;
    }
    auto why = wire::differences(wanted[i].segment, got[i].segment);
    bool same_way = wanted[i].outgoing == got[i].outgoing;
    if (!same_way) details += "\n  in the other direction";
    if (!why.empty()) details += "\n  " + wire::show(why);
    details += "\n";
    holds = holds && same_way && why.empty();
  }
  return add(what, fmt::format("{}", fmt::join(want_text, "; ")), "",
             got.empty() ? "nothing" : fmt::format("{}", fmt::join(got_text, "; ")),
             holds ? Outcome::holds : Outcome::fails, std::move(evidence), holds ? "" : details);
}

bool Section::states(const std::string& what, const std::vector<SeenState>& got,
                     const std::vector<net::TcpState>& wanted) {
  std::vector<std::string_view> want_text, got_text;
  Evidence evidence;
  for (net::TcpState state : wanted) want_text.push_back(net::name(state));
  for (const SeenState& seen : got) got_text.push_back(net::name(seen.state));
  for (const SeenState& seen : got) evidence.push_back(seen.id);
  return add(what, fmt::format("{}", fmt::join(want_text, ", ")), "",
             fmt::format("{}", fmt::join(got_text, ", ")),
             want_text == got_text ? Outcome::holds : Outcome::fails, std::move(evidence));
}

void Section::unclear(const std::string& what, const std::string& wanted, const std::string& got,
                      Evidence evidence) {
  add(what, wanted, "", got, Outcome::unclear, std::move(evidence));
}

Outcome Section::outcome() const {
  Outcome sum = result_.checks.empty() ? Outcome::unclear : Outcome::holds;
  for (const Check& check : result_.checks) {
    if (check.outcome == Outcome::fails) return Outcome::fails;
    if (check.outcome == Outcome::unclear) sum = Outcome::unclear;
  }
  return sum;
}

}  // namespace twlab
