#include "lab/lab.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace twlab {
namespace {

// More tuples than this on one host are a scale lab's, which counts sockets and follows none.
constexpr size_t kMostWatched = 64;
// Below this a wait is not worth telling.
constexpr Duration kWorthTelling = 500ms;
// How often to look whether a state has changed once its timer has run out: timers of the kernel's
// wheel may be late by an eighth of their length.
constexpr Duration kLook = 5ms;
// A look a little before the timer ends tells when its end may have come, should the next be late.
// What is seen later than by kStall after the last look is taken for late: beyond what a busy
// machine's scheduling takes.
constexpr Duration kEarly = 100ms, kStall = 250ms;
// Besides, each pause is twice the one before, from the first to the second of these.
constexpr Duration kFirstLook = 100us, kRareLook = 250ms, kWatchfulLook = 2s;

Duration to_next_look(Duration timer_left) {
  return std::max(timer_left > kEarly ? timer_left - kEarly : timer_left, kLook);
}

}  // namespace

Lab::Lab(const LabInfo& info, Family family, Waiting waiting, Settings settings, Recorded recorded,
         const Surroundings& surroundings, SharedSettings* first)
    : info_(info),
      family_(family),
      waiting_(std::move(waiting)),
      settings_(std::move(settings)),
      recorded_(std::move(recorded)),
      surroundings_(surroundings),
      first_(first),
      realtime_offset_(os::realtime_offset()),
      harness_(os::Namespace::create()),
      wire_(loop_, *this) {
  result_.lab = info.name;
  result_.family = family;
  result_.begin = os::now();
  loop_.add(wakeup_.fd(), [this] { wakeup_.acknowledge(); });
}

Lab::~Lab() = default;

// --- waiting -------------------------------------------------------------------------------------

bool Lab::until(const std::function<bool()>& condition, Duration limit,
                const std::function<Time()>& next) {
  collect();
  Time begin = os::now();
  bool reached = loop_.until(condition, begin + limit, next);
  collect();
  // Frames have been followed one by one; only a timer can have done anything besides.
  if (os::now() - begin >= kLook) sample();
  return reached;
}

bool Lab::until_readable(int fd, Duration limit) {
  bool ready = false;
  loop_.add(fd, [&] { ready = true; });
  bool reached = until([&] { return ready; }, limit);
  loop_.remove(fd);
  return reached;
}

void Lab::wait(Duration duration, const std::string& what) {
  if (duration >= kWorthTelling) waiting_(what, os::now() + duration);
  until([] { return false; }, duration);
}

bool Lab::look_until(Host& host, const Tuple& tuple, Duration limit,
                     const std::function<bool(net::TcpState)>& wanted, Time* when) {
  host.watched_.emplace(tuple, Host::Look{});  // asked for by name: above the limit, too
  std::optional<net::TcpState> told;           // the state whose end was announced
  Duration pause = kFirstLook;
  Time next;
  return until(
      [&] {
        Host::Look& look = host.watched_.at(tuple);
        sample(host, tuple, look);
        const net::SocketInfo& socket = look.info;
        Time now = os::now();
        // Frames wake the loop; what a timer does, or a link without a tap, only a look shows.
        bool runs = socket.timer != Timer::off;
        next = now + (runs ? std::min(pause, to_next_look(socket.timer_left))
                           : std::min(pause, kRareLook));
        pause = std::min<Duration>(2 * pause, 1h);
        if (wanted(socket.state)) {
          if (when) *when = now;
          return true;
        }
        if (socket.timer_left >= kWorthTelling && socket.state != told) {
          told = socket.state;
          waiting_(fmt::format("{}'s {} to end", host.name(), net::name(socket.state)),
                   std::min(now + socket.timer_left, now + limit));
        }
        return false;
      },
      limit, [&] { return next; });
}

bool Lab::reaches_state(Host& host, const Tuple& tuple, net::TcpState state, Duration limit,
                        Time* when) {
  return look_until(
      host, tuple, limit, [&](net::TcpState now) { return now == state; }, when);
}

Time Lab::await_state(Host& host, const Tuple& tuple, net::TcpState state, Duration limit) {
  Time when{};
  if (!reaches_state(host, tuple, state, limit, &when))
    throw Unexpected(fmt::format("{}: {} is {}, not {}, after {}", host.name(), show(tuple),
                                 net::name(host.state(tuple)), net::name(state), os::show(limit)));
  return when;
}

