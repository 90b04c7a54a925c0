// From names on the command line to labs and claims.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/claim.h"
#include "lab/registry.h"

namespace twlab::cli {

// The labs that the names mean, each once, sorted by name; all when there are no names. A name is
// that of a lab, the id of a claim (all labs that decide it), or a glob over both (fnmatch(3)).
// Throws BadInput when one means nothing, with the nearest name there is.
std::vector<const LabInfo*> select_labs(const std::vector<std::string>& names);

// The labs that decide the claim.
std::vector<const LabInfo*> labs_deciding(std::string_view claim);

// "unknown lab or claim 'close.four-segment'; did you mean 'close.four-segments'?"
std::string unknown(std::string_view name);

// How many letters must be put in, left out, replaced, or swapped with their neighbour.
size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace twlab::cli
