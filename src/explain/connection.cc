#include "explain/connection.h"

#include <algorithm>

#include "explain/facts.h"

namespace twlab::explain {
namespace {

// Nothing that had not arrived would go unrepeated for so long: the first time-out is 1 s at most
// (RFC 6298), after a lost SYN 3 s.
constexpr Duration not_repeated = 3s;

// What is entered by a segment that the other side would have repeated, had it been lost.
bool shown_by_silence(const Passage& passage, Time end) {
  bool repeats = passage.state == State::ESTABLISHED || passage.state == State::FIN_WAIT_2 ||
                 passage.state == State::CLOSED;
  return repeats && end - passage.by.time >= not_repeated;
}

Ending ending(const Facts& facts) {
  const auto& [client, server] = facts.sides;
  if (facts.over() && client.fin_acked && server.fin_acked) return Ending::closed;
  for (const Reset& reset : facts.resets.first) {
    if (reset.disowned || reset.retried || reset.cause == Cause::challenge) continue;
    bool gone = reset.cause == Cause::abort || reset.cause == Cause::unread;
    if (!gone && (reset.ignored || !reset.fits)) continue;
    return reset.cause == Cause::refused ? Ending::refused : Ending::reset;
  }
  if (client.fin && server.fin) return Ending::closed;
  if (client.fin || server.fin)
    return client.fin_ambiguous || server.fin_ambiguous ? Ending::unclear : Ending::half_closed;
  return facts.begun && client.isn && !server.sent ? Ending::unanswered : Ending::open;
}

int closed_first(const Facts& facts) {
  const auto& [client, server] = facts.sides;
  if (facts.simultaneous || (!client.fin && !server.fin)) return -1;
  if (client.fin_ambiguous || server.fin_ambiguous) return -1;
  if (!server.fin) return 0;
  if (!client.fin) return 1;
  return client.fins.first.front().frame < server.fins.first.front().frame ? 0 : 1;
}

void add_time_wait(Connection& told, const Facts& facts, size_t side, Time end,
                   bool capture_ended) {
  const auto& path = told.paths[side];
  auto found = std::find_if(path.begin(), path.end(),
                            [](const Passage& p) { return p.state == State::TIME_WAIT; });
  if (found == path.end()) return;
  Stay stay{.side = side, .from = found->by, .until = {0, end}};
  stay.end = capture_ended ? Stay::End::capture : Stay::End::expired;
  Stamp again = facts.successor_client == side ? facts.successor_syn : facts.successor_accepted;
  if (found + 1 != path.end()) {
    stay.end = Stay::End::reset;
    stay.until = (found + 1)->by;
  } else if (facts.successor && again) {
    stay.end = Stay::End::reuse;
    stay.until = again;
  }
  told.time_wait.push_back(stay);
}

}  // namespace

std::string_view name(Ending ending) {
  constexpr std::string_view names[ending_count] = {
      "open", "unanswered", "refused", "half-closed", "unclear", "closed", "reset"};
  return names[static_cast<size_t>(ending)];
}

std::string_view name(Kind kind) {
  constexpr std::string_view names[kind_count] = {
      "close",          "time-wait",      "fin-acked-late", "simultaneous-close",
      "half-closed",    "fin-unanswered", "last-ack-lost",  "fin-ack-lost",
      "reuse",          "reset",          "late-duplicate", "paws",
      "outside-window", "syn-unanswered", "peer-silent"};
  return names[static_cast<size_t>(kind)];
}

bool ordinary(Kind kind) {
  return kind == Kind::close || kind == Kind::time_wait || kind == Kind::fin_acked_late;
}

std::string_view role(const Connection& connection, size_t side) {
  if (connection.begun) return side == 0 ? "client" : "server";
  return side == 0 ? "A" : "B";
}

bool Connection::remarkable() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return !ordinary(finding.kind); });
}

Connection told(const Facts& facts, Time end, bool capture_ended) {
  Connection told;
  told.number = facts.number;
  told.begun = facts.begun;
  told.first = facts.first;
  told.last = facts.last;
  told.segments = facts.segments;
  told.copies = facts.copies;
  told.let_go = facts.let_go;
  told.ending = ending(facts);
  told.closed_first = closed_first(facts);
  for (size_t side : {0, 1}) {
    told.ends[side] = facts.sides[side].at;
    told.octets[side] = facts.sides[side].payload;
    told.paths[side] = facts.sides[side].path.passages();
    auto& path = told.paths[side];
    for (size_t i = 0; i < path.size(); ++i)
      path[i].shown |= i + 1 < path.size() || shown_by_silence(path[i], end);
    add_time_wait(told, facts, side, end, capture_ended);
  }
  told.findings = findings(facts, told, end, capture_ended);
  return told;
}

}  // namespace twlab::explain
