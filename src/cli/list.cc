#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/cli.h"
#include "cli/names.h"
#include "report/catalogue.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

// Names in a column, what they are beside it, on lines of 100 columns.
void print_entry(std::string_view name, size_t width, const std::string& text) {
  std::string indent = fmt::format("\n{:{}}", "", width + 2);
  size_t room = 100 - std::min<size_t>(width + 2, 60);
  fmt::print("{:<{}}  {}\n", name, width, twlab::report::wrap(text, room, indent));
}

void list_labs() {
  size_t width = 0;
  for (const LabInfo& lab : labs()) width = std::max(width, lab.name.size());
  for (const LabInfo& lab : labs())
    print_entry(lab.name, width,
                fmt::format("{} [{:g} s{}]", lab.story, os::seconds(lab.needs),
                            lab.heavy ? "; heavy: alone, and in guests only when named" : ""));
}

void list_claims() {
  size_t width = 0;
  for (const Claim& claim : claims()) width = std::max(width, claim.id.size());
  for (const Claim& claim : claims()) {
    std::string text(claim.statement);
    if (labs_deciding(claim.id).empty()) text += " [no lab yet]";
    print_entry(claim.id, width, text);
  }
}

}  // namespace

int list(const Options& options) {
  bool both = options.names.empty();
  if (options.format == Format::names) {
    std::set<std::string_view> names;
    if (both || options.names[0] == "labs")
      for (const LabInfo& lab : labs()) names.insert(lab.name);
    if (both || options.names[0] == "claims")
      for (const Claim& claim : claims()) names.insert(claim.id);
    for (std::string_view name : names) fmt::print("{}\n", name);
    return success;
  }
  if (options.format == Format::markdown) {
    if (!both && options.names[0] == "labs") throw BadInput("only claims are listed as markdown");
    fmt::print("{}", twlab::report::catalogue_markdown());
    return success;
  }
  if (both) fmt::print("{} labs\n\n", labs().size());
  if (both || options.names[0] == "labs") list_labs();
  if (both) fmt::print("\n{} claims\n\n", claims().size());
  if (both || options.names[0] == "claims") list_claims();
  return success;
}

}  // namespace twlab::cli
