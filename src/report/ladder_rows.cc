#include "report/ladder_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "report/text.h"

namespace twlab::report {
namespace {

constexpr Duration shown_wait = 50ms;
// A state is sampled a little after what caused it; within this time it is shown beside it.
constexpr Duration same_row = 20ms;
constexpr Duration shown_duration = 1ms;  // of a call
constexpr size_t most_decisive = 60;      // that are shown from the middle of a long recording

class Builder {
 public:
  Builder(const Recording& recording, const LadderOptions& options)
      : recording_(recording), evidence_(options.evidence.begin(), options.evidence.end()) {
    find_lifelines();
    for (auto& transit : transits(recording)) {
      transits_.push_back(transit);
      connections_.insert(std::minmax(transit.packet().source, transit.packet().destination));
    }
    for (const auto& transit : transits_) {
      if (transit.sent) at_[transit.sent] = &transit;
      if (transit.arrived) at_[transit.arrived] = &transit;
    }
    for (const auto& event : recording.events) {
      if (auto* change = std::get_if<StateChange>(&event.what))
        if (change->state != net::TcpState::LISTEN && change->tuple.remote.port)
          sockets_[event.host].insert(change->tuple);
    }
  }

  Ladder build() && {
    if (!recording_.events.empty()) ladder_.begin = recording_.events.front().time;
    for (const auto& event : recording_.events)
      std::visit([&](auto& w) { add(event, w); }, event.what);
    return std::move(ladder_);
  }

 private:
  void find_lifelines() {
    std::map<std::string, int> links;
    auto& all = ladder_.lifelines;
    auto known = [&](const std::string& host) {
      return std::any_of(all.begin(), all.end(), [&](auto& l) { return l.host == host; });
    };
    for (const auto& interface : recording_.interfaces) {
      ++links[interface.host];
      if (known(interface.host)) continue;
      std::string addresses;
      for (const auto& address : interface.addresses)
        addresses += (addresses.empty() ? "" : ", ") + show(address);
      all.push_back({interface.host, addresses});
    }
    for (const auto& event : recording_.events)
      if (!event.host.empty() && !known(event.host)) all.push_back({event.host, ""});
    // Between two hosts stands whoever has a link to both.
    if (all.size() == 3) {
      auto middle = std::max_element(
          all.begin(), all.end(), [&](auto& a, auto& b) { return links[a.host] < links[b.host]; });
      if (links[middle->host] > 1) std::iter_swap(middle, all.begin() + 1);
    }
    if (all.empty()) all.push_back({"host", ""});
    if (all.size() == 1) all.push_back({"", ""});
  }

  std::optional<size_t> lifeline(const std::string& host) const {
    const auto& all = ladder_.lifelines;
    auto it = std::find_if(all.begin(), all.end(), [&](auto& l) { return l.host == host; });
    if (host.empty() || it == all.end()) return {};
    return it - all.begin();
  }
  size_t lifeline_of(const wire::Frame& frame) const {
    return lifeline(recording_.interfaces[frame.interface].host).value_or(0);
  }
  // Where a segment came from or was going that was seen at one end only.
  size_t other_end(size_t here, const Address& address) const {
    for (const auto& interface : recording_.interfaces) {
      const auto& mine = interface.addresses;
      size_t line = lifeline(interface.host).value_or(here);
      if (line != here && std::find(mine.begin(), mine.end(), address) != mine.end()) return line;
    }
    return here + 1 < ladder_.lifelines.size() ? here + 1 : here - 1;
  }

  Row& row(Row::Kind kind, Time time) {
    Row& row = ladder_.rows.emplace_back();
    row.kind = kind;
    row.time = time;
    row.cells.resize(ladder_.lifelines.size());
    return row;
  }

  // The other direction's segments among the rows after this one.
  bool crossed(size_t from_row) const {
    const auto& rows = ladder_.rows;
    return std::any_of(rows.begin() + from_row + 1, rows.end(), [&](const Row& r) {
      return r.arrow && r.arrow->from != rows[from_row].arrow->from;
    });
  }

