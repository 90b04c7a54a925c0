#include <algorithm>
// Costs seconds to compile.
#include <nlohmann/json.hpp>

#include "cli/explain.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

using explain::Connection;
using explain::Result;
using explain::Stamp;
using Json = nlohmann::ordered_json;

constexpr int schema = 1;

int64_t nanoseconds(Time time) {
  return time.time_since_epoch().count();
}

template <typename Name, size_t N>
Json counts(const std::array<uint64_t, N>& all) {
  Json json = Json::object();
  for (size_t i = 0; i < N; ++i)
    if (all[i]) json[std::string(name(static_cast<Name>(i)))] = all[i];
  return json;
}

Json passages(const std::vector<explain::Passage>& all) {
  Json json = Json::array();
  for (const auto& passage : all)
    json.push_back({{"state", name(passage.state)},
                    {"frame", passage.by.frame},
                    {"time_ns", nanoseconds(passage.by.time)},
                    {"shown", passage.shown}});
  return json;
}

Json time_wait(const Connection& connection) {
  constexpr std::string_view ends[] = {"capture", "reuse", "reset", "expired"};
  Json json = Json::array();
  for (const auto& stay : connection.time_wait) {
    Json one{{"side", stay.side},
             {"frame", stay.from.frame},
             {"lasted_ns", (stay.until.time - stay.from.time).count()},
             {"until", ends[static_cast<size_t>(stay.end)]}};
    if (stay.until) one["until_frame"] = stay.until.frame;
    json.push_back(std::move(one));
  }
  return json;
}

Json show(const Connection& connection, const Options& options) {
  Json json{{"number", connection.number},
            {"ending", name(connection.ending)},
            {"begin_ns", nanoseconds(connection.first.time)},
            {"end_ns", nanoseconds(connection.last.time)},
            {"first_frame", connection.first.frame},
            {"last_frame", connection.last.frame},
            {"segments", connection.segments},
            {"copies", connection.copies},
            {"followed_to_its_end", !connection.let_go}};
  if (connection.closed_first >= 0) json["closed_first"] = connection.closed_first;
  for (size_t side : {0, 1})
    json["sides"].push_back({{"role", role(connection, side)},
                             {"address", twlab::show(connection.ends[side].address)},
                             {"port", connection.ends[side].port},
                             {"octets", connection.octets[side]},
                             {"states", passages(connection.paths[side])}});
  json["time_wait"] = time_wait(connection);
  json["findings"] = Json::array();
  for (const auto& finding : connection.findings) {
    if (!wanted(finding, options)) continue;
    Json one{{"kind", name(finding.kind)},
             {"ordinary", ordinary(finding.kind)},
             {"text", finding.text},
             {"frames", finding.frames}};
    if (auto claim = claim_id(finding.claim); !claim.empty()) one["claim"] = claim;
    json["findings"].push_back(std::move(one));
  }
  return json;
}

}  // namespace

std::string explained_json(const Explained& explained, const Options& options) {
  const Result& result = explained.result;
  Json json{{"format", "twlab explanation"},    {"schema", schema},
            {"program_version", TWLAB_VERSION}, {"file", twlab::report::printable(explained.name)},
            {"link", explained.link},           {"complete", explained.broken.empty()}};
  if (!explained.broken.empty()) json["broken"] = explained.broken;
  json["begin_ns"] = nanoseconds(result.first.time);
  json["end_ns"] = nanoseconds(result.last.time);
  constexpr const char* contents[] = {"tcp", "other", "fragments", "cut_short", "malformed"};
  json["frames"]["all"] = explained.frames;
  for (size_t i = 0; i < result.contents.size(); ++i)
    json["frames"][contents[i]] = result.contents[i];
  json["frames"]["copies"] = result.copies;
  json["counts"] = {{"connections", result.connections},
                    {"not_listed", result.not_told},
                    {"not_followed_to_their_end", result.let_go},
                    {"endings", counts<explain::Ending>(result.endings)},
                    {"findings", counts<explain::Kind>(result.findings)}};
  json["connections"] = Json::array();
  for (const Connection& connection : result.told)
    if (wanted(connection, options)) json["connections"].push_back(show(connection, options));
  return json.dump(1) + "\n";
}

}  // namespace twlab::cli
