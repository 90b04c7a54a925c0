// The ladder diagram of a recording: hosts as lifelines, segments as arrows between them, system
// calls and states of each side at its outer edge, time downwards, one row for each event. Hosts
// that have nothing to do with one another get a ladder each, one below the other.
//
// Rows are not to scale: waits of 50 ms and more are shown as a break with their length. Sequence
// numbers are relative to the first SYN of their connection and direction; to a later one if that
// is more than 16 MiB away, which makes it another connection of the same name. Where no SYN was
// seen, or a number is further away than that, it is the one on the wire. A segment that
// was seen to leave but not to arrive ends in an x; one that arrives without having been sent, such
// as a copy, begins in a circle. What is no TCP is left out.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lab/result.h"

namespace twlab::report {

struct LadderOptions {
  // Calls and states that decided a check; frames say so themselves.
  std::vector<EventId> evidence;
  // Of a long recording this many rows are shown at the beginning and at the end, and between them
  // the deciding ones.
  size_t keep = 120;
  // Of a capture from elsewhere: frames are the sender's and were seen once, at one place, so that
  // nothing is known of their arrival; Frame::id is their number in the file, and is shown.
  bool one_place = false;
  // With its own styles, to be a file; otherwise the page has to have ladder_css().
  bool standalone = false;
  // For a terminal; of the text alone, which takes 72 columns at least and 100 at most.
  bool colour = false;
  size_t columns = 100;
};

// The options for a result's own recording: its checks' evidence.
LadderOptions ladder_options(const LabResult& result);

// One <svg> element, every text escaped, no ids: several fit into one page.
std::string ladder_svg(const Recording& recording, const LadderOptions& options = {});
std::string_view ladder_css();

// No trailing spaces. An arrow that is long under way is drawn twice: `~`
// where it leaves and `~` where it arrives.
std::string ladder_text(const Recording& recording, const LadderOptions& options = {});

struct Ladder;
struct Row;

// The text ladder of a recording that grows, line by line. A call stands where it returned. A
// segment that has not arrived is drawn as under way, and again when it arrives.
class LadderStream {
 public:
  // Of the options colour and columns count.
  explicit LadderStream(LadderOptions options) : options_(std::move(options)) {}

  // All interfaces there are, and events: new ones, or known ones (by their ids) that have changed.
  void add(const Recording& part);
  // The lines of what happened until then and was not given before. What comes a little later may
  // belong into a line: `settling` after its events it is complete.
  std::string lines_until(Time until);
  static constexpr Duration settling = std::chrono::milliseconds(30);

 private:
  void print(const Ladder& ladder, const Row& row, const Row* wait, std::string& text);

  LadderOptions options_;
  bool complete_ = true;  // everything was given
  Recording recording_;
  Time begin_{};
  std::set<EventId> printed_;
  std::string hosts_;  // above the last line
};

}  // namespace twlab::report
