// One run of the program as the reports see it, and what can be derived from it.
//
// A Run stands alone: the texts of claims and labs are copied into it, so that a report made from a
// file, or from the results of another kernel's program, says what was true when it was measured.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/claim.h"
#include "lab/registry.h"
#include "lab/result.h"
#include "os/clock.h"

namespace twlab::report {

// What the catalogue says of a claim (Claim with owned strings).
struct SourceText {
  std::string document, section;
  std::string title;  // of the document
};
struct ClaimText {
  std::string id, statement;
  std::vector<SourceText> sources;
  std::string why{};
};

// What the catalogue sets side by side (Topic with owned strings).
struct TopicText {
  Topic::Kind kind{};
  std::string text;
  std::vector<std::vector<std::string>> sides;
  SourceText source;
  std::string remark;
};

// What a lab says of itself (LabInfo with owned strings).
struct LabText {
  std::string name, story, control, file;
  std::vector<std::string> claims;
  Duration needs{};
};

// Where a kernel ran that is not the machine's own.
struct GuestText {
  std::string source;      // where the kernel came from: a package and its version, or a path
  std::string emulator;    // "QEMU emulator version 7.2.22 (...)"
  uint64_t seed = 1;       // of everything random in the guest
  bool real_time = false;  // otherwise idle time was skipped
  // What the bytes of the evidence depend on besides, as far as it is not in the labs' results.
  // Empty in files of older programs.
  std::string command_line{};  // of QEMU; of files the names
  // SHA-256, hexadecimal: of the kernel's image, of all that it booted with (the program inside,
  // its libraries, the kernel's modules), and of that program alone.
  std::string image_sha256{}, initramfs_sha256{}, program_sha256{};
};

// A run of one machine out of several that share the work.
struct ShardText {
  size_t index = 1, count = 1;
};

struct Run {
  static constexpr int current_schema = 1;
  int schema = current_schema;  // of results.json and the recording files
  std::string program_version;
  std::string kernel;   // uname -r
  std::string machine;  // uname -m
  std::optional<GuestText> guest{};
  std::optional<ShardText> shard{};
  std::string command;  // as typed
  bool root = false;
  std::string trouble{};      // why no lab could run: its guest does not boot
  bool interrupted = false;   // ended before every lab had: results may be missing
  bool classic_pcap = false;  // captures are .pcap, not .pcapng
  Time begin;
  Duration took{};
  std::vector<LabResult> results;  // in any order; repetitions of one lab and family in theirs
  std::vector<ClaimText> claims;   // at least those that the results judge
  std::vector<LabText> labs;       // at least those that ran
  std::vector<TopicText> topics;   // those that have a claim in common with the results
};

// Copies into the run the catalogue's texts of its results' labs and claims, and of the topics that
// these claims belong to, with all their claims. Names that the catalogue does not have are kept,
// without a text.
void describe(Run& run);

// One test: a claim in one family. Where several results judge it (two labs, repetitions) the
// verdict is what they agree on; else `error` if one is that, else `inconclusive`, and the reason
// says who said what.
struct FamilyVerdict {
  Family family = Family::inet;
  Verdict verdict = Verdict::inconclusive;
  std::string reason;
  std::vector<size_t> results;  // indices into Run::results, never empty
};

struct ClaimRow {
  std::string claim;
  std::vector<FamilyVerdict> families;  // in the order of Family; only those that ran
  // Of the claim as it was stated, for all families: `error` if one family ended so, else `refuted`
  // if one refutes it, else `inconclusive` or `absent` if one is, else `confirmed`.
  Verdict overall = Verdict::inconclusive;
  const FamilyVerdict* find(Family family) const;
};

// In the order of run.claims, others after them. A result that broke counts as `error` for every
// claim of its lab that it gave no verdict for.
std::vector<ClaimRow> claim_rows(const Run& run);

// How often each verdict was reached, by (claim, family).
std::map<Verdict, size_t> count(const std::vector<ClaimRow>& rows);

// For each result, the how-many-th of its lab and family it is, from 1.
std::vector<int> repetitions(const Run& run);

// Where a result's evidence lies below the output folder: "close.four-segments/inet", and
// "close.four-segments/inet-2" for its second repetition; recording_file and capture_file with
// their suffixes.
std::string evidence_stem(const LabResult& result, int repetition);
std::string recording_file(const LabResult& result, int repetition);
std::string capture_file(const LabResult& result, int repetition, bool classic_pcap);

// Null when the run has no text of it.
const ClaimText* find_claim_text(const Run& run, std::string_view id);
const LabText* find_lab_text(const Run& run, std::string_view name);

std::string_view name(Outcome outcome);    // "holds", "fails", "unclear"
std::string_view name(Note::Kind kind);    // "section", ...
std::string_view name(Topic::Kind kind);   // "disagreement", ...
std::string_view label(Family family);     // "IPv4", "IPv6"
std::string_view symbol(Verdict verdict);  // one sign for each, to stand before the word
// "twlab run close.four-segments --family inet"
std::string command_for(const LabResult& result);
// "2025-03-01 12:00:00 UTC"
std::string show_utc(Time time);

}  // namespace twlab::report
