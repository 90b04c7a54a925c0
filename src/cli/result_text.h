// What one run of a lab came to, for the terminal.
#pragma once

#include <string>
#include <string_view>

#include "lab/result.h"

namespace twlab::cli {

// "refuted  reuse.client-only (IPv4): ..." and below it the checks that decided it, section by
// section, and those of the control; at most 80 columns but for what labs saw, which is not broken.
// Empty when the result has no verdict on the claim.
std::string show_verdict(const LabResult& result, std::string_view claim, bool colour);

}  // namespace twlab::cli
