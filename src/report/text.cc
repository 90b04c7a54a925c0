#include "report/text.h"

#include <algorithm>
#include <cstdint>

namespace twlab::report {
namespace {

// Length of the well-formed UTF-8 sequence at the start of the text, 0 when it is none (RFC 3629:
// shortest form only, no surrogates, nothing above U+10FFFF).
size_t sequence(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t first = byte(0);
  if (first < 0x80) return 1;
  size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  uint8_t second = byte(1);
  bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
             (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  // U+FFFE and U+FFFF are UTF-8 but not XML.
  bool nonchar = first == 0xef && second == 0xbf && byte(2) >= 0xbe;
  return bad || nonchar ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t length = sequence(text);
    auto c = static_cast<uint8_t>(text[0]);
    bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ||
                   (length == 2 && c == 0xc2 && static_cast<uint8_t>(text[1]) < 0xa0);
    if (length == 0 || control)
      out += "\uFFFD";
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

std::string escape_xml(std::string_view text) {
  std::string out;
  for (char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_markdown(std::string_view text) {
  std::string out;
  for (char c : one_line(printable(text))) {
    // HTML is part of Markdown; entities are understood where a backslash before < is not.
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_[]|#~").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

size_t width(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; });
}

std::string shorten(std::string_view text, size_t columns) {
  if (width(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  size_t end = 0;
  for (size_t seen = 0; end < text.size(); ++end) {
    bool starts = (static_cast<uint8_t>(text[end]) & 0xc0) != 0x80;
    if (starts && seen++ == columns - 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string wrap(std::string_view text, size_t columns, std::string_view separator) {
  std::string out;
  size_t used = 0;
  while (!text.empty()) {
    size_t end = std::min(text.find_first_of(" \n"), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (used && used + 1 + width(word) > columns) {
      out += separator;
      used = 0;
    } else if (used) {
      out += ' ';
      ++used;
    }
    out += word;
    used += width(word);
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

}  // namespace twlab::report