  void add(const Event& event, const wire::Frame&) {
    auto found = at_.find(&event);
    if (found == at_.end()) return;
    const Transit& transit = *found->second;
    if (auto drawn = drawn_.find(&transit); drawn != drawn_.end()) {
      size_t from = drawn->second;
      if (!transit.slow() && !crossed(from)) return;
      row(Row::Kind::arrival, event.time);
      ladder_.rows[from].arrow->arrival = ladder_.rows.size() - 1;
      return;
    }
    drawn_[&transit] = ladder_.rows.size();
    Row& row = this->row(Row::Kind::arrow, event.time);
    row.arrow = arrow(transit);
    row.arrow->arrival = ladder_.rows.size() - 1;
  }

  Arrow arrow(const Transit& transit) {
    const wire::Packet& packet = transit.packet();
    bool one_end = recording_.interfaces.size() < 2;
    Arrow arrow;
    arrow.lost = !transit.arrived && !one_end;
    arrow.unsent = !transit.sent && !one_end;
    size_t here = lifeline_of(transit.frame());
    if (transit.sent) {
      arrow.from = here;
      arrow.to = transit.arrived ? lifeline_of(std::get<wire::Frame>(transit.arrived->what))
                                 : other_end(here, packet.destination.address);
    } else {
      arrow.to = here;
      arrow.from = other_end(here, packet.source.address);
    }
    for (const Event* event : {transit.sent, transit.arrived}) {
      if (!event) continue;
      const auto& frame = std::get<wire::Frame>(event->what);
      arrow.decisive |= frame.decisive;
      if (arrow.note.find(frame.note) == std::string::npos)
        arrow.note += (arrow.note.empty() ? "" : "; ") + frame.note;
    }
    arrow.label = label(packet);
    arrow.title = title(transit);
    return arrow;
  }

  std::string label(const wire::Packet& packet) {
    auto numbers = numbers_.of(packet);
    const auto& segment = packet.segment;
    auto flags = segment.flags.value_or(wire::Flags{});
    std::string text;
    if (connections_.size() > 1)
      text = fmt::format("{}>{} ", packet.source.port, packet.destination.port);
    text += fmt::format("{} seq {}", show(flags), numbers.seq);
    if (wire::has(flags, wire::ACK)) text += fmt::format(" ack {}", numbers.ack);
    if (auto length = segment.payload ? segment.payload->size() : segment.length.value_or(0))
      text += fmt::format(" length {}", length);
    if (!packet.checksums_correct) text += " bad checksum";
    return text;
  }

  std::string title(const Transit& transit) const {
    const wire::Packet& packet = transit.packet();
    std::string text = fmt::format("{} > {}: {}", show(packet.source), show(packet.destination),
                                   show(packet.segment));
    auto end = [&](const char* what, const Event* event, size_t number) {
      text += event ? fmt::format("\n{} at {} s, frame {} of the capture", what,
                                  show_offset(ladder_, event->time), number)
                    : fmt::format("\nnever {}", what);
    };
    end("sent", transit.sent, transit.sent_number);
    end("arrived", transit.arrived, transit.arrived_number);
    if (transit.sent && transit.arrived)
      text += ", after " + os::show(transit.arrived->time - transit.sent->time);
    return text;
  }

  void add(const Event& event, const net::Call& call) {
    auto line = lifeline(event.host);
    if (!line) return;
    Cell cell;
    cell.text = cell.title = show(call);
    if (call.took() >= shown_duration) cell.text += " after " + os::show(call.took());
    cell.title += fmt::format("\ntook {}", os::show(call.took()));
    if (!call.data.empty()) cell.title += "\n" + call.data;
    cell.decisive = evidence_.count(event.id);
    cell.begin = call.begin;
    cell.end = call.end;
    row(Row::Kind::plain, event.time).cells[*line] = std::move(cell);
  }

  void add(const Event& event, const StateChange& change) {
    auto line = lifeline(event.host);
    bool decisive = evidence_.count(event.id);
    // A timer alone that starts or stops would bury the states.
    if (!line || (change.state == change.before && !decisive)) return;
    Cell cell;
    cell.kind = Cell::Kind::state;
    cell.decisive = decisive;
    cell.text = net::name(change.state);
    if (change.timer == net::Timer::timewait)
      cell.text += fmt::format(" {}", os::show(change.timer_left));
    if (sockets_[event.host].size() > 1)
      cell.text =
          fmt::format("{}>{} {}", change.tuple.local.port, change.tuple.remote.port, cell.text);
    cell.title =
        fmt::format("{}: {}, was {}; timer {}", show(change.tuple), net::name(change.state),
                    net::name(change.before), net::name(change.timer));
    if (change.timer != net::Timer::off)
      cell.title += fmt::format(", {} left", os::show(change.timer_left));

    auto& rows = ladder_.rows;
    bool beside = !rows.empty() && rows.back().kind != Row::Kind::section &&
                  rows.back().kind != Row::Kind::remark && !rows.back().cells[*line] &&
                  event.time - rows.back().time < same_row;
    Row& target = beside ? rows.back() : row(Row::Kind::plain, event.time);
    target.cells[*line] = std::move(cell);
  }

