#include "wire/segment.h"

#include <fmt/format.h>

#include <utility>

namespace twlab::wire {
namespace {

// The bits that tell what a segment does; the others say how it was sent.
constexpr Flags kDecidingFlags = SYN | FIN | RST | ACK;
constexpr size_t kShownPayload = 48;

std::string number(uint64_t n) {
  return fmt::format("{} (0x{:x})", n, n);
}

// Quoted, what is not printable as \xNN, cut short: a payload may fill a screen.
std::string quoted(std::string_view payload) {
  std::string text = "\"";
  for (char c : payload.substr(0, kShownPayload)) {
    if (c == '"' || c == '\\') text += '\\';
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
    }
  }
  text += '"';
  if (payload.size() > kShownPayload) text += fmt::format("... of {} bytes", payload.size());
  return text;
}

template <typename T>
std::string show_option(const Option<T>& option) {
  if (!option.specified()) return "unspecified";
  return option.present() ? number(option.value()) : "absent";
}

// `false` is another way to say absent.
std::string show_option(const Option<bool>& option) {
  if (!option.specified()) return "unspecified";
  return option.value() ? "present" : "absent";
}

std::optional<size_t> length_of(const Segment& segment) {
  if (segment.payload) return segment.payload->size();
  return segment.length;
}

// A captured segment says everything. There, ports and the name of each option it lacks would be
// noise; in a wanted one "no TS" may be the very thing that is checked.
bool partly_specified(const Segment& s) {
  return !(s.flags && s.seq && s.ack && s.window && s.payload && s.length);
}

class Comparison {
 public:
  template <typename T>
  void number_field(const char* field, const std::optional<T>& wanted,
                    const std::optional<T>& got) {
    if (!wanted || wanted == got) return;
    add(field, number(*wanted), got ? number(*got) : "unspecified");
  }

  template <typename T>
  void option(const char* field, const Option<T>& wanted, const Option<T>& got) {
    if (!wanted.specified()) return;
    std::string want = show_option(wanted), have = show_option(got);
    if (want != have) add(field, std::move(want), std::move(have));
  }

  void add(const char* field, std::string wanted, std::string got) {
    found_.push_back({field, std::move(wanted), std::move(got)});
  }

  std::vector<Difference> take() { return std::move(found_); }

 private:
  std::vector<Difference> found_;
};

bool flags_fit(Flags wanted, Flags got) {
  return (wanted & kDecidingFlags) == (got & kDecidingFlags) && has(got, wanted);
}

// tcpdump's word for an option, in the order in which Linux puts options into a SYN.
std::vector<std::string> option_words(const Segment& s, bool tell_absent) {
  std::vector<std::string> words;
  auto absent_word = [&](const char* name) {
    if (tell_absent) words.push_back(fmt::format("no {}", name));
  };
  if (s.mss.present()) {
    words.push_back(fmt::format("mss {}", s.mss.value()));
  } else if (s.mss.specified()) {
    absent_word("mss");
  }
  if (s.sack_permitted.value()) {
    words.push_back("sackOK");
  } else if (s.sack_permitted.specified()) {
    absent_word("sackOK");
  }
  if (s.tsval.present() || s.tsecr.present()) {
    words.push_back("TS");
    if (s.tsval.present()) words.push_back(fmt::format("val {}", s.tsval.value()));
    if (s.tsecr.present()) words.push_back(fmt::format("ecr {}", s.tsecr.value()));
  } else if (s.tsval.specified() || s.tsecr.specified()) {
    absent_word("TS");
  }
  if (s.wscale.present()) {
    words.push_back(fmt::format("wscale {}", s.wscale.value()));
  } else if (s.wscale.specified()) {
    absent_word("wscale");
  }
  return words;
}

std::string port(const std::optional<uint16_t>& p) {
  return p ? std::to_string(*p) : "*";
}

}  // namespace

std::vector<Difference> differences(const Segment& wanted, const Segment& got) {
  Comparison compare;
  compare.number_field("source", wanted.source, got.source);
  compare.number_field("destination", wanted.destination, got.destination);
  if (wanted.flags && !(got.flags && flags_fit(*wanted.flags, *got.flags))) {
    compare.add("flags", show(*wanted.flags), got.flags ? show(*got.flags) : "unspecified");
  }
  compare.number_field("seq", wanted.seq, got.seq);
  compare.number_field("ack", wanted.ack, got.ack);
  compare.number_field("window", wanted.window, got.window);
  compare.option("mss", wanted.mss, got.mss);
  compare.option("wscale", wanted.wscale, got.wscale);
  compare.option("sack_permitted", wanted.sack_permitted, got.sack_permitted);
  compare.option("tsval", wanted.tsval, got.tsval);
  compare.option("tsecr", wanted.tsecr, got.tsecr);
  if (wanted.payload && wanted.payload != got.payload) {
    compare.add("payload", quoted(*wanted.payload),
                got.payload ? quoted(*got.payload) : "unspecified");
  }
  compare.number_field("length", wanted.length, length_of(got));
  return compare.take();
}

std::string show(Flags flags) {
  static constexpr std::pair<Flags, char> letters[] = {{FIN, 'F'}, {SYN, 'S'}, {RST, 'R'},
                                                       {PSH, 'P'}, {ACK, '.'}, {URG, 'U'},
                                                       {ECE, 'E'}, {CWR, 'W'}};
  std::string text = "[";
  for (auto [flag, letter] : letters) {
    if (has(flags, flag)) text += letter;
  }
  return text == "[" ? "[none]" : text + "]";
}

std::string show(const Segment& s) {
  bool partly = partly_specified(s);
  std::vector<std::string> words;
  if (partly && (s.source || s.destination)) {
    words.push_back(fmt::format("{} > {}:", port(s.source), port(s.destination)));
  }
  if (s.flags) words.push_back(show(*s.flags));
  if (s.seq) words.push_back(fmt::format("seq {}", *s.seq));
  // Without the ACK bit the field means nothing; only a crafted segment has something in it.
  if (s.ack && (!s.flags || has(*s.flags, ACK) || *s.ack != 0)) {
    words.push_back(fmt::format("ack {}", *s.ack));
  }
  if (s.window) words.push_back(fmt::format("win {}", *s.window));
  for (std::string& word : option_words(s, partly)) words.push_back(std::move(word));
  if (auto length = length_of(s)) words.push_back(fmt::format("length {}", *length));
  if (partly && s.payload && !s.payload->empty()) words.push_back(quoted(*s.payload));
  return fmt::format("{}", fmt::join(words, " "));
}

std::string show(const std::vector<Difference>& differences) {
  std::vector<std::string> parts;
  for (const Difference& d : differences) {
    parts.push_back(fmt::format("{}: expected {}, got {}", d.field, d.wanted, d.got));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

uint32_t sequence_length(const Segment& segment) {
  Flags flags = segment.flags.value_or(Flags{});
  return static_cast<uint32_t>(length_of(segment).value_or(0)) + has(flags, SYN) + has(flags, FIN);
}

}  // namespace twlab::wire
