// The rows of a ladder diagram, before anything is drawn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/ladder.h"
#include "report/ladder_hosts.h"
#include "report/transit.h"

namespace twlab::report {

// What one host does in a row: a call it made or the state one of its sockets took.
struct Cell {
  enum class Kind : uint8_t { call, state, remark };
  Kind kind = Kind::call;
  EventId id = 0;
  std::string text;   // "bind(3, 192.0.2.1:5000"
  std::string tail;   // ") = -1 EADDRINUSE": what must not be cut off
  std::string title;  // in full
  bool decisive = false;
  Time begin, end;  // of a call
};

struct Arrow {
  size_t from = 0, to = 0;  // lifelines
  std::string label;        // "[F.] seq 27 ack 1"
  std::string title;        // the whole header, times and frame numbers; may be several lines
  std::string note;
  bool decisive = false;
  bool lost = false, unsent = false;
  size_t arrival = 0;  // the row in which it arrives, its own unless it was long under way
};

struct Row {
  // plain: cells only. arrival: the end of an arrow that began in an earlier row. section and
  // remark: a text across all lifelines. wait: a break in time. omitted: rows left out of a long
  // recording.
  enum class Kind : uint8_t { plain, arrow, arrival, section, remark, wait, omitted };
  Kind kind = Kind::plain;
  EventId id = 0;  // of the event that it is made for; 0 of wait and omitted
  Time time{};
  std::string text{};                        // of section, remark, wait, omitted
  std::optional<Arrow> arrow{};              // of an arrow
  std::vector<std::optional<Cell>> cells{};  // one for each lifeline
};

struct Ladder {
  std::vector<Lifeline> lifelines;  // at least two
  std::vector<Row> rows;
  Time begin;  // of the recording; times are shown as seconds since then
};

// One for each group of hosts, none empty unless there is only one. What the lab itself notes goes
// to the groups that do something in that section.
std::vector<Ladder> ladders(const Recording& recording, const LadderOptions& options);

// Leaves out rows from the middle of a long ladder and puts in the breaks.
void cut_and_break(Ladder& ladder, size_t keep);

// In at most that many columns: "bind(3, 192…) = -1 EADDRINUSE".
std::string show(const Cell& cell, size_t columns);

// "0.000213", seconds
std::string show_offset(const Ladder& ladder, Time time);

}  // namespace twlab::report
