#include "report/junit.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/tests.h"
#include "report/text.h"

namespace twlab::report {
namespace {

// A line break in an attribute would be read as a space.
std::string attribute(const std::string& text) {
  return escape_xml(one_line(text));
}

std::string body(const Test& test) {
  switch (test.outcome) {
    case Test::Outcome::passed:
      return fmt::format("<system-out>{}</system-out>", escape_xml(test.words));
    case Test::Outcome::skipped:
      return fmt::format("<skipped message=\"{}\"/>", attribute(test.words));
    case Test::Outcome::failed:
      return fmt::format("<failure message=\"{}\">{}</failure>", attribute(test.words),
                         escape_xml(test.detail));
    case Test::Outcome::broken:
      break;
  }
  return fmt::format("<error message=\"{}\">{}</error>", attribute(test.words),
                     escape_xml(test.detail));
}

}  // namespace

std::string junit(const Run& run, const Run* expected) {
  auto all = tests(run, expected);
  auto count = [&](Test::Outcome outcome) {
    return std::count_if(all.begin(), all.end(),
                         [&](const Test& t) { return t.outcome == outcome; });
  };
  std::string totals = fmt::format(
      "name=\"twlab\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
      "time=\"{:.3f}\"",
      all.size(), count(Test::Outcome::failed), count(Test::Outcome::broken),
      count(Test::Outcome::skipped), os::seconds(run.took));
  std::string began = show_utc(run.begin);  // "2025-03-01 12:00:00 UTC" to ISO 8601
  began = began.substr(0, 10) + "T" + began.substr(11, 8) + "Z";

  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites {}>\n<testsuite {} timestamp=\"{}\">\n<properties>\n", totals,
                     totals, began);
  for (auto [key, value] : {std::pair{"kernel", &run.kernel},
                            {"machine", &run.machine},
                            {"version", &run.program_version},
                            {"command", &run.command}})
    out += fmt::format("<property name=\"{}\" value=\"{}\"/>\n", key, attribute(*value));
  out += "</properties>\n";
  for (const auto& test : all)
    out +=
        fmt::format("<testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">{}</testcase>\n",
                    attribute(test.lab), attribute(test.name), os::seconds(test.took), body(test));
  return out + "</testsuite>\n</testsuites>\n";
}

}  // namespace twlab::report
