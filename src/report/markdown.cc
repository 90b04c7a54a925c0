#include "report/markdown.h"

#include "report/ladder.h"
#include "report/matrix_model.h"
#include "report/model.h"
#include "report/text.h"

namespace twlab::report {
namespace {

// For a code fence, which ends at a line of backticks and knows no escapes.
std::string fenced(std::string text) {
  for (size_t at = 0; (at = text.find("```", at)) != std::string::npos;) text.replace(at, 3, "'''");
  text.erase(text.find_last_not_of('\n') + 1);
  return printable(text);
}

std::string ladder(const LabResult& result) {
  if (result.recording.events.empty()) return "";
  LadderOptions options = ladder_options(result);
  options.keep = 60;
  return fenced(ladder_text(result.recording, options));
}

std::string fill(std::string_view name, const Value::Object& values) {
  std::string text = render(name, values, escape_markdown);
  // What is empty leaves its blank lines behind.
  for (size_t at = 0; (at = text.find("\n\n\n", at)) != std::string::npos;) text.erase(at, 1);
  return text;
}

}  // namespace

std::string markdown(const Run& run) {
  return fill("report.md", model(run, ladder));
}

std::string markdown(const Matrix& matrix) {
  return fill("matrix.md", model(matrix, ladder));
}

}  // namespace twlab::report
