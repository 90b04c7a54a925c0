#include "report/ladder_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "report/text.h"

namespace twlab::report {
namespace {

// A sweep or a table has dozens of hosts that do the same: the recording has them all.
constexpr size_t most_ladders = 6;

// A state is sampled a little after what caused it; within this time it is shown beside it.
constexpr Duration same_row = 20ms;
constexpr Duration shown_duration = 1ms;  // of a call

class Builder {
 public:
  Builder(const Recording& recording, const LadderOptions& options)
      : recording_(recording),
        one_place_(options.one_place),
        evidence_(options.evidence.begin(), options.evidence.end()),
        transits_(transits(recording)),
        groups_(host_groups(recording, transits_)) {
    for (const auto& transit : transits_) {
      if (transit.sent) at_[transit.sent] = &transit;
      if (transit.arrived) at_[transit.arrived] = &transit;
    }
    for (size_t group = 0; group < groups_.size(); ++group)
      for (const auto& line : groups_[group]) group_of_[line.host] = group;
    look_into_sections();
  }

  size_t groups() const { return groups_.size(); }

  Ladder build(size_t group) {
    ladder_ = {};
    ladder_.lifelines = groups_[group];
    if (!recording_.events.empty()) ladder_.begin = recording_.events.front().time;
    for (const auto& event : recording_.events)
      if (belongs(event, group)) std::visit([&](auto& what) { add(event, what); }, event.what);
    return std::move(ladder_);
  }

 private:
  // Which groups do something in a section, and which connections there are: they are named where
  // there are several, in states those of one host. Their names are ports, so a router that changes
  // addresses alone makes no new one.
  void look_into_sections() {
    size_t section = 0;
    for (const auto& event : recording_.events) {
      auto* note = std::get_if<Note>(&event.what);
      if (note) section += note->kind == Note::Kind::section;
      sections_[&event] = section;
      if (!note && !event.host.empty()) active_[section].insert(group_of_[event.host]);
      auto* change = std::get_if<StateChange>(&event.what);
      if (change && change->tuple.remote.port)
        sockets_[{section, event.host}].insert(change->tuple);
    }
    for (const auto& t : transits_) {
      const auto& packet = t.packet();
      connections_[{sections_[&t.first()], group_of_[t.first().host]}].insert(
          std::minmax({packet.source.port, packet.destination.port}));
    }
  }

  bool belongs(const Event& event, size_t group) {
    if (!event.host.empty()) return group_of_[event.host] == group;
    const auto& active = active_[sections_[&event]];
    return active.empty() ? group == 0 : active.count(group) > 0;
  }

  std::optional<size_t> lifeline(const std::string& host) const {
    const auto& all = ladder_.lifelines;
    auto it = std::find_if(all.begin(), all.end(), [&](auto& l) { return l.host == host; });
    if (host.empty() || it == all.end()) return {};
    return it - all.begin();
  }

  Row& row(Row::Kind kind, const Event& event) {
    Row& row = ladder_.rows.emplace_back();
    row.kind = kind;
    row.id = event.id;
    row.time = event.time;
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
      row(Row::Kind::arrival, event);
      ladder_.rows[from].arrow->arrival = ladder_.rows.size() - 1;
      return;
    }
    drawn_[&transit] = ladder_.rows.size();
    Row& row = this->row(Row::Kind::arrow, event);
    row.arrow = arrow(transit);
    row.arrow->arrival = ladder_.rows.size() - 1;
  }

  Arrow arrow(const Transit& transit) {
    const wire::Packet& packet = transit.packet();
    // Where only one end was captured nothing is known of the other.
    bool one_end = one_place_ || recording_.interfaces.size() < 2;
    Arrow arrow;
    arrow.lost = !transit.arrived && !one_end;
    arrow.unsent = !transit.sent && !one_end;
    Way way = way_of(recording_, transit);
    auto from = lifeline(way.from), to = lifeline(way.to);
    auto beside = [](size_t line) { return line ? line - 1 : 1; };
    arrow.from = from ? *from : beside(to.value_or(1));
    arrow.to = to ? *to : beside(arrow.from);
    for (const Event* event : {transit.sent, transit.arrived}) {
      if (!event) continue;
      const auto& frame = std::get<wire::Frame>(event->what);
      arrow.decisive |= frame.decisive;
      if (arrow.note.find(frame.note) == std::string::npos)
        arrow.note += (arrow.note.empty() ? "" : "; ") + frame.note;
    }
    const Event& first = transit.first();
    if (one_place_) arrow.label = fmt::format("{} ", transit.frame().id);
    arrow.label +=
        label(packet, connections_[{sections_[&first], group_of_[first.host]}].size() > 1);
    arrow.title = title(transit);
    return arrow;
  }

  std::string label(const wire::Packet& packet, bool named) {
    auto numbers = numbers_.of(packet);
    const auto& segment = packet.segment;
    auto flags = segment.flags.value_or(wire::Flags{});
    std::string text;
    if (named) text = fmt::format("{}>{} ", packet.source.port, packet.destination.port);
    text += fmt::format("{} seq {}", show(flags), numbers.seq);
    if (wire::has(flags, wire::ACK)) text += fmt::format(" ack {}", numbers.ack);
    if (auto length = segment.payload ? segment.payload->size() : segment.length.value_or(0))
      text += fmt::format(" {} {}", one_place_ ? "len" : "length", length);
    if (!packet.checksums_correct) text += " bad checksum";
    return text;
  }

