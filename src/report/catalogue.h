// What follows from the catalogue of claims, and the catalogue as a document: docs/claims.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twlab::report {

// The claims that contradict this one: those on the other sides of its disagreements.
std::vector<std::string_view> opponents(std::string_view claim);

// Markdown: the documents, what they disagree about, and each claim with its sources, the labs that
// decide it, the claims that contradict it and what a kernel's answer depends on.
std::string catalogue_markdown();

}  // namespace twlab::report
