// The rows of a ladder diagram, before anything is drawn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/ladder.h"
#include "report/transit.h"

namespace twlab::report {

// What one host does in a row: a call it made or the state one of its sockets took.
struct Cell {
  enum class Kind : uint8_t { call, state, remark };
  Kind kind = Kind::call;
  std::string text;
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
  Time time;
  std::string text;                        // of section, remark, wait, omitted
  std::optional<Arrow> arrow;              // of an arrow
  std::vector<std::optional<Cell>> cells;  // one for each lifeline
};

struct Lifeline {
  std::string host;
  std::string addresses;
};

struct Ladder {
  std::vector<Lifeline> lifelines;  // never empty
  std::vector<Row> rows;
  Time begin;  // of the first event; times are shown as seconds since then
};

Ladder ladder(const Recording& recording, const LadderOptions& options);

// "0.000213", seconds
std::string show_offset(const Ladder& ladder, Time time);

}  // namespace twlab::report
