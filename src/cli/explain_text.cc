#include <fmt/format.h>

#include "cli/explain.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

using explain::Connection;
using explain::Finding;
using explain::Result;
using twlab::report::printable;
using twlab::report::wrap;

constexpr size_t columns = 80;

std::string indented(std::string_view first, std::string_view text) {
  std::string rest(twlab::report::width(first), ' ');
  return fmt::format("{}{}\n", first,
                     wrap(text, columns - twlab::report::width(first), "\n" + rest));
}

std::string plural(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string join(std::string_view before, std::string_view what) {
  return fmt::format("{}{}", before.empty() ? "" : ", ", what);
}

// "3 closed, 1 reset"; what did not occur is left out.
template <typename Name, size_t N>
std::string counts(const std::array<uint64_t, N>& all) {
  std::string text;
  for (size_t i = 0; i < N; ++i)
    if (all[i]) text += join(text, fmt::format("{} {}", all[i], name(static_cast<Name>(i))));
  return text;
}

std::string passed_over(const Result& result) {
  constexpr std::string_view words[] = {"", "not TCP", "fragments", "cut short in the TCP header",
                                        "malformed"};
  std::string text;
  for (size_t i = 1; i < result.contents.size(); ++i)
    if (result.contents[i]) text += join(text, fmt::format("{} {}", result.contents[i], words[i]));
  return text;
}

std::string summary(const Explained& explained) {
  const Result& result = explained.result;
  std::string text = fmt::format("{}: {} in {}, {}\n", printable(explained.name),
                                 plural(explained.frames, "frame", "frames"),
                                 os::show(result.last.time - result.first.time), explained.link);
  text += indented(
      "  ", fmt::format("{} in {}", plural(result.contents[0], "TCP segment", "TCP segments"),
                        plural(result.connections, "connection", "connections")));
  if (std::string over = passed_over(result); !over.empty())
    text += indented("  ", "passed over: " + over);
  if (result.copies)
    text += indented(
        "  ",
        fmt::format("{} of the segments are in the capture twice, and count once", result.copies));
  if (result.connections) text += indented("  ends: ", counts<explain::Ending>(result.endings));
  if (std::string found = counts<explain::Kind>(result.findings); !found.empty())
    text += indented("  findings: ", found);
  if (result.let_go)
    text += indented("  ", fmt::format("{} connections were not followed to their end: there were "
                                       "more at a time than are kept in memory",
                                       result.let_go));
  if (result.not_told)
    text += indented("  ", fmt::format("of {} connections only these counts are kept, to bound the "
                                       "memory that it takes",
                                       result.not_told));
  return text;
}

std::string path(const std::vector<explain::Passage>& passages, bool& likely) {
  std::string text;
  for (const auto& passage : passages) {
    likely |= !passage.shown;
    text += join(text, name(passage.state));
    if (passage.state != explain::State::unknown)
      text += fmt::format(" {}{}", passage.by.frame, passage.shown ? "" : "?");
  }
  return text.empty() ? "nothing seen" : text;
}

std::string show(const Finding& finding) {
  std::string text = finding.text;
  if (!ordinary(finding.kind)) text = fmt::format("{}: {}", name(finding.kind), text);
  if (auto claim = claim_id(finding.claim); !claim.empty()) text += fmt::format(" [{}]", claim);
  return indented(ordinary(finding.kind) ? "  - " : "  * ", text);
}

std::string show(const Connection& connection, const Options& options, bool& likely) {
  std::string text =
      "\n" +
      indented(fmt::format("{} ", connection.number),
               fmt::format("{} {}, {} {}", role(connection, 0), twlab::show(connection.ends[0]),
                           role(connection, 1), twlab::show(connection.ends[1])));
  text += indented("  ", fmt::format("{}; {} in frames {} to {}, {}{}", name(connection.ending),
                                     plural(connection.segments, "segment", "segments"),
                                     connection.first.frame, connection.last.frame,
                                     os::show(connection.last.time - connection.first.time),
                                     connection.let_go ? "; not followed to its end" : ""));
  if (!options.findings_only && options.kind.empty()) {
    for (size_t side : {0, 1})
      text += indented(fmt::format("  {} ", role(connection, side)),
                       path(connection.paths[side], likely));
  }
  for (const Finding& finding : connection.findings)
    if (wanted(finding, options)) text += show(finding);
  return text;
}

}  // namespace

std::string explained_text(const Explained& explained, const Options& options) {
  std::string text = summary(explained);
  std::vector<const Connection*> shown;
  for (const Connection& connection : explained.result.told)
    if (wanted(connection, options)) shown.push_back(&connection);
  bool many = options.limit && shown.size() > options.limit;
  size_t all = shown.size();
  if (many) {
    std::erase_if(shown, [](const Connection* c) { return !c->remarkable(); });
    if (shown.size() > options.limit) shown.resize(options.limit);
  }
  bool likely = false;
  for (const Connection* connection : shown) text += show(*connection, options, likely);
  if (many)
    text +=
        "\n" + indented("", fmt::format("{} more connections; --limit 0 shows all, --connection N "
                                        "one, --kind those with one kind of finding",
                                        all - shown.size()));
  if (!shown.empty() && !options.findings_only && options.kind.empty())
    text +=
        "\n" +
        indented("", fmt::format("Numbers after states are frames.{}",
                                 likely ? " With ? it is not seen that the frame arrived." : ""));
  return text;
}

}  // namespace twlab::cli
