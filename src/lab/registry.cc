#include "lab/registry.h"

#include <algorithm>
#include <stdexcept>

namespace twlab {
namespace {

// Inside a function: labs register while other files are still being initialised.
std::vector<LabInfo>& registered() {
  static std::vector<LabInfo> labs;
  return labs;
}

}  // namespace

std::span<const LabInfo> labs() {
  return registered();
}

const LabInfo* find_lab(std::string_view name) {
  auto found = std::ranges::lower_bound(registered(), name, {}, &LabInfo::name);
  return found != registered().end() && found->name == name ? &*found : nullptr;
}

// A lab that does not say what it is cannot be listed or reported: refused before main() begins.
Registration::Registration(LabInfo info) {
  auto refuse = [&](const std::string& why) {
    throw std::logic_error("lab '" + std::string(info.name) + "' " + why);
  };
  if (info.name.empty()) refuse("has no name");
  if (info.story.empty()) refuse("does not say what it does");
  if (info.claims.empty()) refuse("decides no claim");
  if (!info.body) refuse("has nothing to run");
  if (find_lab(info.name)) refuse("is registered twice");
  auto place = std::ranges::upper_bound(registered(), info.name, {}, &LabInfo::name);
  registered().insert(place, std::move(info));
}

}  // namespace twlab