bool Lab::watch_until(const std::function<bool()>& condition, Duration limit,
                      const std::string& what) {
  if (limit >= kWorthTelling) waiting_(what, os::now() + limit);
  Time next;
  auto look = [&] {
    sample();
    Duration soonest = kWatchfulLook;
    for (Host& host : hosts_)
      for (auto& [tuple, last] : host.watched_)
        if (last.info.timer != Timer::off)
          soonest = std::min(soonest, to_next_look(last.info.timer_left));
    next = os::now() + soonest;
    return condition();
  };
  return until(look, limit, [&] { return next; });
}

// --- recording -----------------------------------------------------------------------------------

Event* Lab::event(EventId id) {
  auto& events = result_.recording.events;
  // Ids rise in the order of arrival until finish() sorts by time.
  auto found =
      std::lower_bound(events.begin(), events.end(), id,
                       [](const Event& event, EventId wanted) { return event.id < wanted; });
  return found != events.end() && found->id == id ? &*found : nullptr;
}

EventId Lab::add(Time time, const std::string& host, decltype(Event::what) what) {
  EventId id = result_.recording.add(time, host, std::move(what));
  Event& event = result_.recording.events.back();
  if (auto* frame = std::get_if<wire::Frame>(&event.what)) frame->id = id;
  if (recorded_) recorded_(result_.recording, event);
  return id;
}

uint32_t Lab::arrived(const wire::Frame& frame) {
  Host* host = interface_hosts_.at(frame.interface);
  touched_ = {};
  touched_at_ = frame.time;
  if (frame.packet) {
    touched_ = {frame.packet->source, frame.packet->destination};
    if (host) watch(*host, frame.outgoing ? touched_ : touched_.reversed());
  }
  return add(frame.time, result_.recording.interfaces.at(frame.interface).host, frame);
}

void Lab::handled() {
  for (Host& host : hosts_)
    for (auto& [tuple, last] : host.watched_)
      if (tuple == touched_ || tuple == touched_.reversed()) {
        last.time = std::max(last.time, touched_at_);
        sample(host, tuple, last);
      }
}

void Lab::annotated(uint32_t id, const std::string& note) {
  say(id, note);
}

void Lab::say(EventId id, const std::string& words) {
  Event* found = event(id);
  assert(found && std::holds_alternative<wire::Frame>(found->what));
  std::string& note = std::get<wire::Frame>(found->what).note;
  note += note.empty() ? words : "; " + words;
  if (recorded_) recorded_(result_.recording, *found);
}

void Lab::decided_by(EventId id) {
  Event* found = event(id);
  if (!found) return;
  if (auto* frame = std::get_if<wire::Frame>(&found->what)) frame->decisive = true;
}

Duration Lab::seen_late(EventId id) {
  Event* found = event(id);
  auto* change = found ? std::get_if<StateChange>(&found->what) : nullptr;
  if (!change || change->after == Time{}) return {};
  Duration unseen = found->time - change->after;
  return unseen > kStall ? unseen : Duration{};
}

EventId Lab::note(Note::Kind kind, const std::string& text, const std::string& host) {
  collect();
  return add(os::now(), host, Note{kind, text});
}

std::optional<Size> Lab::struct_size(const std::string& name) {
  try {
    if (!types_) types_.emplace();
  } catch (const std::system_error& error) {
    throw NotMeasurable(error.what());
  }
  auto bytes = types_->struct_size(name);
  if (!bytes) return {};
  std::string text = fmt::format("BTF: struct {} has {} bytes", name, *bytes);
  return Size{*bytes, note(Note::Kind::remark, text)};
}

std::optional<net::Slab> Lab::slab(const std::string& name) {
  auto slab = net::read_slab(name);
  if (slab)
    note(Note::Kind::remark, fmt::format("slab {}: {} objects of {} bytes, {} bytes in all", name,
                                         slab->objects, slab->object_size, slab->bytes));
  return slab;
}

EventId Lab::mark(const std::string& text) {
  return note(Note::Kind::remark, text);
}

Result Lab::record(Host& host, const net::Call& call) {
  collect();
  EventId id = add(call.begin, host.name(), call);
  if (call.tuple.remote.port != 0) watch(host, call.tuple);
  for (auto& [tuple, last] : host.watched_) {
    if (tuple == call.tuple) last.time = std::max(last.time, call.begin);
    sample(host, tuple, last);
  }
  return {call, id};
}

