#include <fmt/format.h>

#include <algorithm>

#include "explain/facts.h"

namespace twlab::explain {
namespace {

constexpr Duration long_half_closed = 1s;
constexpr Duration least_delayed_ack = 30ms, longest_delayed_ack = 600ms;
constexpr uint64_t many_repeats = 3;
constexpr size_t most_resets = 3;

std::string list(const std::vector<Stamp>& stamps, uint64_t count, size_t from = 0) {
  std::string text;
  for (size_t i = from; i < stamps.size(); ++i)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", stamps[i].frame);
  return count > stamps.size() ? text + ", …" : text;
}

std::string times(uint64_t count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

class Writer {
 public:
  Writer(const Facts& facts, const Connection& told, Time end, bool capture_ended)
      : facts_(facts),
        told_(told),
        end_(end),
        until_(capture_ended ? "the capture ends" : "it was followed no longer") {}

  std::vector<Finding> write() {
    if (facts_.reuse) all_.push_back(reuse_finding(facts_, told_));
    close();
    for (const Stay& stay : told_.time_wait) time_wait(stay);
    for (size_t side : {0, 1}) {
      acked_late(side);
      half_closed(side);
      fin_unanswered(side);
      repeated_fin(side);
      silent(side);
    }
    syn_unanswered();
    for (size_t i = 0; i < std::min(facts_.resets.first.size(), most_resets); ++i)
      all_.push_back(reset_finding(facts_, told_, facts_.resets.first[i]));
    if (facts_.resets.count > most_resets)
      all_.back().text += fmt::format(". {} more RSTs followed", facts_.resets.count - most_resets);
    late_copies();
    for (const OldStamp& one : facts_.old_stamps.first) old_stamp(one);
    for (const Stray& one : facts_.strays.first) stray(one);
    return std::move(all_);
  }

 private:
  std::string_view who(size_t side) const { return role(told_, side); }

  void add(Kind kind, Illustrates claim, std::vector<uint64_t> frames, std::string text) {
    std::sort(frames.begin(), frames.end());
    frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
    all_.push_back({kind, std::move(text), std::move(frames), claim});
  }

  // "FIN in frame 6, acknowledged in frame 7"
  std::string fin(size_t side, std::vector<uint64_t>& frames) const {
    const Side& its = facts_.sides[side];
    frames.push_back(its.fins.first.front().frame);
    if (!its.fin_acked)
      return fmt::format("FIN of the {} in frame {}, not acknowledged", who(side), frames.back());
    frames.push_back(its.fin_acked.frame);
    return fmt::format("FIN of the {} in frame {}, acknowledged in frame {}", who(side),
                       frames[frames.size() - 2], frames.back());
  }

  void close() {
    std::vector<uint64_t> frames;
    if (facts_.simultaneous) {
      std::string text = "both closed at once, neither with the other's FIN: " + fin(0, frames);
      text += "; " + fin(1, frames);
      return add(Kind::simultaneous_close, Illustrates::close_simultaneous, frames, text);
    }
    if (told_.closed_first < 0) return;
    auto first = static_cast<size_t>(told_.closed_first);
    std::string text = fmt::format("the {} closed first: {}", who(first), fin(first, frames));
    if (facts_.sides[1 - first].fin) text += "; " + fin(1 - first, frames);
    add(Kind::close, Illustrates::close_four_segments, frames, text);
  }

  void time_wait(const Stay& stay) {
    Duration lasted = std::max(stay.until.time - stay.from.time, Duration(0));
    std::string text = fmt::format("the {} is left in TIME_WAIT from frame {} on", who(stay.side),
                                   stay.from.frame);
    std::vector<uint64_t> frames{stay.from.frame};
    Illustrates claim = Illustrates::close_active_closer_keeps_time_wait;
    switch (stay.end) {
      case Stay::End::reuse:
        text += fmt::format(", for {} until frame {} uses the four-tuple again", os::show(lasted),
                            stay.until.frame);
        frames.push_back(stay.until.frame);
        break;
      case Stay::End::reset:
        text +=
            fmt::format(", for {} until the RST in frame {}", os::show(lasted), stay.until.frame);
        frames.push_back(stay.until.frame);
        break;
      case Stay::End::capture:
        text += fmt::format("; the capture ends {} later", os::show(lasted));
        break;
      case Stay::End::expired:
        text += "; how long is not to be seen";
        break;
    }
    bool over = stay.end != Stay::End::reset && lasted > 64s;
    if (over) text += ", when it has been over for long on Linux (60 s)";
    add(Kind::time_wait, over ? Illustrates::timewait_sixty_seconds : claim, frames, text);
  }

  // From the SYN to the ACK of the SYN+ACK, wherever between the two the capture was made.
  std::optional<Duration> handshake() const {
    const Passage* established = facts_.sides[1].path.find(State::ESTABLISHED);
    if (!facts_.begun || !established || facts_.sides[0].syns.count != 1) return {};
    return established->by.time - facts_.sides[0].syns.first.front().time;
  }

  void acked_late(size_t side) {
    const Side& its = facts_.sides[side];
    auto round_trip = handshake();
    if (!its.fin_acked_alone || its.fins.count != 1 || !round_trip) return;
    Stamp fin = its.fins.first.front();
    Duration took = its.fin_acked.time - fin.time;
    if (took - *round_trip < least_delayed_ack || took > longest_delayed_ack) return;
    add(Kind::fin_acked_late, Illustrates::close_fin_acked_at_once,
        {fin.frame, its.fin_acked.frame},
        fmt::format("the FIN in frame {} was acknowledged {} later (frame {}), where the handshake "
                    "had taken {}: a delayed ACK",
                    fin.frame, os::show(took), its.fin_acked.frame, os::show(*round_trip)));
  }

  void half_closed(size_t side) {
    const Side &its = facts_.sides[side], &peer = facts_.sides[1 - side];
    bool first = told_.closed_first == static_cast<int>(side);
    if (!first || !its.fin_acked || its.fin_ambiguous) return;
    std::string meanwhile =
        peer.after_close ? fmt::format(", and sent {} octets meanwhile", peer.after_close) : "";
    std::vector<uint64_t> frames{its.fin_acked.frame};
    std::string text =
        fmt::format("the {} is in FIN_WAIT_2 and the {} in CLOSE_WAIT from frame {} on", who(side),
                    who(1 - side), its.fin_acked.frame);
    if (peer.fin) {
      Stamp fin = peer.fins.first.front();
      Duration took = fin.time - its.fin_acked.time;
      if (took < long_half_closed && !peer.after_close) return;
      frames.push_back(fin.frame);
      text += fmt::format("; the {} closed {} later (frame {}){}", who(1 - side), os::show(took),
                          fin.frame, meanwhile);
      return add(Kind::half_closed, Illustrates::fin_wait_1_peer_host, frames, text);
    }
    if (facts_.resets.count || (end_ - its.fin_acked.time < long_half_closed && !peer.after_close))
      return;
    text += fmt::format("; the {} has not closed when {}, {} later{}", who(1 - side), until_,
                        os::show(end_ - its.fin_acked.time), meanwhile);
    add(Kind::half_closed, Illustrates::close_wait_forever, frames, text);
  }

  bool reset_by(size_t side) const {
    return std::any_of(facts_.resets.first.begin(), facts_.resets.first.end(),
                       [side](const Reset& reset) { return reset.side == side; });
  }

  void fin_unanswered(size_t side) {
    const Side& its = facts_.sides[side];
    if (!its.fin) return;
    Stamp fin = its.fins.first.front();
    auto repeats = its.fins.first;
    if (its.fin_acked)
      std::erase_if(repeats, [&](Stamp again) { return again.frame > its.fin_acked.frame; });
    uint64_t count = its.fin_acked ? repeats.size() - 1 : its.fins.count - 1;
    bool waited = !its.fin_acked && end_ - fin.time >= 1s;
    if ((!count && !waited) || (!its.fin_acked && reset_by(1 - side))) return;
    std::string text = fmt::format("the FIN of the {} (frame {}) ", who(side), fin.frame);
    text += its.fin_acked ? fmt::format("was acknowledged only in frame {}", its.fin_acked.frame)
                          : fmt::format("is not acknowledged when {}, {} later", until_,
                                        os::show(end_ - fin.time));
    if (count) {
      text += fmt::format("; repeated {} (frame {}), waiting", times(count),
                          list(repeats, count + 1, 1));
      for (size_t i = 1; i < repeats.size(); ++i)
        text +=
            fmt::format("{} {}", i > 1 ? "," : "", os::show(repeats[i].time - repeats[i - 1].time));
    }
    std::vector<uint64_t> frames;
    for (Stamp one : repeats) frames.push_back(one.frame);
    if (its.fin_acked) frames.push_back(its.fin_acked.frame);
    add(Kind::fin_unanswered, Illustrates::fin_wait_1_eight_retries, frames, text);
  }

  void repeated_fin(size_t side) {
    std::vector<RepeatedFin> all;
    for (const RepeatedFin& one : facts_.repeated_fins.first)
      if (one.side == side) all.push_back(one);
    if (all.empty()) return;
    bool last = told_.closed_first == static_cast<int>(1 - side);
    Stamp first_fin = facts_.sides[side].fins.first.front();
    std::string text;
    std::vector<uint64_t> frames;
    for (const RepeatedFin& one : all) {
      frames.insert(frames.end(), {one.acked.frame, one.again.frame});
      if (text.empty())
        text = fmt::format("the {} (frame {}) did not arrive or came too late: ",
                           last ? "last ACK" : fmt::format("ACK of the {}'s FIN", who(side)),
                           one.acked.frame);
      text +=
          fmt::format("{}FIN again in frame {}", frames.size() > 2 ? "; " : "", one.again.frame);
      if (frames.size() == 2)
        text += fmt::format(", {} after the first", os::show(one.again.time - first_fin.time));
      if (!one.answer || (&one != &all.back() && (&one + 1)->answer.frame == one.answer.frame))
        continue;
      frames.push_back(one.answer.frame);
      text += fmt::format(", answered by {} in frame {}",
                          one.answered_by_reset ? "a RST" : "another ACK", one.answer.frame);
    }
    if (!all.back().answer) text += ", not answered";
    add(last ? Kind::last_ack_lost : Kind::fin_ack_lost,
        !last                           ? Illustrates::nothing
        : all.front().answered_by_reset ? Illustrates::timewait_without_it_rst
                                        : Illustrates::timewait_answers_late_fin,
        frames, text);
  }

  void silent(size_t side) {
    const Side &its = facts_.sides[side], &peer = facts_.sides[1 - side];
    if (its.repeats < many_repeats || !peer.sent || its.fin || reset_by(side)) return;
    add(Kind::peer_silent, Illustrates::nothing,
        {peer.last.frame, its.first_repeat.frame, its.last_repeat.frame},
        fmt::format("nothing came from the {} after frame {}: the {} repeated {} segments in vain, "
                    "in frames {} to {}",
                    who(1 - side), peer.last.frame, who(side), its.repeats, its.first_repeat.frame,
                    its.last_repeat.frame));
  }

  void syn_unanswered() {
    const Side& client = facts_.sides[0];
    if (told_.ending != Ending::unanswered) return;
    if (client.syns.count < 2 && end_ - facts_.first.time < 1s) return;
    std::vector<uint64_t> all;
    for (Stamp one : client.syns.first) all.push_back(one.frame);
    add(Kind::syn_unanswered, Illustrates::nothing, all,
        fmt::format("nothing answers the SYN, sent {} (frame {})", times(client.syns.count),
                    list(client.syns.first, client.syns.count)));
  }

  void late_copies() {
    // More than a few: the capture was made at two places, some time apart from one another.
    if (facts_.late_copies.count * 2 > facts_.segments) return;
    for (const LateCopy& one : facts_.late_copies.first)
      add(Kind::late_duplicate, Illustrates::timewait_misfit_dropped,
          {one.first.frame, one.again.frame},
          fmt::format("frame {} is frame {} again to the last field, {} later: held up or repeated "
                      "on the way, or captured at a second place",
                      one.again.frame, one.first.frame, os::show(one.again.time - one.first.time)));
  }

  void old_stamp(const OldStamp& one) {
    std::string text = fmt::format(
        "the timestamp {} of the {} in frame {} is older than {} in frame {}, so PAWS drops it",
        one.tsval, who(one.side), one.at.frame, one.recent, one.newer.frame);
    if (one.repeated) text = "late duplicate of octets that were sent before: " + text;
    std::vector<uint64_t> frames{one.newer.frame, one.at.frame};
    if (one.answer) {
      frames.push_back(one.answer.frame);
      bool dropped = !one.taken || one.repeated;
      text += fmt::format("; {}frame {} acknowledges {}", dropped ? "" : "yet ", one.answer.frame,
                          dropped ? "nothing new" : "its octets");
    }
    add(one.repeated ? Kind::late_duplicate : Kind::paws,
        Illustrates::timestamps_paws_drops_duplicate, frames, text);
  }

  void stray(const Stray& one) {
    std::vector<uint64_t> frames{one.at.frame};
    if (one.answer) frames.push_back(one.answer.frame);
    std::string answer = one.answer ? fmt::format("; frame {} {}", one.answer.frame,
                                                  one.fits && one.taken ? "acknowledges its octets"
                                                                        : "takes nothing of it")
                                    : "";
    if (!one.of)
      return add(Kind::outside_window, Illustrates::beyond_challenge_ack, frames,
                 fmt::format("the {} in frame {} of the {} has a number out of the reach of this "
                             "connection{}",
                             one.flags == wire::Flags{} ? "segment" : wire::show(one.flags),
                             one.at.frame, who(one.side), answer));
    add(Kind::late_duplicate,
        one.fits ? Illustrates::timewait_old_duplicate_corrupts
                 : Illustrates::timewait_misfit_dropped,
        frames,
        fmt::format("frame {} is a segment of connection {}, which had this four-tuple before; its "
                    "number {} the present window{}",
                    one.at.frame, one.of, one.fits ? "fits" : "does not fit", answer));
  }

  const Facts& facts_;
  const Connection& told_;
  Time end_;
  std::string_view until_;
  std::vector<Finding> all_;
};

}  // namespace

std::vector<Finding> findings(const Facts& facts, const Connection& told, Time end,
                              bool capture_ended) {
  return Writer(facts, told, end, capture_ended).write();
}

}  // namespace twlab::explain
