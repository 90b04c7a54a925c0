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

struct LabResult {
  std::string lab;
  Family family = Family::inet;
  std::string error;  // why the harness broke; empty when the lab reached its end
  Time begin;
  Duration took{};
  std::vector<SectionResult> sections;
  std::vector<ClaimVerdict> verdicts;  // one for each claim that the lab names
  Recording recording;
};

}  // namespace twlab
