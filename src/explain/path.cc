#include "explain/path.h"

#include <algorithm>

namespace twlab::explain {
namespace {

// A connection has at most eight; a hostile capture could go to and fro.
constexpr size_t most_passages = 16;

}  // namespace

std::string_view name(State state) {
  constexpr std::string_view names[] = {"unknown",    "SYN_SENT",   "SYN_RECEIVED", "ESTABLISHED",
                                        "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT",   "CLOSING",
                                        "LAST_ACK",   "TIME_WAIT",  "CLOSED"};
  return names[static_cast<size_t>(state)];
}

const Passage* Path::find(State state) const {
  auto found = std::find_if(passages_.rbegin(), passages_.rend(),
                            [state](const Passage& p) { return p.state == state; });
  return found == passages_.rend() ? nullptr : &*found;
}

void Path::enter(State state, Stamp by, bool shown) {
  if (!passages_.empty() && passages_.back().state == state) return;
  if (passages_.size() == most_passages) passages_.pop_back();
  passages_.push_back({state, by, shown});
}

void Path::show(State state) {
  if (now() == state && !passages_.empty()) passages_.back().shown = true;
}

bool Path::retract(State state) {
  if (passages_.empty() || passages_.back().state != state || passages_.back().shown) return false;
  passages_.pop_back();
  return true;
}

}  // namespace twlab::explain
