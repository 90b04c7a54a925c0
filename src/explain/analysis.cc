#include "explain/analysis.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace twlab::explain {
namespace {

// How far the numbers of one connection are from one another at most, but for very fast ones.
constexpr int32_t near = 1 << 24;

bool is_near(uint32_t number, const Side& side) {
  return std::abs(int64_t(distance(number, side.next))) < near;
}

Tuple normalized(const Header& header) {
  Tuple tuple{header.source, header.destination};
  return std::min(tuple, tuple.reversed());
}

// What the connection that had the four-tuple before leaves to the one that begins now.
Reuse reuse_of(const Facts& former, const Header& syn, size_t client) {
  const Side& its = former.sides[client];
  Reuse reuse{.of = former.number, .ended = former.last, .was_over = former.over()};
  reuse.client = its.path.now();
  reuse.server = former.sides[1 - client].path.now();
  for (const Side& side : former.sides)
    if (side.path.now() == State::TIME_WAIT) reuse.ended = side.path.passages().back().by;
  reuse.tsval = syn.tsval;
  reuse.last_tsval = its.last_tsval;
  reuse.last_tsval_at = its.last_tsval_at;
  if (its.sent) reuse.ahead = distance(syn.seq, its.next);
  return reuse;
}

}  // namespace

bool Facts::over() const {
  return std::all_of(sides.begin(), sides.end(), [](const Side& side) {
    State now = side.path.now();
    return now == State::CLOSED || now == State::TIME_WAIT || (side.fin && side.fin_acked);
  });
}

size_t Analysis::Hash::operator()(const Tuple& tuple) const {
  auto bytes = [](const Endpoint& end) {
    std::string_view address(reinterpret_cast<const char*>(end.address.bytes.data()),
                             end.address.size());
    return std::hash<std::string_view>{}(address)*31 + end.port;
  };
  return bytes(tuple.local) * 1'000'003 + bytes(tuple.remote);
}

void Analysis::add(Content content, const Header& header, Stamp at) {
  ++result_.contents[static_cast<size_t>(content)];
  if (!result_.first) result_.first = at;
  result_.last = at;
  if (content != Content::tcp) return;

  while (!over_.empty()) {
    const Slot& oldest = slots_.at(over_.front());
    if (at.time - oldest.now->facts().last.time < limits_.memory) break;
    forget(over_, at, false);
  }
  Slot& slot = this->slot(normalized(header), at);
  if (!slot.now) {
    begin(slot, header, at);
  } else if (header.has(wire::SYN)) {
    const Facts& facts = slot.now->facts();
    size_t side = slot.now->side_of(header.source);
    const Side &me = facts.sides[side], &peer = facts.sides[1 - side];
    bool answer = header.has(wire::ACK);
    bool other = me.isn != header.seq;
    // Once there was an answer the same number again is another beginning, if an unusual one.
    bool begins = answer   ? me.isn && other && facts.over()
                  : me.isn ? other || (peer.isn && facts.over())
                           : peer.path.now() != State::SYN_SENT;
    if (begins) begin(slot, header, at);
  } else if (slot.former && to_former(slot, header, at)) {
    return;
  }
  Tracker& tracker = *slot.now;
  if (!tracker.take(header, at)) return;
  draw(tracker, header, at);
  if (slot.former && header.has(wire::SYN) && header.has(wire::ACK)) {
    Stamp& accepted = slot.former->facts().successor_accepted;
    if (!accepted) accepted = at;
  }
  if (bool over = tracker.facts().over(); over != slot.over) {
    slot.over = over;
    auto& from = over ? open_ : over_;
    auto& to = over ? over_ : open_;
    to.splice(to.end(), from, slot.place);
  }
}

Analysis::Slot& Analysis::slot(const Tuple& tuple, Stamp at) {
  auto found = slots_.find(tuple);
  if (found != slots_.end()) {
    auto& list = found->second.over ? over_ : open_;
    list.splice(list.end(), list, found->second.place);
    return found->second;
  }
  if (slots_.size() >= limits_.tracked) forget(over_.empty() ? open_ : over_, at, true);
  Slot& slot = slots_[tuple];
  slot.place = open_.insert(open_.end(), tuple);
  return slot;
}

void Analysis::begin(Slot& slot, const Header& header, Stamp at) {
  std::optional<Reuse> reuse;
  if (slot.now) {
    Facts& facts = slot.now->facts();
    size_t sender = slot.now->side_of(header.source);
    facts.successor = result_.connections + 1;
    facts.successor_client = header.bare_syn() ? sender : 1 - sender;
    facts.successor_syn = at;
    if (header.bare_syn()) reuse = reuse_of(facts, header, sender);
    if (slot.former) retire(std::move(slot.former), at, false);
    slot.former = std::move(slot.now);
  }
  slot.now = std::make_unique<Tracker>(++result_.connections, std::move(reuse));
}

