// The catalogue of claims as a document: docs/claims.md.
#pragma once

#include <string>

namespace twlab::report {

// Markdown: the documents, what they disagree about, and each claim with its sources, the labs that
// decide it, the claims that contradict it and what a kernel's answer depends on.
std::string catalogue_markdown();

}  // namespace twlab::report
