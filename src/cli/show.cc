#include <fmt/format.h>

#include <algorithm>

#include "cli/cli.h"
#include "cli/names.h"
#include "report/catalogue.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

void print_field(std::string_view name, std::string_view text) {
  fmt::print("  {:<9} {}\n", name, twlab::report::wrap(text, 80, "\n            "));
}

void show_claim(const Claim& claim) {
  fmt::print("claim {}\n", claim.id);
  print_field("statement", claim.statement);
  for (const Source& source : claim.sources) {
    auto document = std::find_if(documents().begin(), documents().end(),
                                 [&](auto& d) { return d.name == source.document; });
    std::string text(source.document);
    if (!source.section.empty()) text += fmt::format(", \"{}\"", source.section);
    if (document != documents().end()) text += fmt::format(" ({})", document->title);
    print_field("source", text);
  }
  if (!claim.why.empty()) print_field("why", claim.why);
  for (auto other : twlab::report::opponents(claim.id)) print_field("against", other);
  auto deciding = labs_deciding(claim.id);
  for (const LabInfo* lab : deciding) print_field("lab", lab->name);
  if (deciding.empty()) print_field("lab", "none yet");
}

void show_lab(const LabInfo& lab) {
  fmt::print("lab {}\n", lab.name);
  print_field("story", lab.story);
  for (std::string_view claim : lab.claims) print_field("decides", claim);
  print_field("control", lab.control);
  print_field("needs", fmt::format("{:g} s{}", os::seconds(lab.needs),
                                   lab.heavy ? ", and the machine for itself" : ""));
  print_field("file", lab.file);
}

}  // namespace

// A claim and the lab that decides it often share a name: then both are shown.
int show(const Options& options) {
  for (const std::string& name : options.names)
    if (!find_claim(name) && !find_lab(name)) throw BadInput(unknown(name));
  for (const std::string& name : options.names) {
    if (const Claim* claim = find_claim(name)) show_claim(*claim);
    if (const LabInfo* lab = find_lab(name)) show_lab(*lab);
  }
  return success;
}

}  // namespace twlab::cli
