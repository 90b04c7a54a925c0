// The ladder diagram as it is drawn, in pieces. A row says nothing of where it stands nor of when
// it was, so that rows of several diagrams are often the same, to the letter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/ladder.h"

namespace twlab::report {

// Lengths in pixels at a font size of 12.
struct DrawnRow {
  int y = 0;                       // of its base line
  std::optional<Duration> time{};  // since the recording's begin; none: not shown
  std::string svg;                 // with the base line at 0
};

struct DrawnLadder {
  int width = 0, height = 0;
  std::string hosts;  // for people: "client, server"
  std::string frame;  // svg of what belongs to no row: lifelines, long calls
  std::vector<DrawnRow> rows;
};

// One below the other.
std::vector<DrawnLadder> draw_ladders(const Recording& recording, const LadderOptions& options);

// Where the text of a row's time ends.
constexpr int ladder_time_edge = 72;

}  // namespace twlab::report
