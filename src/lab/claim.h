// The catalogue of claims: every testable statement of the documents, each with its sources.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twlab {

// One of the documents the claims are taken from.
struct Document {
  std::string_view name;   // short name used everywhere: "timewait-2015"
  std::string_view title;  // what it is
};

struct Source {
  std::string_view document;
  std::string_view section;  // heading in the document; empty: the whole of it
};

struct Claim {
  std::string_view id;         // "timewait.sixty-seconds"
  std::string_view statement;  // one English sentence, paraphrased
  std::vector<Source> sources;
  std::string_view why{};  // since when and why a kernel may answer otherwise; empty: not known
};

// Claims that a reader who compares the documents wants to see beside each other.
struct Topic {
  enum class Kind {
    disagreement,       // the sides contradict one another
    wrong_information,  // a document quotes it as wrong; the claims say the opposite
    open_question       // a document leaves it open; the claims answer it
  };
  Kind kind{};
  std::string_view text;  // what the disagreement is about; what is called wrong; the question
  std::vector<std::vector<std::string_view>> sides;  // ids; only a disagreement has several
  Source source{};                                   // of the box or the question
  std::string_view remark{};                         // what keeps it from being so simple
};

std::span<const Document> documents();
std::span<const Claim> claims();
std::span<const Topic> topics();

// Null when there is none of that id.
const Claim* find_claim(std::string_view id);

}  // namespace twlab
