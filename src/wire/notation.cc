#include "wire/notation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <vector>

namespace twlab::wire {
namespace {

struct Token {
  std::string text{};
  size_t at = 0, length = 0;  // in the whole text
  bool quoted = false;        // data
  bool bracketed = false;     // directly behind a '['
};

constexpr std::string_view letters = "FSRP.UEW";  // by bit

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "14:23:01.123456", or seconds.
bool is_time(std::string_view text) {
  size_t colons = std::ranges::count(text, ':'), dots = std::ranges::count(text, '.');
  return text.find_first_not_of("0123456789:.") == text.npos && text.size() > 1 &&
         ((colons == 2 && dots <= 1) || (colons == 0 && dots == 1));
}

bool is_arrow(std::string_view text) {
  return text == "|" ||
         (text.find("--") != text.npos && text.find_first_not_of("-<>~|xo*") == text.npos);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Written parse() {
    split();
    skip_head();
    endpoints();
    flags();
    while (next_ < tokens_.size()) word();
    agree_on_length();
    return std::move(made_);
  }

 private:
  [[noreturn]] void fail(const Token& token, const std::string& why) const {
    std::string marks(token.at, ' ');
    marks += "^" + std::string(std::max<size_t>(token.length, 1) - 1, '~');
    std::string line(text_);
    std::ranges::replace(line, '\n', ' ');
    throw BadNotation(fmt::format("{}\n  {}\n  {}", why, line, marks));
  }
  [[noreturn]] void fail_at_end(const std::string& why) const {
    fail(Token{.at = text_.size()}, why);
  }

  // --- words -------------------------------------------------------------------------------------
  void split() {
    size_t open = text_.npos;  // the bracket
    bool behind_bracket = false;
    for (size_t i = 0; i < text_.size();) {
      char c = text_[i];
      if (c == '"') {
        i = quoted(i);
      } else if (c == '[' || c == ']') {
        Token bracket{.at = i, .length = 1};
        if ((c == '[') == (open != text_.npos))
          fail(bracket, c == '[' ? "a '[' within brackets" : "a ']' without a '['");
        open = c == '[' ? i : text_.npos;
        ++i;
      } else if (std::string_view(" \t\n\r,").find(c) != std::string_view::npos) {
        ++i;
      } else {
        size_t end = std::min(text_.find_first_of(" \t\n\r,[]\"", i), text_.size());
        std::string word(text_.substr(i, end - i));
        if (!is_arrow(word)) tokens_.push_back({word, i, end - i, false, behind_bracket});
        i = end;
      }
      behind_bracket = c == '[';
    }
    if (open != text_.npos) fail({.at = open, .length = 1}, "this '[' is not closed");
  }

  size_t quoted(size_t begin) {
    Token token{.at = begin, .quoted = true};
    for (size_t i = begin + 1; i < text_.size(); ++i) {
      char c = text_[i];
      if (c == '"') {
        token.length = i + 1 - begin;
        tokens_.push_back(token);
        return i + 1;
      }
      if (c != '\\') {
        token.text += c;
        continue;
      }
      c = ++i < text_.size() ? text_[i] : '\0';
      constexpr std::string_view escapes = "nrt0\"\\", meant{"\n\r\t\0\"\\", 6};
      uint8_t value = 0;
      if (size_t known = escapes.find(c); known != escapes.npos) {
        token.text += meant[known];
      } else if (c == 'x' && i + 2 < text_.size() &&
                 std::from_chars(&text_[i + 1], &text_[i + 3], value, 16).ptr == &text_[i + 3]) {
        token.text += static_cast<char>(value);
        i += 2;
      } else {
        fail({.at = i - 1, .length = 2}, "behind a '\\' stands n, r, t, 0, \", \\ or xNN");
      }
    }
    token.length = 1;
    fail(token, "this '\"' is not closed");
  }

  const Token* peek(size_t ahead = 0) const {
    return next_ + ahead < tokens_.size() ? &tokens_[next_ + ahead] : nullptr;
  }
  bool take(std::string_view word) {
    bool is = peek() && !peek()->quoted && peek()->text == word;
    next_ += is;
    return is;
  }

  // --- what stands before the flags --------------------------------------------------------------
  void skip_head() {
    for (size_t i = 0; i < tokens_.size() && tokens_[i].text != ">"; ++i)
      if (tokens_[i].text == "IP" || tokens_[i].text == "IP6") {
        next_ = i + 1;
        return;
      }
    if (peek() && is_time(peek()->text) && !(peek(1) && peek(1)->text == ">")) ++next_;
  }

  void endpoints() {
    if (!peek() || peek()->quoted) return;
    Token first = *peek();
    size_t arrow = first.text.find('>');
    if (arrow != first.text.npos && first.text != ">") {  // "5000>40000" of the ladder
      ++next_;
      Token second{first.text.substr(arrow + 1), first.at + arrow + 1, first.length - arrow - 1};
      first.text.resize(first.length = arrow);
      endpoint(first, made_.source, made_.segment.source);
      endpoint(second, made_.destination, made_.segment.destination);
    } else if (first.text == ">" || (peek(1) && peek(1)->text == ">")) {
      if (first.text == ">") fail(first, "there is nothing before '>'");
      if (!peek(2)) fail_at_end("behind '>' a destination is missing");
      endpoint(first, made_.source, made_.segment.source);
      endpoint(*peek(2), made_.destination, made_.segment.destination);
      next_ += 3;
    }
  }

  void endpoint(Token token, std::string& host, std::optional<uint16_t>& port) const {
    std::string& text = token.text;
    if (text.ends_with(':')) text.pop_back();
    if (text.empty()) fail(token, "an endpoint is PORT, HOST or HOST.PORT");
    if (text == "*") return;
    auto dots = std::ranges::count(text, '.');
    bool ipv4 = dots >= 3 && text.find_first_not_of("0123456789.") == text.npos;
    bool ipv6 = std::ranges::count(text, ':') > 1;
    size_t separator = text.npos;
    if (is_digits(text)) {
      host.clear();
      port = static_cast<uint16_t>(number(token, text, 65535, "a port"));
      return;
    }
    if (ipv4 ? dots == 4 : ipv6 || dots > 0) separator = text.rfind('.');
    if (separator == text.npos && !ipv6) separator = text.rfind(':');
    if (ipv4 && dots > 4) fail(token, "this is no address");
    host = text.substr(0, separator);
    if (separator == text.npos) return;
    std::string name = text.substr(separator + 1);
    if (!is_digits(name))
      fail(token, fmt::format("'{}' is no number of a port (tcpdump -n prints numbers)", name));
    port = static_cast<uint16_t>(number(token, name, 65535, "a port"));
  }

  void flags() {
    bool named = take("Flags");
    const Token* token = peek();
    bool looks =
        token && !token->quoted &&
        (token->text == "none" || token->text.find_first_not_of(letters) == std::string::npos);
    if (!named && !looks && !(token && token->bracketed)) return;
    if (!token) fail_at_end("behind 'Flags' they are missing");
    ++next_;
    Flags flags{};
    if (token->text != "none")
      for (size_t i = 0; i < token->text.size(); ++i) {
        size_t bit = letters.find(token->text[i]);
        Token letter{.at = token->at + i, .length = 1};
        if (bit == letters.npos)
          fail(letter,
               fmt::format("'{}' is no flag; they are S F R P . U E W, or none", token->text[i]));
        if (has(flags, Flags(1 << bit))) fail(letter, "this flag is there twice");
        flags = flags | Flags(1 << bit);
      }
    made_.segment.flags = flags;
  }

  // --- the words behind them ---------------------------------------------------------------------
  void word() {
    const Token& token = tokens_[next_++];
    Segment& s = made_.segment;
    if (token.quoted) {
      once(token, "data");
      s.payload = token.text;
      return;
    }
    const std::string& word = token.text;
    if (word == "seq") {
      sequence(token);
    } else if (word == "ack") {
      once(token, "ack");
      s.ack = signed_number(token, made_.ack_relative);
    } else if (word == "win") {
      s.window = value<uint16_t>(token, "win");
    } else if (word == "mss") {
      s.mss = value<uint16_t>(token, "mss");
    } else if (word == "wscale") {
      s.wscale = value<uint8_t>(token, "wscale");
    } else if (word == "sackOK") {
      once(token, "sackOK");
      s.sack_permitted = true;
    } else if (word == "tsval" || word == "val") {
      s.tsval = value<uint32_t>(token, "TS val");
    } else if (word == "tsecr" || word == "ecr") {
      s.tsecr = value<uint32_t>(token, "TS ecr");
    } else if (word == "TS") {
      if (!peek() || (peek()->text != "val" && peek()->text != "ecr"))
        fail(token, "behind TS stands val N or ecr N");
    } else if (word == "no") {
      without(token);
    } else if (word == "length") {
      length(token);
    } else if (word != "options" && word != "nop" && word != "eol") {
      unknown(token);
    }
  }

  void sequence(const Token& token) {
    once(token, "seq");
    Segment& s = made_.segment;
    if (!peek()) fail(token, "behind seq a number is missing");
    Token range = *peek();
    size_t colon = range.text.find(':');
    if (colon == range.text.npos) {
      s.seq = signed_number(token, made_.seq_relative);
      return;
    }
    std::string end = range.text.substr(colon + 1);
    tokens_[next_].text.resize(colon);
    s.seq = signed_number(token, made_.seq_relative);
    if (end.starts_with('+') || end.starts_with('-')) end.erase(0, 1);
    auto last = static_cast<uint32_t>(number(range, end, 0xffffffff, "seq"));
    if (last - *s.seq > 65535) fail(range, "more than 65535 octets are no segment");
    range_ = {last - *s.seq, range};
  }

  void length(const Token& token) {
    once(token, "length");
    if (!peek()) fail(token, "behind length a number is missing");
    Token value = tokens_[next_++];
    // tcpdump says more of protocols that it knows: "length 73: HTTP: GET / HTTP/1.1".
    if (value.text.ends_with(':')) {
      value.text.pop_back();
      next_ = tokens_.size();
    }
    made_.segment.length = number(value, value.text, 65535, "length");
    length_ = value;
  }

  void agree_on_length() {
    Segment& s = made_.segment;
    if (range_) {
      if (s.length && *s.length != range_->first)
        fail(length_, fmt::format("the numbers of seq make it {}", range_->first));
      s.length = range_->first;
    }
    if (!s.payload || !s.length) return;
    if (*s.length != s.payload->size())
      fail(range_ ? range_->second : length_,
           fmt::format("the data has a length of {}", s.payload->size()));
  }

  void without(const Token& token) {
    if (!peek()) fail(token, "behind no stands mss, sackOK, wscale or TS");
    const Token& what = tokens_[next_++];
    once(what, "no " + what.text);
    Segment& s = made_.segment;
    if (what.text == "mss")
      s.mss = absent;
    else if (what.text == "sackOK")
      s.sack_permitted = absent;
    else if (what.text == "wscale")
      s.wscale = absent;
    else if (what.text == "TS")
      s.tsval = s.tsecr = absent;
    else
      fail(what, "behind no stands mss, sackOK, wscale or TS");
  }

  [[noreturn]] void unknown(const Token& token) const {
    for (std::string_view option : {"sack", "md5", "tfo", "exp", "urg", "ao", "mptcp"})
      if (token.text == option)
        fail(token, fmt::format("'{}' cannot be written; of the options mss, sackOK, wscale and TS "
                                "can",
                                option));
    if (made_.segment.flags && token.text.find_first_not_of(letters) == std::string::npos)
      fail(token, "there are flags already");
    fail(token, fmt::format("'{}' is not known; words are seq, ack, win, mss, sackOK, wscale, TS, "
                            "no, length and \"data\"",
                            token.text));
  }

  // --- numbers -----------------------------------------------------------------------------------
  void once(const Token& token, const std::string& what) {
    if (!said_.insert(what).second) fail(token, what + " is there twice");
  }

  template <typename T>
  T value(const Token& token, const std::string& what) {
    once(token, what);
    if (!peek()) fail(token, fmt::format("behind {} a number is missing", token.text));
    const Token& number_token = tokens_[next_++];
    return static_cast<T>(
        number(number_token, number_token.text, std::numeric_limits<T>::max(), what));
  }

  uint32_t signed_number(const Token& token, bool& relative) {
    if (!peek()) fail(token, fmt::format("behind {} a number is missing", token.text));
    const Token& written = tokens_[next_++];
    std::string_view digits = written.text;
    relative = digits.starts_with('+') || digits.starts_with('-');
    bool negative = digits.starts_with('-');
    if (relative) digits.remove_prefix(1);
    auto value = static_cast<uint32_t>(number(written, digits, 0xffffffff, token.text));
    return negative ? 0 - value : value;
  }

  uint64_t number(const Token& token, std::string_view digits, uint64_t most,
                  const std::string& what) const {
    int base = digits.starts_with("0x") ? 16 : 10;
    std::string_view rest = base == 16 ? digits.substr(2) : digits;
    uint64_t value = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
    bool whole = !rest.empty() && end == rest.data() + rest.size();
    if (token.quoted || !whole || error == std::errc::invalid_argument)
      fail(token, fmt::format("{} is a number, not '{}'", what, token.text));
    if (error == std::errc::result_out_of_range || value > most)
      fail(token, fmt::format("{} is {} at most", what, most));
    return value;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  Written made_;
  std::set<std::string> said_;
  std::optional<std::pair<uint32_t, Token>> range_;  // octets by "seq N:M"
  Token length_;                                     // its number
};

}  // namespace

Written parse_segment(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace twlab::wire
