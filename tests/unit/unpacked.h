// What a report.html shows when all its parts have been unpacked, by another way than the page's
// own.
#pragma once

#include <zlib.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>
#include <string>

namespace twlab::report {

inline std::string from_base64(const std::string& text) {
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    size_t digit =
        std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
            .find(c);
    if (digit == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  return bytes;
}

inline std::string inflated(const std::string& bytes) {
  std::string text(64, '\0');
  for (;; text.resize(text.size() * 2)) {
    uLongf size = text.size();
    int result = uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                            reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    if (result == Z_BUF_ERROR) continue;
    if (result != Z_OK) throw std::runtime_error("not what zlib writes");
    text.resize(size);
    return text;
  }
}

// By name: "claims", "lab:close.lab".
inline std::map<std::string, nlohmann::json> packs(const std::string& page) {
  static const std::regex pack("data-pack=\"([^\"]*)\">([^<]*)<");
  std::map<std::string, nlohmann::json> all;
  for (std::sregex_iterator it(page.begin(), page.end(), pack), end; it != end; ++it)
    all[(*it)[1]] = nlohmann::json::parse(inflated(from_base64((*it)[2])));
  return all;
}

// A ladder of a lab's pack as SVG.
inline std::string redrawn(const nlohmann::json& pack, const nlohmann::json& ladder) {
  static const std::regex gap("\x01|\x02(\\d+)\\+(\\d+)\\.");
  std::istringstream values(ladder["values"].get<std::string>());
  std::string svg = ladder["frame"];
  for (size_t row : ladder["rows"]) {
    const std::string text = pack["rows"][row];
    auto from = text.cbegin();
    for (std::sregex_iterator it(text.begin(), text.end(), gap), end; it != end; ++it) {
      svg.append(from, (*it)[0].first);
      from = (*it)[0].second;
      if ((*it)[1].matched) {
        svg += std::to_string(ladder["bases"][std::stoul((*it)[1])].get<uint32_t>() +
                              static_cast<uint32_t>(std::stoul((*it)[2])));
      } else {
        std::string value;
        values >> value;
        svg += value;
      }
    }
    svg.append(from, text.cend());
  }
  return svg;
}

// The page and after it all that it would unpack.
inline std::string unpacked(const std::string& page) {
  std::string all = std::regex_replace(page, std::regex("(data-pack=\"[^\"]*\">)[^<]*<"), "$1<");
  for (const auto& [name, pack] : packs(page)) {
    if (name == "claims") {
      for (const auto& [id, head] : pack.items()) all += head["html"].get<std::string>();
      continue;
    }
    all += pack["html"].get<std::string>();
    for (const auto& [key, result] : pack["results"].items()) {
      all += result["html"].get<std::string>();
      for (const auto& ladder : result["ladders"]) all += redrawn(pack, ladder);
    }
  }
  return all;
}

}  // namespace twlab::report
