#include "explain/tracker.h"

#include <algorithm>

namespace twlab::explain {
namespace {

using wire::ACK;
using wire::FIN;
using wire::RST;
using wire::SYN;

// Two sights of one segment that passes two interfaces of a machine. No retransmission comes as
// soon: a loss probe waits for two round trips and at least 2 ms (tcp_schedule_loss_probe()).
constexpr Duration same_moment = 2ms;
// A copy that comes later than this was held up on its way.
constexpr Duration late = 100ms;
// What was under way when a RST passed is no sign that the RST was ignored.
constexpr Duration under_way = 200ms;
// The widest window there is (RFC 7323 section 2.3), for where the scale was not seen.
constexpr uint32_t widest_window = 1u << 30;

bool same(const Header& a, const Header& b) {
  return a.seq == b.seq && a.ack == b.ack && a.flags == b.flags && a.length == b.length &&
         a.window == b.window && a.ip_id == b.ip_id && a.tsval == b.tsval && a.tsecr == b.tsecr;
}

bool acknowledges_fin(const Header& header, const Side& peer) {
  return peer.fin && header.has(ACK) && distance(header.ack, *peer.fin + 1) >= 0;
}

}  // namespace

Tracker::Tracker(uint64_t number, std::optional<Reuse> reuse) {
  facts_.number = number;
  facts_.reuse = std::move(reuse);
}

size_t Tracker::side_of(const Endpoint& source) const {
  return facts_.sides[0].at == source ? 0 : 1;
}

bool Tracker::take(const Header& header, Stamp at) {
  if (!facts_.first) {
    facts_.first = at;
    bool answer = header.has(SYN) && header.has(ACK);  // then the other side is the client
    facts_.sides[answer].at = header.source;
    facts_.sides[!answer].at = header.destination;
  }
  facts_.last = at;
  size_t side = side_of(header.source);
  if (copied(side, header, at)) {
    ++facts_.copies;
    return false;
  }
  ++facts_.segments;
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  await_answers(side, header, at);
  if (header.has(RST)) {
    reset(side, header, at);
    remember(side, header, at);
    return true;
  }
  if (out_of_reach(side, header)) {
    facts_.strays.add({.side = side, .at = at, .end = header.end(), .flags = header.flags});
    remember(side, header, at);
    return true;
  }
  // A keepalive probe has the number before the next, and at most one octet.
  bool probe = me.sent && header.octets() == 0 && header.seq == me.next - 1;
  bool repeats = me.sent && header.octets() > 0 && distance(header.end(), me.next) <= 0;
  repeats |= probe && header.has(ACK);
  if (repeats) {
    if (!me.repeats++) me.first_repeat = at;
    me.last_repeat = at;
  }
  peer.repeats = 0;
  compare_timestamps(side, header, at);
  if (header.has(SYN)) {
    syn(side, header, at);
  } else {
    if (me.path.empty()) me.path.enter(State::unknown, at, true);
    me.path.show(State::ESTABLISHED);
  }
  if (header.has(ACK)) acknowledgement(side, header, at);
  if (header.length) payload(side, header, at);
  if (header.has(FIN)) fin(side, header, at);
  count(side, header);
  remember(side, header, at);
  return true;
}

// Linux gives each packet of a connection an IP number of its own, but for some that it sends
// without a socket: they have 0.
bool Tracker::copied(size_t side, const Header& header, Stamp at) {
  for (const Remembered& one : recent_[side]) {
    if (!one.at || !same(one.header, header)) continue;
    // The other side has acknowledged it, or has said something to which this is an answer.
    bool since = header.octets() && !one.acknowledged
                     ? acknowledged(side, header)
                     : facts_.sides[1 - side].last.frame > one.at.frame;
    if (!header.ip_id && since) continue;
    Duration after = at.time - one.at.time;
    if (after >= same_moment && !header.ip_id) continue;
    if (after >= late) facts_.late_copies.add({one.at, at});
    return true;
  }
  return false;
}

bool Tracker::acknowledged(size_t side, const Header& header) const {
  const Side& peer = facts_.sides[1 - side];
  return header.octets() > 0 && peer.acks && distance(peer.acked, header.end()) >= 0;
}

void Tracker::remember(size_t side, const Header& header, Stamp at) {
  recent_[side][oldest_[side]] = {header, at, acknowledged(side, header)};
  oldest_[side] = (oldest_[side] + 1) % recent_[side].size();
  facts_.sides[side].last = at;
  facts_.sides[side].last_header = header;
}

// What the other side learns from a segment that is the connection's own.
void Tracker::count(size_t side, const Header& header) {
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  if (!me.sent || distance(header.end(), me.next) > 0) me.next = header.end();
  me.sent = true;
  me.widest = std::max<uint32_t>(me.widest, header.window);
  if (!header.has(ACK) || (me.acks && distance(header.ack, me.acked) <= 0)) return;
  me.acked = header.ack;
  me.acks = true;
  // The capture has missed some of what is acknowledged here.
  if (peer.sent && distance(me.acked, peer.next) > 0 && !peer.fin) peer.next = me.acked;
}

// Beyond any window that the other side can have opened, or so old that it is none of this
// connection's. A challenge ACK answers it (RFC 5961, RFC 9293 section 3.10.7.4).
bool Tracker::out_of_reach(size_t side, const Header& header) const {
  const Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  if (header.has(SYN)) return me.isn && header.seq != *me.isn;
  // Only an answer to the SYN can be of this connection.
  if (peer.isn && !me.isn && peer.path.now() == State::SYN_SENT) return header.ack != *peer.isn + 1;
  if (!me.sent || !peer.acks) return false;
  // A second one in a row: it is the capture that has a hole.
  if (header.seq == me.last_header.end() && me.last_header.octets() > 0) return false;
  uint32_t base = distance(peer.acked, me.next) > 0 ? peer.acked : me.next;
  uint64_t window = widest_window;
  if (facts_.begun && me.isn && peer.isn)
    window = uint64_t(peer.widest)
             << (me.wscale && peer.wscale ? std::min<int>(*peer.wscale, 14) : 0);
  int32_t ahead = distance(header.seq, base);
  return ahead > int64_t(window) + 65'536 || ahead < -int64_t(widest_window);
}

void Tracker::stray(const Header& header, Stamp at, uint64_t of) {
  size_t side = side_of(header.source);
  facts_.last = at;
  if (copied(side, header, at)) {
    ++facts_.copies;
    return;
  }
  ++facts_.segments;
  const Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  int32_t ahead = peer.acks ? distance(header.end(), peer.acked) : 0;
  uint32_t window = peer.widest << (me.wscale && peer.wscale ? std::min<int>(*peer.wscale, 14) : 0);
  facts_.strays.add({.side = side,
                     .at = at,
                     .of = of,
                     .end = header.end(),
                     .fits = ahead > 0 && uint32_t(ahead) <= window,
                     .flags = header.flags});
  remember(side, header, at);
}

// What this side sends may be the answer to something noted of the other.
void Tracker::await_answers(size_t side, const Header& header, Stamp at) {
  Side& peer = facts_.sides[1 - side];
  for (RepeatedFin& one : facts_.repeated_fins.first) {
    if (one.side == side || one.answer) continue;
    if (!header.has(RST) && !acknowledges_fin(header, peer)) continue;
    one.answer = at;
    one.answered_by_reset = header.has(RST);
  }
  auto answered = [&](auto& one) {
    if (one.side == side || one.answer || !header.has(ACK)) return;
    one.answer = at;
    one.taken = distance(header.ack, one.end) >= 0;
  };
  for (OldStamp& one : facts_.old_stamps.first) answered(one);
  for (Stray& one : facts_.strays.first) answered(one);
  if (header.has(RST) || header.octets() == 0) return;
  for (Reset& one : facts_.resets.first) {
    if (one.ignored || one.disowned || one.retried || one.cause == Cause::challenge) continue;
    if (one.side == side) {
      // What came before it may have been overtaken.
      if (!header.has(SYN) && distance(header.end(), one.seq) <= 0) continue;
      (header.has(SYN) ? one.retried : one.disowned) = at;
      facts_.sides[side].path.retract(State::CLOSED);
      if (header.has(SYN)) facts_.sides[1 - side].path.retract(State::CLOSED);
    } else if (at.time - one.at.time >= under_way) {
      one.ignored = at;
      facts_.sides[side].path.retract(State::CLOSED);
    }
  }
}

// The other side keeps the timestamp of what arrives in order (RFC 7323 section 4.3 (2)) and drops
// what has an older one; a segment that fills a gap is not among those.
void Tracker::compare_timestamps(size_t side, const Header& header, Stamp at) {
  if (!header.tsval) return;
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  bool old = me.ts_recent && distance(*header.tsval, *me.ts_recent) < 0;
  if (old && header.octets() > 0)
    facts_.old_stamps.add({.side = side,
                           .at = at,
                           .newer = me.ts_recent_at,
                           .tsval = *header.tsval,
                           .recent = *me.ts_recent,
                           .repeated = me.sent && distance(header.end(), me.next) <= 0,
                           .end = header.end()});
  if (!old && (!peer.acks || distance(header.seq, peer.acked) <= 0) &&
      (!me.ts_recent || *me.ts_recent != *header.tsval)) {
    me.ts_recent = header.tsval;
    me.ts_recent_at = at;
  }
  if (!me.first_tsval) me.first_tsval = header.tsval;
  if (!me.last_tsval || distance(*header.tsval, *me.last_tsval) >= 0) {
    me.last_tsval = header.tsval;
    me.last_tsval_at = at;
  }
}

void Tracker::syn(size_t side, const Header& header, Stamp at) {
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  facts_.begun = true;
  if (header.wscale) me.wscale = header.wscale;
  me.syns.add(at);
  if (me.isn) {
    // The last segment of the handshake, or the one before, was lost.
    if (header.has(ACK)) me.path.retract(State::ESTABLISHED);
    return;
  }
  me.isn = header.seq;
  me.next = header.end();
  if (header.has(ACK)) {
    me.path.enter(State::SYN_RECEIVED, at, true);
    bool answer = !peer.isn || header.ack == *peer.isn + 1;
    if (peer.path.empty()) peer.path.enter(State::unknown, at, true);
    if (answer && (peer.path.now() == State::SYN_SENT || peer.path.now() == State::unknown))
      peer.path.enter(State::ESTABLISHED, at, false);
    return;
  }
  me.path.enter(State::SYN_SENT, at, true);
  if (peer.path.now() != State::SYN_SENT) return;
  // Both at once (RFC 9293 section 3.5): each gets the other's.
  me.path.enter(State::SYN_RECEIVED, peer.last, false);
  peer.path.enter(State::SYN_RECEIVED, at, false);
}

void Tracker::acknowledgement(size_t side, const Header& header, Stamp at) {
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  if (peer.isn && distance(header.ack, *peer.isn) > 0 && peer.path.now() == State::SYN_RECEIVED)
    peer.path.enter(State::ESTABLISHED, at, false);
  if (!acknowledges_fin(header, peer)) return;
  // Out of CLOSING it is the other side's ACK, not its FIN, that leads into TIME_WAIT.
  me.path.show(State::CLOSE_WAIT);
  if (!me.path.find(State::CLOSING)) me.path.show(State::TIME_WAIT);
  peer.fin_acked_last = at;
  if (!peer.fin_acked) {
    peer.fin_acked = at;
    peer.fin_acked_alone = header.octets() == 0;
  }
  switch (peer.path.now()) {
    case State::FIN_WAIT_1:
      // With a FIN in it as well it leads on at once.
      if (!header.has(FIN)) peer.path.enter(State::FIN_WAIT_2, at, false);
      break;
    case State::CLOSING:
      peer.path.enter(State::TIME_WAIT, at, false);
      break;
    case State::LAST_ACK:
      peer.path.enter(State::CLOSED, at, false);
      break;
    default:
      break;
  }
}

// Whoever sends octets has not sent a FIN before.
void Tracker::payload(size_t side, const Header& header, Stamp at) {
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  bool fresh = !me.sent || distance(header.end(), me.next) > 0;
  if (!fresh) return;
  me.payload += me.sent ? std::min<uint32_t>(header.length, header.end() - me.next) : header.length;
  me.last_data = at;
  if (acknowledges_fin(header, peer)) me.after_close += header.length;
  settle(1 - side);
  if (me.path.now() == State::unknown && peer.path.now() == State::unknown && peer.payload &&
      !peer.fin && !me.fin) {
    me.path.enter(State::ESTABLISHED, at, true);
    peer.path.enter(State::ESTABLISHED, at, true);
  }
}

// This side has sent a FIN while it was not known whether the other had done so before the capture
// began. It had not, as is clear now.
void Tracker::settle(size_t side) {
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  if (!me.fin_ambiguous) return;
  me.fin_ambiguous = false;
  me.path.enter(State::FIN_WAIT_1, me.fins.first.front(), true);
  if (me.fin_acked) me.path.enter(State::FIN_WAIT_2, me.fin_acked, false);
  peer.path.enter(State::CLOSE_WAIT, me.fins.first.front(), bool(me.fin_acked));
}

void Tracker::fin(size_t side, const Header& header, Stamp at) {
  Side& me = facts_.sides[side];
  uint32_t number = header.end() - 1;
  if (me.fin && *me.fin != number) return;  // two ends cannot be: one of them is not its own
  bool again = me.fin.has_value();
  me.fin = number;
  me.fins.add(at);
  if (again) {
    repeated_fin(side, at);
  } else {
    first_fin(side, header, at);
  }
}

void Tracker::first_fin(size_t side, const Header& header, Stamp at) {
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  settle(1 - side);
  if (!peer.fin) {
    me.fin_ambiguous = peer.path.now() == State::unknown && !peer.payload;
    if (me.fin_ambiguous) return;
    me.path.enter(State::FIN_WAIT_1, at, true);
    if (peer.path.now() != State::SYN_SENT && peer.path.now() != State::CLOSED)
      peer.path.enter(State::CLOSE_WAIT, at, false);
    return;
  }
  if (acknowledges_fin(header, peer)) {
    if (me.path.now() != State::CLOSE_WAIT)
      me.path.enter(State::CLOSE_WAIT, peer.fins.first.front(), true);
    me.path.enter(State::LAST_ACK, at, true);
    peer.path.enter(State::TIME_WAIT, at, false);
    return;
  }
  facts_.simultaneous = true;
  me.path.retract(State::CLOSE_WAIT);
  me.path.enter(State::FIN_WAIT_1, at, true);
  me.path.enter(State::CLOSING, peer.fins.first.front(), false);
  peer.path.enter(peer.fin_acked ? State::TIME_WAIT : State::CLOSING, at, false);
}

void Tracker::repeated_fin(size_t side, Stamp at) {
  Side& me = facts_.sides[side];
  if (!me.fin_acked) return;
  facts_.repeated_fins.add({.side = side, .acked = me.fin_acked_last, .again = at});
  for (State state : {State::CLOSED, State::TIME_WAIT, State::FIN_WAIT_2})
    if (me.path.retract(state)) break;
}

void Tracker::reset(size_t side, const Header& header, Stamp at) {
  Side &me = facts_.sides[side], &peer = facts_.sides[1 - side];
  me.path.retract(State::TIME_WAIT);  // which would have acknowledged the FIN
  Reset found = judge(facts_, side, header, at);
  if (found.cause == Cause::challenge && me.path.now() == State::SYN_SENT) {
    facts_.resets.add(std::move(found));
    return;
  }
  if (found.cause == Cause::not_its_syn) me.path.retract(State::ESTABLISHED);
  me.path.enter(State::CLOSED, at, false);
  if (found.fits) peer.path.enter(State::CLOSED, at, false);
  facts_.resets.add(std::move(found));
}

}  // namespace twlab::explain
