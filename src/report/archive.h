// Structures to JSON values and back, both from one list of fields. For json.cc alone: whoever
// includes this pays for nlohmann-json.
//
// A structure takes part through `template <typename A> void fields(A& a, T& t)`, which calls
// a("key", t.member) for each member. An empty std::optional and an unspecified Option are left
// out; an absent Option is null.
#pragma once

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lab/result.h"
#include "report/run.h"
#include "report/text.h"

namespace twlab::report {

using Json = nlohmann::ordered_json;

struct Mode {
  bool binary = false;  // bytes as bytes (CBOR), otherwise as text
  bool events = false;  // with the events of the recording
};

// The last enumerator of what is written by its name; all begin at 0 or 1 and have no gaps.
template <typename T>
inline constexpr int last = 0;
template <>
inline constexpr int last<Family> = int(Family::inet6);
template <>
inline constexpr int last<Verdict> = int(Verdict::error);
template <>
inline constexpr int last<Outcome> = int(Outcome::unclear);
template <>
inline constexpr int last<Note::Kind> = int(Note::Kind::remark);
template <>
inline constexpr int last<Topic::Kind> = int(Topic::Kind::open_question);
template <>
inline constexpr int last<net::TcpState> = int(net::TcpState::NEW_SYN_RECV);
template <>
inline constexpr int last<net::Timer> = int(net::Timer::delayed_ack);

template <typename T>
inline constexpr bool is_vector = false;
template <typename T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <typename T>
inline constexpr bool is_map = false;
template <typename T>
inline constexpr bool is_map<std::map<std::string, T>> = true;
template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <typename T>
inline constexpr bool is_option = false;
template <typename T>
inline constexpr bool is_option<wire::Option<T>> = true;

[[noreturn]] inline void malformed(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + " " + what);
}

inline std::string to_hex(const uint8_t* bytes, size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

inline std::vector<uint8_t> from_hex(const std::string& text, const std::string& path) {
  auto digit = [&](char c) -> uint8_t {
    if (c >= '0' && c <= '9') return uint8_t(c - '0');
    if (c >= 'a' && c <= 'f') return uint8_t(c - 'a' + 10);
    malformed(path, "is not hexadecimal");
  };
  if (text.size() % 2) malformed(path, "is not hexadecimal");
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(uint8_t(digit(text[i]) << 4 | digit(text[i + 1])));
  return bytes;
}

class Out {
 public:
  explicit Out(Mode m) : mode(m) {}
  const Mode mode;
  Json value = Json::object();

  template <typename T>
  void operator()(const char* key, T& t) {
    if constexpr (is_optional<T>) {
      if (t) value[key] = put(*t);
    } else if constexpr (is_option<T>) {
      if (t.present()) value[key] = put(t.value());
      if (t.specified() && !t.present()) value[key] = nullptr;
    } else {
      value[key] = put(t);
    }
  }

  template <typename T>
  void later(const char* key, T& t) {
    (*this)(key, t);
  }

  void bytes(const char* key, wire::Bytes& b) {
    value[key] = mode.binary ? Json::binary(b) : Json(to_hex(b.data(), b.size()));
  }
  // A string that may hold anything: in text {"hex": ...} unless it is printable.
  void data(const char* key, std::string& s) {
    if (mode.binary || printable(s) == s)
      value[key] = s;
    else
      value[key] = {{"hex", to_hex(reinterpret_cast<const uint8_t*>(s.data()), s.size())}};
  }
  void reject(const char* key, const char* why) { malformed(key, why); }

 private:
  template <typename T>
  Json put(const T& t) {
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return t;
    } else if constexpr (std::is_same_v<T, Plot::Point>) {
      return Json::array({t.x, t.y});
    } else if constexpr (std::is_same_v<T, Duration>) {
      return t.count();
    } else if constexpr (std::is_same_v<T, Time>) {
      return t.time_since_epoch().count();
    } else if constexpr (std::is_same_v<T, Address>) {
      return show(t);
    } else if constexpr (std::is_enum_v<T>) {
      return std::string(name(t));
    } else if constexpr (is_vector<T>) {
      Json list = Json::array();
      for (auto& item : t) list.push_back(put(item));
      return list;
    } else if constexpr (is_map<T>) {
      Json object = Json::object();
      for (auto& [key, item] : t) object[key] = put(item);
      return object;
    } else {
      Out inner(mode);
      // The lists of fields serve both directions; this one changes nothing.
      fields(inner, const_cast<T&>(t));
      return std::move(inner.value);
    }
  }
};

