#include "report/ladder_hosts.h"

#include <algorithm>
#include <map>
#include <set>

namespace twlab::report {
namespace {

const std::string& host_of(const Recording& recording, const Event& event) {
  return recording.interfaces[std::get<wire::Frame>(event.what).interface].host;
}

std::string host_with(const Recording& recording, const Address& address,
                      const std::string& other_than) {
  for (const auto& interface : recording.interfaces) {
    const auto& all = interface.addresses;
    if (interface.host != other_than && std::find(all.begin(), all.end(), address) != all.end())
      return interface.host;
  }
  return "";
}

std::vector<Lifeline> lifelines(const Recording& recording) {
  std::vector<Lifeline> all;
  auto known = [&](const std::string& host) {
    return host.empty() ||
           std::any_of(all.begin(), all.end(), [&](auto& l) { return l.host == host; });
  };
  for (const auto& interface : recording.interfaces) {
    if (known(interface.host)) continue;
    std::string addresses;
    for (const auto& address : interface.addresses)
      addresses += (addresses.empty() ? "" : ", ") + show(address);
    all.push_back({interface.host, addresses});
  }
  for (const auto& event : recording.events)
    if (!known(event.host)) all.push_back({event.host, ""});
  return all;
}

// Who has links to the others stands between them: who opens connections to its left, whom they are
// opened to on its right.
void order(std::vector<Lifeline>& group, const Recording& recording,
           const std::vector<Transit>& transits) {
  if (group.size() < 3) return;
  std::map<std::string, int> links;
  for (const auto& interface : recording.interfaces) ++links[interface.host];
  auto most = std::max_element(group.begin(), group.end(),
                               [&](auto& a, auto& b) { return links[a.host] < links[b.host]; });
  if (links[most->host] < 2) return;
  const Lifeline hub = *most;
  group.erase(most);
  std::set<std::string> openers;
  for (const auto& transit : transits)
    if (transit.packet().segment.flags == wire::SYN)
      openers.insert(way_of(recording, transit).from);
  auto right = std::stable_partition(group.begin(), group.end(),
                                     [&](const Lifeline& l) { return openers.contains(l.host); });
  bool apart = right != group.begin() && right != group.end();
  group.insert(apart ? right : group.begin() + 1, hub);
}

// A sweep has a host for each setting, which exchange nothing with one another: no page is wide
// enough for all of them in a row.
void split_wide(std::vector<std::vector<Lifeline>>& groups, size_t at) {
  constexpr size_t widest = 4;
  for (; groups[at].size() > widest; ++at) {
    std::vector<Lifeline> rest(groups[at].begin() + 2, groups[at].end());
    groups[at].resize(2);
    groups.insert(groups.begin() + static_cast<ptrdiff_t>(at) + 1, std::move(rest));
  }
}

}  // namespace

Way way_of(const Recording& recording, const Transit& transit) {
  Way way;
  if (transit.sent) way.from = host_of(recording, *transit.sent);
  if (transit.arrived) way.to = host_of(recording, *transit.arrived);
  const auto& packet = transit.packet();
  if (!transit.sent) way.from = host_with(recording, packet.source.address, way.to);
  if (!transit.arrived) way.to = host_with(recording, packet.destination.address, way.from);
  return way;
}

std::vector<std::vector<Lifeline>> host_groups(const Recording& recording,
                                               const std::vector<Transit>& transits) {
  const auto all = lifelines(recording);
  // The group of each host; merging renames one of two.
  std::map<std::string, size_t> group;
  for (size_t i = 0; i < all.size(); ++i) group[all[i].host] = i;
  std::set<std::string> met, active;
  for (const auto& transit : transits) {
    Way way = way_of(recording, transit);
    for (const auto& host : {way.from, way.to})
      if (!host.empty()) met.insert(host);
    if (way.from.empty() || way.to.empty()) continue;
    size_t keep = group[way.from], gone = group[way.to];
    for (auto& [host, its] : group)
      if (its == gone) its = keep;
  }
  for (const auto& event : recording.events) active.insert(event.host);

  constexpr size_t unlinked = -1;
  std::map<size_t, size_t> index;  // of a group in the result
  std::vector<std::vector<Lifeline>> groups;
  for (const auto& line : all) {
    bool linked = met.count(line.host);
    if (!linked && !active.count(line.host) && !met.empty()) continue;
    auto [at, is_new] = index.try_emplace(linked ? group[line.host] : unlinked, groups.size());
    if (is_new) groups.emplace_back();
    groups[at->second].push_back(line);
  }
  if (auto apart = index.find(unlinked); apart != index.end()) split_wide(groups, apart->second);
  if (groups.empty()) groups.emplace_back();
  for (auto& lines : groups) {
    order(lines, recording, transits);
    while (lines.size() < 2) lines.push_back({});
  }
  return groups;
}

}  // namespace twlab::report
