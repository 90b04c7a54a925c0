#include "cli/result_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/verdicts.h"
#include "report/run.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

constexpr size_t columns = 78;

std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("{}{}\n", indent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string show_check(const Check& check) {
  std::string words =
      fmt::format("{}: {}: wanted {}, got {}", report::name(check.outcome), check.what,
                  report::one_line(check.wanted), report::one_line(check.got));
  return "    " + report::wrap(words, columns - 4, "\n      ") + "\n" +
         indented(check.details, "      ");
}

}  // namespace

std::string show_verdict(const LabResult& result, std::string_view claim, bool colour) {
  auto made = std::ranges::find(result.verdicts, claim, &ClaimVerdict::claim);
  if (made == result.verdicts.end()) return "";
  std::string word(name(made->verdict));
  if (colour) word = fmt::format("{}{}\x1b[0m", colour_of(made->verdict), word);
  std::string text = fmt::format("{} {} ({})\n  {}\n", word, claim, report::label(result.family),
                                 report::wrap(made->reason, columns, "\n  "));
  for (const SectionResult& section : result.sections) {
    bool decides = std::ranges::find(made->sections, section.title) != made->sections.end();
    if (section.control ? section.title != made->control : !decides) continue;
    text += fmt::format("  {}{}\n", section.control ? "control: " : "", section.title);
    for (const Check& check : section.checks) text += show_check(check);
  }
  return text;
}

}  // namespace twlab::cli