// Whether the segment is of the four-tuple's former connection; it has been dealt with then.
bool Analysis::to_former(Slot& slot, const Header& header, Stamp at) {
  Facts &now = slot.now->facts(), &former = slot.former->facts();
  size_t side = slot.now->side_of(header.source), was = slot.former->side_of(header.source);
  const Side &client = now.sides[0], &server = now.sides[1];
  if (now.reuse && client.isn && !server.isn) {
    bool from_client = side == 0;
    bool of_now = from_client ? header.seq == *client.isn + 1
                              : header.has(wire::ACK) && header.ack == *client.isn + 1;
    if (of_now) return false;
    Side& stuck = former.sides[1 - was];
    if (!from_client && !header.has(wire::RST) && !now.reuse->challenged) {
      // Whoever answers for the former connection still has it.
      former.sides[was].path.retract(State::CLOSED);
      now.reuse->server = former.sides[was].path.now();
      now.reuse->challenged = at;
    }
    if (from_client && header.has(wire::RST) && now.reuse->challenged && !now.reuse->reset &&
        header.seq == stuck.last_header.ack)
      now.reuse->reset = at;
    if (!slot.former->take(header, at)) return true;
    draw(*slot.former, header, at);
    draw(*slot.now, header, at);  // whose story it is as well
    return true;
  }
  const Side &its = former.sides[was], &mine = now.sides[side];
  if (!its.isn || !mine.sent || header.octets() == 0) return false;
  const Side &others = former.sides[1 - was], &yours = now.sides[1 - side];
  bool was_its = distance(header.seq, *its.isn) >= 0 && distance(header.end(), its.next) <= 0;
  bool older = header.tsval && mine.first_tsval && distance(*header.tsval, *mine.first_tsval) < 0;
  bool answers_former =
      header.has(wire::ACK) && is_near(header.ack, others) && !is_near(header.ack, yours);
  if (!was_its || (is_near(header.seq, mine) && !older && !answers_former)) return false;
  slot.now->stray(header, at, former.number);
  draw(*slot.now, header, at);
  return true;
}

void Analysis::draw(const Tracker& tracker, const Header& header, Stamp at) {
  if (tracker.facts().number != wanted_) return;
  Passed passed{header, at, tracker.side_of(header.source)};
  auto& first = result_.drawn.segments;
  if (first.size() < limits_.segments) {
    first.push_back(passed);
    return;
  }
  drawn_last_.push_back(passed);
  if (drawn_last_.size() <= limits_.segments) return;
  drawn_last_.pop_front();
  ++result_.drawn.omitted;
}

void Analysis::forget(std::list<Tuple>& list, Stamp at, bool early) {
  auto found = slots_.find(list.front());
  Slot& slot = found->second;
  if (early && &list == &open_) {
    slot.now->facts().let_go = true;
    ++result_.let_go;
  }
  if (slot.former) retire(std::move(slot.former), at, false);
  retire(std::move(slot.now), at, false);
  slots_.erase(found);
  list.pop_front();
}

void Analysis::retire(std::unique_ptr<Tracker> tracker, Stamp at, bool capture_ended) {
  Connection told = explain::told(tracker->facts(), at.time, capture_ended);
  result_.copies += told.copies;
  ++result_.endings[static_cast<size_t>(told.ending)];
  for (const Finding& finding : told.findings)
    ++result_.findings[static_cast<size_t>(finding.kind)];
  size_t& kept = told.remarkable() ? remarkable_ : plain_;
  if (kept >= limits_.kept && told.number != wanted_) {
    ++result_.not_told;
    return;
  }
  ++kept;
  result_.told.push_back(std::move(told));
}

Result Analysis::finish() {
  for (auto* list : {&over_, &open_}) {
    for (const Tuple& tuple : *list) {
      Slot& slot = slots_.at(tuple);
      if (slot.former) retire(std::move(slot.former), result_.last, true);
      retire(std::move(slot.now), result_.last, true);
    }
    list->clear();
  }
  slots_.clear();
  std::sort(result_.told.begin(), result_.told.end(),
            [](const Connection& a, const Connection& b) { return a.number < b.number; });
  auto& segments = result_.drawn.segments;
  segments.insert(segments.end(), drawn_last_.begin(), drawn_last_.end());
  return std::move(result_);
}

}  // namespace twlab::explain