void Lab::watch(Host& host, const Tuple& tuple) {
  if (host.watched_.size() < kMostWatched) host.watched_.emplace(tuple, Host::Look{});
}

void Lab::sample() {
  for (Host& host : hosts_)
    for (auto& [tuple, last] : host.watched_) sample(host, tuple, last);
}

void Lab::sample(Host& host, const Tuple& tuple, Host::Look& last) {
  Host::Look now{{}, os::now()};
  now.info = host.diag_.find(tuple).value_or(net::SocketInfo{});
  if (now.info.state != last.info.state || now.info.timer != last.info.timer)
    add(os::now(), host.name(),
        StateChange{tuple, last.info.state, now.info.state, now.info.timer, now.info.timer_left,
                    last.time});
  last = now;
}

// --- judging -------------------------------------------------------------------------------------

Section& Lab::section(const std::string& title) {
  note(Note::Kind::section, title);
  sections_.push_back(Section(*this, title, false));
  return sections_.back();
}

Section& Lab::control(const std::string& title) {
  note(Note::Kind::section, "control: " + title);
  sections_.push_back(Section(*this, title, true));
  return sections_.back();
}

namespace {

// The first check of the outcome, in words.
std::string describe(const Section& section, Outcome outcome) {
  for (const Check& check : section.result().checks)
    if (check.outcome == outcome)
      return fmt::format("{}: wanted {}, got {}", check.what, check.wanted, check.got);
  return "no check was made";
}

}  // namespace

Judgement Lab::judge(const std::string& claim, std::initializer_list<const Section*> sections,
                     const Section& control) {
  assert(std::find(info_.claims.begin(), info_.claims.end(), claim) != info_.claims.end());
  ClaimVerdict made{.claim = claim, .control = control.result().title};
  const Section* failed = nullptr;
  const Section* unclear = nullptr;
  size_t checks = 0;
  for (const Section* section : sections) {
    made.sections.push_back(section->result().title);
    checks += section->result().checks.size();
    if (section->outcome() == Outcome::fails && !failed) failed = section;
    if (section->outcome() == Outcome::unclear && !unclear) unclear = section;
  }
  if (!control.holds()) {
    made.verdict = Verdict::inconclusive;
    made.reason = "the control (" + made.control +
                  ") did not come out as it must: " + describe(control, control.outcome());
  } else if (failed) {
    made.verdict = Verdict::refuted;
    made.reason = describe(*failed, Outcome::fails);
  } else if (unclear) {
    made.verdict = Verdict::inconclusive;
    made.reason = describe(*unclear, Outcome::unclear);
  } else {
    made.verdict = Verdict::confirmed;
    made.reason = checks == 1 ? (*sections.begin())->result().checks[0].what + ": as wanted"
                              : fmt::format("all {} checks hold", checks);
    made.reason += ", and the control came out the other way";
  }
  result_.verdicts.push_back(std::move(made));
  return Judgement(result_.verdicts.back());
}

void Lab::plot(Plot plot) {
  if (std::string why = fault(plot); !why.empty())
    throw std::invalid_argument(fmt::format("the plot '{}' {}", plot.title, why));
  result_.plots.push_back(std::move(plot));
}

LabResult Lab::finish() {
  collect();
  sample();
  Recording& recording = result_.recording;
  recording.frames_lost = wire_.lost();
  for (Host& host : hosts_) {
    recording.settings.insert(host.settings().begin(), host.settings().end());
    recording.counters[host.name()] = host.counters();
  }
  recording.sort();
  for (const Section& section : sections_) result_.sections.push_back(section.result());
  Duration moved = os::realtime_offset() - realtime_offset_;
  std::string doubt;
  if (recording.frames_lost > 0)
    doubt = fmt::format("the capture lost {} frames; run fewer labs at a time (--jobs)",
                        recording.frames_lost);
  else if (moved > 5ms || moved < -5ms)
    doubt = fmt::format("somebody set the clock by {} meanwhile; run it again", os::show(moved));
  for (ClaimVerdict& verdict : result_.verdicts)
    if (!doubt.empty()) {
      verdict.verdict = Verdict::inconclusive;
      verdict.reason = doubt;
    }
  result_.took = os::now() - result_.begin;
  return std::move(result_);
}

}  // namespace twlab