  std::string title(const Transit& transit) const {
    const wire::Packet& packet = transit.packet();
    std::string text = fmt::format("{} > {}: {}", show(packet.source), show(packet.destination),
                                   show(packet.segment));
    if (one_place_)
      return text + fmt::format("\nat {} s, frame {} of the capture",
                                show_offset(ladder_, transit.first().time), transit.frame().id);
    auto end = [&](const char* what, const Event* event, size_t number) {
      text += event ? fmt::format("\n{} in frame {} of the capture", what, number)
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
    cell.id = event.id;
    cell.title = show(call);
    cell.text = call.name + "(" + call.arguments;
    cell.tail = cell.title.substr(std::min(cell.text.size(), cell.title.size()));
    if (call.took() >= shown_duration) cell.tail += " after " + os::show(call.took());
    cell.title += fmt::format("\ntook {}", os::show(call.took()));
    if (!call.data.empty()) cell.title += "\n" + call.data;
    cell.decisive = evidence_.count(event.id);
    cell.begin = call.begin;
    cell.end = call.end;
    row(Row::Kind::plain, event).cells[*line] = std::move(cell);
  }

  void add(const Event& event, const StateChange& change) {
    auto line = lifeline(event.host);
    bool decisive = evidence_.count(event.id);
    // A timer alone that starts or stops would bury the states.
    if (!line || (change.state == change.before && !decisive)) return;
    Cell cell;
    cell.id = event.id;
    cell.kind = Cell::Kind::state;
    cell.decisive = decisive;
    cell.text = net::name(change.state);
    if (change.timer == net::Timer::timewait)
      cell.text += fmt::format(" {}", os::show(change.timer_left));
    if (sockets_[{sections_[&event], event.host}].size() > 1)
      cell.text += fmt::format(" {}>{}", change.tuple.local.port, change.tuple.remote.port);
    cell.title =
        fmt::format("{}: {}, was {}; timer {}", show(change.tuple), net::name(change.state),
                    net::name(change.before), net::name(change.timer));
    if (change.timer != net::Timer::off)
      cell.title += fmt::format(", {} left", os::show(change.timer_left));

    auto& rows = ladder_.rows;
    // Arrows may pass by a host in the middle, where the state's name would stand.
    bool outer = *line == 0 || *line + 1 == ladder_.lifelines.size();
    bool beside = outer && !rows.empty() && rows.back().kind != Row::Kind::section &&
                  rows.back().kind != Row::Kind::remark && !rows.back().cells[*line] &&
                  event.time - rows.back().time < same_row;
    Row& target = beside ? rows.back() : row(Row::Kind::plain, event);
    target.cells[*line] = std::move(cell);
  }

  void add(const Event& event, const Note& note) {
    if (note.kind == Note::Kind::remark && note.text.empty()) return;
    auto line = lifeline(event.host);
    if (note.kind == Note::Kind::section || !line) {
      bool section = note.kind == Note::Kind::section;
      row(section ? Row::Kind::section : Row::Kind::remark, event).text = note.text;
      return;
    }
    Cell cell;
    cell.id = event.id;
    cell.kind = Cell::Kind::remark;
    cell.text = cell.title = note.text;
    row(Row::Kind::plain, event).cells[*line] = std::move(cell);
  }

  const Recording& recording_;
  const bool one_place_;
  const std::set<EventId> evidence_;
  const std::vector<Transit> transits_;
  const std::vector<std::vector<Lifeline>> groups_;
  std::map<std::string, size_t> group_of_;  // of a host
  std::map<const Event*, const Transit*> at_;
  std::map<const Event*, size_t> sections_;
  std::map<size_t, std::set<size_t>> active_;  // section: groups
  using Ports = std::pair<uint16_t, uint16_t>;
  std::map<std::pair<size_t, size_t>, std::set<Ports>> connections_;   // section and group
  std::map<std::pair<size_t, std::string>, std::set<Tuple>> sockets_;  // section and host
  RelativeNumbers numbers_;
  std::map<const Transit*, size_t> drawn_;
  Ladder ladder_;  // being built
};

}  // namespace

std::vector<Ladder> ladders(const Recording& recording, const LadderOptions& options) {
  Builder builder(recording, options);
  std::vector<Ladder> all;
  size_t shown = std::min(builder.groups(), most_ladders);
  for (size_t group = 0; group < shown; ++group) {
    all.push_back(builder.build(group));
    cut_and_break(all.back(), options.keep);
  }
  if (size_t left = builder.groups() - shown) {
    Row row{.kind = Row::Kind::omitted, .text = fmt::format("… {} more ladders like these", left)};
    row.cells.resize(all.back().lifelines.size());
    all.back().rows.push_back(row);
  }
  return all;
}

}  // namespace twlab::report
