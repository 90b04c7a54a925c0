// What a report.html shows when all its parts have been unpacked, by another way than the page's
// own.
#pragma once

#include <zlib.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
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
  static const std::regex gap("[\x01\x04]|\x02((\\d+)(\\+(\\d+))?\\.)?|\x03(\\d+)\\.");
  std::istringstream values(ladder["values"].get<std::string>());
  auto value = [&] {
    std::string text;
    std::getline(values, text, ';');
    return text;
  };
  std::vector<uint32_t> recent;
  size_t bases = 0, frames = 0;
  int64_t frame = 0;
  auto filled = [&](const std::smatch& found) -> std::string {
    if (found[0] == "\x01") return value();
    if (found[0] == "\x04")
      return std::to_string(frame += ladder["frames"][frames++].get<int64_t>());
    if (found[5].matched) return ladder["addresses"][std::stoul(found[5])];
    if (!found[1].matched) {
      recent.insert(recent.begin(), ladder["bases"][bases++].get<uint32_t>());
      return std::to_string(recent[0]);
    }
    uint32_t base = recent.at(std::stoul(found[2]));
    recent.erase(recent.begin() + std::stol(found[2]));
    recent.insert(recent.begin(), base);
    return std::to_string(
        base + static_cast<uint32_t>(std::stoul(found[4].matched ? found[4].str() : value())));
  };
  std::string svg = ladder["frame"];
  for (size_t row : ladder["rows"]) {
    const std::string text = pack["texts"][row];
    auto from = text.cbegin();
    for (std::sregex_iterator it(text.begin(), text.end(), gap), end; it != end; ++it) {
      svg.append(from, (*it)[0].first);
      from = (*it)[0].second;
      svg += filled(*it);
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
      for (size_t line : result["html"]) all += pack["texts"][line].get<std::string>() + "\n";
      for (const auto& ladder : result["ladders"]) all += redrawn(pack, ladder);
    }
  }
  return all;
}

}  // namespace twlab::report
