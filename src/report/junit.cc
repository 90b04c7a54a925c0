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

std::string problem(const char* element, const char* type, const Test& test) {
  return fmt::format("<{0} type=\"{1}\" message=\"{2}\">{3}</{0}>", element, type,
                     attribute(test.words), escape_xml(test.detail));
}

std::string body(const Test& test) {
  switch (test.outcome) {
    case Test::Outcome::passed:
      return fmt::format("<system-out>{}</system-out>", escape_xml(test.words));
    case Test::Outcome::skipped:
      return fmt::format("<skipped message=\"{}\"/>", attribute(test.words));
    case Test::Outcome::failed:
      return problem("failure", "verdict", test);
    case Test::Outcome::broken:
      break;
  }
  return problem("error", "lab", test);
}

}  // namespace

std::string junit(const Run& run, const Run* expected) {
  auto all = tests(run, expected);
  auto count = [&](Test::Outcome outcome) {
    return std::count_if(all.begin(), all.end(),
                         [&](const Test& t) { return t.outcome == outcome; });
  };
  std::string totals = fmt::format(
      "name=\"twlab\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\"", all.size(),
      count(Test::Outcome::failed), count(Test::Outcome::broken), os::seconds(run.took));
  // "2025-03-01 12:00:00 UTC" to ISO 8601, where these files have no zone.
  std::string began = show_utc(run.begin);
  began = began.substr(0, 10) + "T" + began.substr(11, 8);

  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format(
      "<testsuites {0}>\n<testsuite {0} skipped=\"{1}\" timestamp=\"{2}\" "
      "hostname=\"localhost\">\n<properties>\n",
      totals, count(Test::Outcome::skipped), began);
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