  void add(const Event& event, const Note& note) {
    if (note.kind == Note::Kind::remark && note.text.empty()) return;
    auto line = lifeline(event.host);
    if (note.kind == Note::Kind::section || !line) {
      bool section = note.kind == Note::Kind::section;
      row(section ? Row::Kind::section : Row::Kind::remark, event.time).text = note.text;
      return;
    }
    Cell cell;
    cell.kind = Cell::Kind::remark;
    cell.text = cell.title = note.text;
    row(Row::Kind::plain, event.time).cells[*line] = std::move(cell);
  }

  const Recording& recording_;
  std::set<EventId> evidence_;
  Ladder ladder_;
  std::vector<Transit> transits_;
  std::map<const Event*, const Transit*> at_;
  std::map<const Transit*, size_t> drawn_;
  std::set<std::pair<Endpoint, Endpoint>> connections_;
  std::map<std::string, std::set<Tuple>> sockets_;
  RelativeNumbers numbers_;
};

bool decisive(const Row& row) {
  return (row.arrow && row.arrow->decisive) ||
         std::any_of(row.cells.begin(), row.cells.end(),
                     [](const auto& cell) { return cell && cell->decisive; });
}

std::vector<bool> rows_to_keep(const std::vector<Row>& rows, size_t keep) {
  std::vector<bool> kept(rows.size(), rows.size() <= 2 * keep + 1);
  size_t extra = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i < keep || i + keep >= rows.size())
      kept[i] = true;
    else if (decisive(rows[i]) && ++extra <= most_decisive)
      kept[i] = true;
  }
  // An arrow is not cut in two.
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].arrow) continue;
    bool either = kept[i] || kept[rows[i].arrow->arrival];
    kept[i] = kept[rows[i].arrow->arrival] = either;
  }
  return kept;
}

// Leaves out rows of a long recording and puts in the breaks.
void finish(Ladder& ladder, size_t keep) {
  auto kept = rows_to_keep(ladder.rows, keep);
  std::vector<Row> rows;
  std::vector<size_t> moved(ladder.rows.size());
  size_t omitted = 0;
  auto insert = [&](Row::Kind kind, Time time, std::string text) {
    Row& row = rows.emplace_back();
    row.kind = kind;
    row.time = time;
    row.text = std::move(text);
    row.cells.resize(ladder.lifelines.size());
  };
  for (size_t i = 0; i < ladder.rows.size(); ++i) {
    Row& row = ladder.rows[i];
    if (!kept[i]) {
      ++omitted;
      continue;
    }
    if (omitted) insert(Row::Kind::omitted, row.time, fmt::format("… {} more", omitted));
    if (!rows.empty() && !omitted && row.time - rows.back().time >= shown_wait)
      insert(Row::Kind::wait, rows.back().time, os::show(row.time - rows.back().time));
    omitted = 0;
    moved[i] = rows.size();
    rows.push_back(std::move(row));
  }
  for (Row& row : rows)
    if (row.arrow) row.arrow->arrival = moved[row.arrow->arrival];
  ladder.rows = std::move(rows);
}

}  // namespace

Ladder ladder(const Recording& recording, const LadderOptions& options) {
  Ladder ladder = Builder(recording, options).build();
  finish(ladder, options.keep);
  return ladder;
}

std::string show_offset(const Ladder& ladder, Time time) {
  return fmt::format("{:.6f}", os::seconds(time - ladder.begin));
}

LadderOptions ladder_options(const LabResult& result) {
  LadderOptions options;
  for (const auto& section : result.sections)
    for (const auto& check : section.checks)
      options.evidence.insert(options.evidence.end(), check.evidence.begin(), check.evidence.end());
  return options;
}

}  // namespace twlab::report
