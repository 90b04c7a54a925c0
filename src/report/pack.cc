#include "report/pack.h"

#include <zlib.h>

#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

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
    for (size_t i = 0; i < svg.size();) {
      tag = svg[i] == '<' || (tag && svg[i] != '>');
      if (tag || !std::isdigit(static_cast<unsigned char>(svg[i]))) {
        out += svg[i++];
        continue;
      }
      size_t end = i;
      while (end < svg.size() && (std::isalnum(static_cast<unsigned char>(svg[end])) ||
                                  svg[end] == '.' || svg[end] == ':'))
        ++end;
      out += number(svg.substr(i, end - i), svg.substr(end, 3));
      i = end;
    }
    return out;
  }

  std::vector<uint32_t> bases;
  std::string values;  // separated by spaces

 private:
  // `word` begins with a digit.
  std::string number(std::string_view word, std::string_view after) {
    size_t digits = word.find_first_not_of("0123456789");
    bool whole = digits == word.npos;
    bool decimal = !whole && word[digits] == '.' &&
                   word.find_first_not_of("0123456789", digits + 1) == word.npos;
    bool unit = after.starts_with(" us") || after.starts_with(" ms") || after.starts_with(" ns") ||
                (after.starts_with(" s") && (after.size() < 3 || !std::isalpha(after[2])));
    if ((whole || decimal) && unit) {
      values += (values.empty() ? "" : " ") + std::string(word);
      return "\x01";
    }
    uint32_t value = 0;
    auto read = std::from_chars(word.data(), word.data() + word.size(), value);
    if (!whole || read.ec != std::errc() || value < 65536 || word[0] == '0')
      return std::string(word);
    for (size_t k = 0; k < bases.size(); ++k)
      if (uint32_t off = value - bases[k]; off < 1 << 20)
        return "\x02" + std::to_string(k) + "+" + std::to_string(off) + ".";
    bases.push_back(value);
    return "\x02" + std::to_string(bases.size() - 1) + "+0.";
  }
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

json LadderPack::add(const DrawnLadder& ladder) {
  Gaps gaps;
  json y = json::array(), t = json::array(), rows = json::array();
  int above = 0;
  int64_t before = 0;
  for (const auto& row : ladder.rows) {
    std::string svg = gaps.cut(row.svg);
    auto [at, is_new] = index_.emplace(svg, rows_.size());
    if (is_new) rows_.push_back(std::move(svg));
    rows.push_back(at->second);
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
          {"bases", gaps.bases}};
}

}  // namespace twlab::report