class In {
 public:
  In(const Json& json, std::string p, Mode m) : mode(m), value(json), path(std::move(p)) {
    if (!json.is_object()) malformed(path, "is not an object");
  }
  const Mode mode;
  const Json& value;
  const std::string path;  // "results.json: results[3].sections", for messages

  template <typename T>
  void operator()(const char* key, T& t) {
    auto it = value.find(key);
    if constexpr (is_optional<T>) {
      if (it != value.end()) get(*it, t.emplace(), at(key));
    } else if constexpr (is_option<T>) {
      decltype(t.value()) present{};
      if (it == value.end()) return;
      if (it->is_null()) {
        t = wire::absent;
        return;
      }
      get(*it, present, at(key));
      t = present;
    } else {
      get(need(key), t, at(key));
    }
  }

  // What files of this schema did not have from the beginning.
  template <typename T>
  void later(const char* key, T& t) {
    if (value.contains(key)) (*this)(key, t);
  }

  void bytes(const char* key, wire::Bytes& b) {
    const Json& j = need(key);
    if (mode.binary && j.is_binary()) {
      b = j.get_binary();
    } else {
      if (!j.is_string()) malformed(at(key), "is not bytes");
      b = from_hex(j.get<std::string>(), at(key));
    }
  }
  void data(const char* key, std::string& s) {
    const Json& j = need(key);
    if (!j.is_object()) return get(j, s, at(key));
    std::string hex;
    In(j, at(key), mode)("hex", hex);
    auto raw = from_hex(hex, at(key));
    s.assign(raw.begin(), raw.end());
  }

  void reject(const char* key, const char* why) { malformed(at(key), why); }

  std::string at(const char* key) const { return path + (path.ends_with(' ') ? "" : ".") + key; }
  const Json& need(const char* key) const {
    auto it = value.find(key);
    if (it == value.end()) malformed(at(key), "is missing");
    return *it;
  }

 private:
  template <typename T>
  void get(const Json& j, T& t, const std::string& where) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!j.is_boolean()) malformed(where, "is not true or false");
      t = j.get<bool>();
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!j.is_number()) malformed(where, "is not a number");
      t = j.get<T>();
    } else if constexpr (std::is_same_v<T, Plot::Point>) {
      if (!j.is_array() || j.size() != 2) malformed(where, "is not a pair of numbers");
      get(j[0], t.x, where);
      get(j[1], t.y, where);
    } else if constexpr (std::is_arithmetic_v<T>) {
      bool fits = j.is_number_unsigned()  ? std::in_range<T>(j.get<uint64_t>())
                  : j.is_number_integer() ? std::in_range<T>(j.get<int64_t>())
                                          : false;
      if (!fits) malformed(where, "is not a number of the right size");
      t = j.get<T>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!j.is_string()) malformed(where, "is not a string");
      t = j.get<std::string>();
    } else if constexpr (std::is_same_v<T, Duration>) {
      int64_t count = 0;
      get(j, count, where);
      t = Duration(count);
    } else if constexpr (std::is_same_v<T, Time>) {
      int64_t count = 0;
      get(j, count, where);
      t = Time(Duration(count));
    } else if constexpr (std::is_same_v<T, Address>) {
      std::string text;
      get(j, text, where);
      try {
        t = Address::parse(text);
      } catch (const std::invalid_argument&) {
        malformed(where, "is not an IP address");
      }
    } else if constexpr (std::is_enum_v<T>) {
      std::string text;
      get(j, text, where);
      static_assert(last<T> > 0);
      for (int i = 0; i <= last<T>; ++i)
        if (name(T(i)) == text && text != "?") return void(t = T(i));
      malformed(where, fmt::format("has the unknown value '{}'", shorten(one_line(text), 40)));
    } else if constexpr (is_vector<T>) {
      if (!j.is_array()) malformed(where, "is not a list");
      for (size_t i = 0; i < j.size(); ++i)
        get(j[i], t.emplace_back(), fmt::format("{}[{}]", where, i));
    } else if constexpr (is_map<T>) {
      if (!j.is_object()) malformed(where, "is not an object");
      for (auto it = j.begin(); it != j.end(); ++it)
        get(it.value(), t[it.key()], where + "." + it.key());
    } else {
      In inner(j, where, mode);
      fields(inner, t);
    }
  }
};

}  // namespace twlab::report
