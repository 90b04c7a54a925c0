// What one run of one lab came to: checks in sections, and a verdict for each of its claims.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lab/recording.h"

namespace twlab {

// How an observation stands to what was wanted. `unclear`: it is neither what would confirm nor
// what would refute, so nothing may be concluded from it.
enum class Outcome : uint8_t { holds, fails, unclear };

struct Check {
  std::string what;      // "the second segment acknowledges K+1"
  std::string wanted;    // what was wanted, tolerance included
  std::string refuting;  // what would have spoken against it; empty: anything else
  std::string got;
  std::string details;  // on failure: every frame that came and how each differs; may be many lines
  Outcome outcome = Outcome::unclear;
  std::vector<EventId> evidence;
};

struct SectionResult {
  std::string title;
  bool control = false;
  std::vector<Check> checks;
};

enum class Verdict : uint8_t { confirmed, refuted, absent, inconclusive, error };

std::string_view name(Verdict verdict);

struct ClaimVerdict {
  std::string claim{};  // id in the catalogue
  Verdict verdict = Verdict::inconclusive;
  std::string reason{};  // one sentence
  // Titles of the sections that decided it, and of its control; empty where there was none.
  std::vector<std::string> sections{};
  std::string control{};
};

// Numbers that are an answer, to be drawn. What is measured goes in as it was measured; a lab that
// has more than `most_points` of them records fewer, and says so in the note.
struct Plot {
  struct Axis {
    std::string label;   // "time of one call"
    std::string unit{};  // "µs"; empty where the label says it all
    bool log = false;
  };
  struct Point {
    double x = 0, y = 0;  // in the axes' units; finite, and above 0 where the axis is log
  };
  struct Series {
    std::string name;
    std::vector<Point> points{};  // in the order of the line; none where nothing was measured
    bool line = true;             // a line through the points
  };
  // A line across, with a word: "the kernel's limit".
  struct Mark {
    double at = 0;
    std::string word;
    bool vertical = false;  // at x, otherwise at y
  };
  static constexpr size_t most_points = 500;  // of all series together

  std::string title;   // what is to be seen, in one sentence
  std::string note{};  // how it was measured, what was left out
  Axis x{}, y{};
  std::vector<Series> series{};
  std::vector<Mark> marks{};
};

// What keeps it from being drawn, in words; empty when nothing does.
std::string fault(const Plot& plot);

struct LabResult {
  std::string lab;
  Family family = Family::inet;
  std::string error;  // why the harness broke; empty when the lab reached its end
  Time begin;
  Duration took{};
  std::vector<SectionResult> sections;
  std::vector<ClaimVerdict> verdicts;  // one for each claim that the lab names
  std::vector<Plot> plots;
  Recording recording;
};

}  // namespace twlab
