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
};

std::span<const Document> documents();
std::span<const Claim> claims();

// Null when there is none of that id.
const Claim* find_claim(std::string_view id);

}  // namespace twlab
