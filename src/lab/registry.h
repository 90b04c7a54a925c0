// The labs that are built in, and what each says of itself.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "os/clock.h"

namespace twlab {

class Lab;

// Sysctl (dotted name) -> value.
using Settings = std::map<std::string, std::string>;

struct LabInfo {
  std::string_view name{};   // "close.four-segments": group and name
  std::string_view story{};  // what it does, in one or two sentences
  std::vector<std::string_view> claims{};
  std::string_view
      control{};            // the one decisive thing that is changed, and what must then come out
  Duration needs{};         // the longest it waits by design, kernel timers included
  bool heavy = false;       // must have the machine for itself
  std::string_view file{};  // where it is written, relative to the source tree
  void (*body)(Lab&) = nullptr;
};

// Sorted by name.
std::span<const LabInfo> labs();

// Null when there is none of that name.
const LabInfo* find_lab(std::string_view name);

// Registers during static initialisation; used by LAB().
struct Registration {
  explicit Registration(LabInfo info);
};

}  // namespace twlab
