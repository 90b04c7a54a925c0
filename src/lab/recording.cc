#include "lab/recording.h"

#include <algorithm>

namespace twlab {

EventId Recording::add(Time time, std::string host, decltype(Event::what) what) {
  events.push_back({++last_, time, std::move(host), std::move(what)});
  return last_;
}

void Recording::sort() {
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
}

}  // namespace twlab
