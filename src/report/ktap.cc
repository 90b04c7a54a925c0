#include "report/ktap.h"

#include <fmt/format.h>

#include <sstream>

#include "report/tests.h"
#include "report/text.h"

namespace twlab::report {
namespace {

// In a result line # begins the directive.
std::string escape(const std::string& text) {
  std::string out;
  for (char c : one_line(printable(text))) {
    if (c == '#' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// Lines about a test come before its result line.
std::string diagnostics(const std::string& text) {
  std::istringstream in(printable(text));
  std::string out;
  for (std::string line; std::getline(in, line);) out += "# " + line + "\n";
  return out;
}

}  // namespace

std::string ktap(const Run& run, const Run* expected) {
  auto all = tests(run, expected);
  std::string out = fmt::format("KTAP version 1\n1..{}", all.size());
  // TAP wants a word for a plan of no tests.
  out += all.empty() ? " # SKIP nothing was run\n" : "\n";
  out += diagnostics(
      fmt::format("twlab {} on Linux {} ({})", run.program_version, run.kernel, run.machine));
  for (size_t i = 0; i < all.size(); ++i) {
    const Test& test = all[i];
    bool ok = test.outcome == Test::Outcome::passed || test.outcome == Test::Outcome::skipped;
    bool skip = test.outcome == Test::Outcome::skipped;
    if (!skip) out += diagnostics(test.words);
    if (!ok) out += diagnostics(test.detail);
    out += fmt::format("{} {} {}", ok ? "ok" : "not ok", i + 1, escape(test.name));
    if (skip) out += " # SKIP " + escape(test.words);
    out += '\n';
  }
  return out;
}

}  // namespace twlab::report
