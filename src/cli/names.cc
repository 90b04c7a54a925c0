#include "cli/names.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "cli/cli.h"

namespace twlab::cli {
namespace {

bool decides(const LabInfo& lab, std::string_view claim) {
  return std::find(lab.claims.begin(), lab.claims.end(), claim) != lab.claims.end();
}

bool is_glob(const std::string& name) {
  return name.find_first_of("*?[") != name.npos;
}

bool means(const std::string& name, const LabInfo& lab) {
  if (!is_glob(name)) return lab.name == name || decides(lab, name);
  auto matches = [&](std::string_view text) {
    return fnmatch(name.c_str(), std::string(text).c_str(), 0) == 0;
  };
  return matches(lab.name) || std::any_of(lab.claims.begin(), lab.claims.end(), matches);
}

std::string nearest(std::string_view name) {
  std::string_view best;
  size_t distance = std::max<size_t>(3, name.size() / 3) + 1;
  auto consider = [&](std::string_view candidate) {
    size_t d = edit_distance(name, candidate);
    // Who leaves out the group means the name after it.
    size_t dot = candidate.find('.');
    if (dot != candidate.npos && name.find('.') == name.npos)
      d = std::min(d, edit_distance(name, candidate.substr(dot + 1)));
    if (d >= distance) return;
    distance = d;
    best = candidate;
  };
  for (const LabInfo& lab : labs()) consider(lab.name);
  for (const Claim& claim : claims()) consider(claim.id);
  return std::string(best);
}

}  // namespace

std::vector<const LabInfo*> select_labs(const std::vector<std::string>& names) {
  std::set<const LabInfo*> chosen;  // in memory as registered: sorted by name
  for (const LabInfo& lab : labs())
    if (names.empty()) chosen.insert(&lab);
  for (const std::string& name : names) {
    size_t found = 0;
    for (const LabInfo& lab : labs()) {
      if (!means(name, lab)) continue;
      ++found;
      chosen.insert(&lab);
    }
    if (found == 0 && find_claim(name))
      throw BadInput("no lab decides the claim '" + name + "' yet");
    if (found == 0 && is_glob(name)) throw BadInput("no lab or claim matches '" + name + "'");
    if (found == 0) throw BadInput(unknown(name));
  }
  return {chosen.begin(), chosen.end()};
}

std::vector<const LabInfo*> labs_deciding(std::string_view claim) {
  std::vector<const LabInfo*> found;
  for (const LabInfo& lab : labs())
    if (decides(lab, claim)) found.push_back(&lab);
  return found;
}

std::string unknown(std::string_view name) {
  std::string suggestion = nearest(name);
  return fmt::format(
      "unknown lab or claim '{}'; {}", name,
      suggestion.empty() ? "'twlab list' shows them all" : "did you mean '" + suggestion + "'?");
}

// Damerau-Levenshtein, adjacent swaps only.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      size_t replaced = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace twlab::cli
