#include "report/pack.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace twlab::report {
namespace {

using nlohmann::json;

std::string base64(std::string_view bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    for (size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0);
    for (int shift = 18; shift >= 0; shift -= 6) text += digits[three >> shift & 63];
  }
  for (size_t i = 0; i < (3 - bytes.size() % 3) % 3; ++i) text[text.size() - 1 - i] = '=';
  return text;
}

// Takes the numbers out of a row's text that differ from run to run. Outside of tags only: what is
// in them are places and kinds.
class Gaps {
 public:
  std::string cut(std::string_view svg) {
    std::string out;
    bool tag = false;
    while (!svg.empty()) {
      tag = svg[0] == '<' || (tag && svg[0] != '>');
      size_t length = 1;
      if (tag) {
        out += svg[0];
      } else if ((length = address_at(svg)) > 0) {
        out += address(svg.substr(0, length));
      } else if ((length = word_at(svg)) > 0) {
        std::string_view word = svg.substr(0, length);
        if (size_t unit = unit_at(word, svg.substr(length))) {
          length += unit;
          value(svg.substr(0, length));
          out += "\x01";
        } else if (out.ends_with("frame ")) {
          out += frame(word);
        } else {
          out += number(word, out.ends_with("val ") || out.ends_with("ecr "));
        }
      } else {
        out += svg[0];
        length = 1;
      }
      svg.remove_prefix(length);
    }
    return out;
  }

  std::vector<std::string> addresses;
  std::vector<int64_t> frames;
  std::vector<uint32_t> bases;
  std::string values;

 private:
  static constexpr uint32_t first_ephemeral = 32768;  // net.ipv4.ip_local_port_range
  static constexpr uint32_t beyond_ports = 65536;
  static constexpr uint32_t one_connection = 1 << 20;  // as far as sequence numbers go here

  // "192.0.2.1" or "[2001:db8::1]"; 0 where there is none.
  static size_t address_at(std::string_view text) {
    if (text[0] == '[') {
      size_t end = text.find_first_not_of("0123456789abcdef:.", 1);
      bool six = end != text.npos && text[end] == ']' && text.substr(0, end).find(':') != text.npos;
      return six ? end + 1 : 0;
    }
    size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    return std::ranges::count(text.substr(0, end), '.') == 3 ? end : 0;
  }

  static size_t word_at(std::string_view text) {
    if (!std::isdigit(static_cast<unsigned char>(text[0]))) return 0;
    size_t end = 1;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '.'))
      ++end;
    return end;
  }

  // The length of the unit that makes a duration of the word, with the space before it; otherwise
  // 0.
  static size_t unit_at(std::string_view word, std::string_view after) {
    size_t point = word.find_first_not_of("0123456789");
    if (point != word.npos &&
        (word[point] != '.' || word.find_first_not_of("0123456789", point + 1) != word.npos))
      return 0;
    for (std::string_view unit : {" ns", " us", " ms", " s"}) {
      if (!after.starts_with(unit)) continue;
      bool ends = after.size() == unit.size() ||
                  !std::isalpha(static_cast<unsigned char>(after[unit.size()]));
      return ends ? unit.size() : 0;
    }
    return 0;
  }

  void value(std::string_view text) { values += (values.empty() ? "" : ";") + std::string(text); }

  std::string address(std::string_view text) {
    auto at = std::ranges::find(addresses, text);
    if (at == addresses.end()) at = addresses.emplace(at, text);
    return "\x03" + std::to_string(at - addresses.begin()) + ".";
  }

  std::string frame(std::string_view word) {
    int64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    if (std::to_string(number) != word) return std::string(word);
    frames.push_back(number - std::exchange(last_frame_, number));
    return "\x04";
  }

  // Of connections that follow one another, each has its own numbers and the same place among those
  // that were last in use.
  std::string number(std::string_view word, bool timestamp) {
    uint32_t value = 0;
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    bool whole = error == std::errc() && end == word.data() + word.size() && word[0] != '0';
    if (!whole || value < first_ephemeral) return std::string(word);
    auto base = std::ranges::find_if(recent_, [&](uint32_t b) {
      return value < beyond_ports ? b == value : b >= beyond_ports && value - b < one_connection;
    });
    if (base == recent_.end()) {
      bases.push_back(value);
      recent_.insert(recent_.begin(), value);
      return "\x02";
    }
    std::string gap = "\x02" + std::to_string(base - recent_.begin());
    std::string distance = std::to_string(value - *base);
    std::rotate(recent_.begin(), base, base + 1);
    if (timestamp)
      this->value(distance);
    else
      gap += "+" + distance;
    return gap + ".";
  }

  std::vector<uint32_t> recent_;  // of the bases, the last one used first
  int64_t last_frame_ = 0;
};

}  // namespace

std::string pack(const json& value) {
  std::string text = value.dump();
  uLongf size = compressBound(text.size());
  std::string packed(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                reinterpret_cast<const Bytef*>(text.data()), text.size(),
                Z_BEST_COMPRESSION) != Z_OK)
    throw std::runtime_error("a part of the report could not be compressed: out of memory");
  packed.resize(size);
  return base64(packed);
}

json Parts::add(const DrawnLadder& ladder) {
  Gaps gaps;
  json y = json::array(), t = json::array(), rows = json::array();
  int above = 0;
  int64_t before = 0;
  for (const auto& row : ladder.rows) {
    rows.push_back(index(gaps.cut(row.svg)));
    y.push_back(row.y - above);
    above = row.y;
    if (!row.time) {
      t.push_back(nullptr);
      continue;
    }
    int64_t now = std::chrono::duration_cast<std::chrono::microseconds>(*row.time).count();
    t.push_back(now - before);
    before = now;
  }
  return {{"width", ladder.width},
          {"height", ladder.height},
          {"hosts", ladder.hosts},
          {"frame", ladder.frame},
          {"y", y},
          {"t", t},
          {"rows", rows},
          {"values", gaps.values},
          {"bases", gaps.bases},
          {"addresses", gaps.addresses},
          {"frames", gaps.frames}};
}

json Parts::add(std::string_view html) {
  json lines = json::array();
  while (!html.empty()) {
    size_t end = std::min(html.find('\n'), html.size());
    lines.push_back(index(std::string(html.substr(0, end))));
    html.remove_prefix(std::min(end + 1, html.size()));
  }
  return lines;
}

size_t Parts::index(std::string text) {
  auto [at, is_new] = index_.emplace(std::move(text), texts_.size());
  if (is_new) texts_.push_back(at->first);
  return at->second;
}

}  // namespace twlab::report
