// Two runs beside each other: `twlab diff A B`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/run.h"
#include "report/segment_diff.h"

namespace twlab::report {

// Two results of one lab and family, and what their recordings say.
struct RecordingsDiff {
  std::string lab;
  Family family = Family::inet;
  std::string missing;  // why the recordings could not be compared; empty when they were
  std::optional<SegmentDifference> first;
};

// The first check, by place in A, that came out otherwise in B.
struct CheckDifference {
  std::string what;
  std::string a, b;  // "holds: got 5"; "was not made"
};

std::optional<CheckDifference> first_check(const LabResult& a, const LabResult& b);

// Results of one lab and family, by their places in each run.
struct ResultPair {
  size_t a = 0, b = 0;
};
// Of each lab that is among both: its first two results whose verdicts on the claim differ, or its
// first two.
std::vector<ResultPair> pair_up(const Run& a, const std::vector<size_t>& of_a, const Run& b,
                                const std::vector<size_t>& of_b, const std::string& claim);

// A claim in one family that was judged otherwise.
struct VerdictDifference {
  std::string claim;
  Family family = Family::inet;
  FamilyVerdict a, b;
  std::optional<CheckDifference> check;
  std::vector<RecordingsDiff> recordings;  // of each lab that judged it in both runs
};

struct Diff {
  size_t compared = 0;                      // claims by families that both runs judged
  std::vector<VerdictDifference> verdicts;  // as in A
  std::vector<std::string> only_a, only_b;  // "close.simultaneous (inet)"
  size_t recordings = 0;                    // compared besides those of `verdicts`
  std::vector<RecordingsDiff> others;       // of those, which differ or could not be compared
};

// A run and where it was read from: a folder, or a results.json (then without recordings).
struct RunSource {
  Run run;
  std::filesystem::path folder;  // empty: no recordings
  std::string name;              // as the user said it
};
// Throws as read.h says; recordings are read only when they are needed.
RunSource open_run(const std::filesystem::path& path);

// `segments`: compares also the recordings of labs whose verdicts agree. Where a lab ran several
// times, the first ones whose verdicts differ are compared, otherwise the first ones. A recording
// that is not there is said to be missing; one that is broken throws.
Diff diff(const RunSource& a, const RunSource& b, bool segments);

// At most 80 columns, except for words that are longer.
std::string show(const Diff& diff, const RunSource& a, const RunSource& b, bool segments);

}  // namespace twlab::report
