#include "cli/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/cli.h"
#include "explain/source.h"
#include "os/file.h"
#include "report/ladder.h"

namespace twlab::cli {
namespace {

using explain::Connection;

Explained read(explain::Source& source, const Options& options) {
  explain::Analysis analysis({}, options.connection);
  explain::Header header;
  while (auto frame = source.next()) {
    auto content = explain::dissect(source.link(), frame->bytes, frame->length, header);
    analysis.add(content, header, {frame->number, frame->time});
  }
  return {source.name(), source.link_name(), source.frames(), source.broken(), analysis.finish()};
}

const Connection& find(const Explained& explained, uint64_t number) {
  const auto& all = explained.result.told;
  auto found = std::find_if(all.begin(), all.end(),
                            [number](const Connection& c) { return c.number == number; });
  if (found == all.end())
    throw BadInput(fmt::format("{}: no connection {}; there are {}", explained.name, number,
                               explained.result.connections));
  return *found;
}

std::string ladder_of(const Explained& explained, const Options& options) {
  Recording recording = recording_of(find(explained, options.connection), explained.result.drawn);
  twlab::report::LadderOptions how;
  how.one_place = how.standalone = true;
  return options.file.ends_with(".svg") ? twlab::report::ladder_svg(recording, how)
                                        : twlab::report::ladder_text(recording, how);
}

void check(const Options& options) {
  if (!options.file.empty() && !options.draw)
    throw BadInput("-o is for the ladder: --ladder N -o x.svg");
  if (!options.file.empty() && !options.file.ends_with(".svg") && !options.file.ends_with(".txt"))
    throw BadInput(fmt::format("{}: a ladder is written to a file .svg or .txt", options.file));
  if (options.kind.empty()) return;
  std::string known;
  for (size_t i = 0; i < explain::kind_count; ++i) {
    auto kind = name(static_cast<explain::Kind>(i));
    if (kind == options.kind) return;
    known += fmt::format("{}{}", i ? ", " : "", kind);
  }
  throw BadInput(fmt::format("no finding is called '{}'; there are {}", options.kind, known));
}

}  // namespace

bool wanted(const explain::Finding& finding, const Options& options) {
  if (!options.kind.empty()) return name(finding.kind) == options.kind;
  return !options.findings_only || !ordinary(finding.kind);
}

bool wanted(const Connection& connection, const Options& options) {
  if (options.connection && options.connection != connection.number) return false;
  if (!options.findings_only && options.kind.empty()) return true;
  return std::any_of(connection.findings.begin(), connection.findings.end(),
                     [&](const auto& finding) { return wanted(finding, options); });
}

int explain(const Options& options) {
  check(options);
  explain::Source source(options.names.at(0));
  Explained explained = read(source, options);
  if (options.connection) find(explained, options.connection);
  std::string out = options.draw                     ? ladder_of(explained, options)
                    : options.format == Format::json ? explained_json(explained, options)
                                                     : explained_text(explained, options);
  if (options.file.empty())
    fmt::print("{}", out);
  else
    os::write_file_atomically(options.file, out);
  if (explained.broken.empty()) return success;
  std::fflush(stdout);
  throw BadInput(
      fmt::format("{}: {}; what was read before is explained", explained.name, explained.broken));
}

}  // namespace twlab::cli
