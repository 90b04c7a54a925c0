// Making text safe and short for the formats it ends up in.
#pragma once

#include <string>
#include <string_view>

namespace twlab::report {

// Valid UTF-8 without control characters except tab and newline; whatever else comes in, such as
// bytes of a payload, is replaced by U+FFFD. XML 1.0 can carry nothing else.
std::string printable(std::string_view text);

// printable(), and & < > " ' as entities: for HTML, SVG and XML, in text and in quoted attributes.
std::string escape_xml(std::string_view text);

// printable(), with everything that Markdown could read as markup, a table cell's | included,
// escaped, and newlines as spaces.
std::string escape_markdown(std::string_view text);

// How many columns a terminal needs for it, as far as the lab's texts go: one for each code point.
size_t width(std::string_view text);
// At most that many columns, the last one "…" if something had to go.
std::string shorten(std::string_view text, size_t columns);
// Broken at spaces into lines of at most that many columns; a longer word is a line of its own.
std::string wrap(std::string_view text, size_t columns, std::string_view separator = "\n");
// On one line: newlines as spaces.
std::string one_line(std::string_view text);

}  // namespace twlab::report
