// Which hosts stand beside one another in a ladder diagram.
#pragma once

#include <string>
#include <vector>

#include "report/transit.h"

namespace twlab::report {

struct Lifeline {
  std::string host;
  std::string addresses;
};

// Hosts that sent one another segments are a group, drawn as a ladder of its own; in the order of
// the interfaces, but with a host that has links to the others, a router, between those that open
// connections and those that accept them. Hosts that neither
// sent nor received anything are a group together if they did something else. Never empty, and no
// group has less than two lifelines: the second may have no name.
std::vector<std::vector<Lifeline>> host_groups(const Recording& recording,
                                               const std::vector<Transit>& transits);

// From where to where a segment went; for one that was seen at one end only the other is the host
// of its address. Empty where no host has it.
struct Way {
  std::string from, to;
};
Way way_of(const Recording& recording, const Transit& transit);

}  // namespace twlab::report
