// What the shell's commands ask of the testbed.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "cli/cli.h"
#include "cli/seen.h"
#include "cli/shell.h"
#include "report/ladder.h"
#include "wire/codec.h"
#include "wire/notation.h"

namespace twlab::cli {
namespace {

// What a command is about is not said, or is none of what it can be.
[[noreturn]] void misused(const std::string& command, const std::string& why) {
  throw BadInput(fmt::format("{} (see '{} --help')", why, command));
}

std::string joined(const std::vector<std::string>& words, size_t from) {
  std::string text;
  for (size_t i = from; i < words.size(); ++i) text += (text.empty() ? "" : " ") + words[i];
  return text;
}

constexpr uint16_t default_source = 40000, default_destination = 5000;
constexpr uint32_t default_iss = 1'000'000;
// A kernel answers within microseconds; a busy machine may take longer.
constexpr Duration answer_limit = 20ms;

// A relative number as that of the header.
uint32_t absolute(uint32_t number, const std::optional<uint32_t>& first) {
  if (!first) throw BadInput("no SYN was seen yet that a number could be relative to");
  return *first + number;
}

// Fills in what is not said as the connection would have it.
void complete(wire::Segment& segment, const wire::Written& written, const SeenConnection& seen) {
  if (!segment.flags) segment.flags = ACK;
  bool syn = has(*segment.flags, SYN), ack = has(*segment.flags, ACK);
  bool opens = syn && !ack;
  if (written.seq_relative) segment.seq = absolute(*segment.seq, seen.first_sent);
  if (written.ack_relative) segment.ack = absolute(*segment.ack, seen.first_received);
  if (!segment.seq) segment.seq = opens ? default_iss : seen.snd_nxt.value_or(0);
  if (!segment.ack && ack) segment.ack = seen.rcv_nxt.value_or(0);
  if (!segment.window && !opens) segment.window = seen.window;
  if (!opens && !has(*segment.flags, RST) && seen.tsval && !segment.tsval.specified()) {
    auto ticks = std::chrono::duration_cast<std::chrono::milliseconds>(os::now() - seen.tsval_at);
    segment.tsval = *seen.tsval + static_cast<uint32_t>(ticks.count());
  }
  if (ack && segment.tsval.present() && !segment.tsecr.specified())
    segment.tsecr = seen.ts_recent.value_or(0);
  if (segment.length && !segment.payload) segment.payload = std::string(*segment.length, 'x');
}

}  // namespace

Host& Session::find(const std::string& name) {
  std::string names;
  for (Host& host : lab_.hosts()) {
    if (host.name() == name) return host;
    names += (names.empty() ? "" : ", ") + host.name();
  }
  throw BadInput(fmt::format("there is no host '{}'; hosts are {}", name, names));
}

Address Session::address(const std::string& word) {
  try {
    return Address::parse(word);
  } catch (const std::invalid_argument&) {
    return find(word).address();
  }
}

Reply Session::handle(const std::vector<std::string>& words) {
  using Command = std::string (Session::*)(const std::vector<std::string>&);
  static const std::map<std::string, Command> commands{{"on", &Session::on},
                                                       {"inject", &Session::inject},
                                                       {"relay", &Session::relay},
                                                       {"ladder", &Session::ladder}};
  auto command = words.empty() ? commands.end() : commands.find(words[0]);
  if (command == commands.end()) return {bad_input, "this is no command of the shell\n"};
  try {
    return {success, (this->*command->second)(words)};
  } catch (const std::exception& error) {
    return {bad_input, fmt::format("{}: {}\n", words[0], error.what())};
  }
}

std::string Session::on(const std::vector<std::string>& words) {
  if (words.size() < 3) throw BadInput("a host and a command are needed");
  lab_.note(Note::Kind::process, "$ " + joined(words, 2), find(words[1]).name());
  return "";
}

std::string Session::inject(const std::vector<std::string>& words) {
  if (words.size() < 3) misused("inject", "a host and a segment are needed");
  Host& from = find(words[1]);
  wire::Written written = wire::parse_segment(joined(words, 2));
  wire::Segment segment = written.segment;

  lab_.collect();
  Tuple ends{{{from.address().family, {}}, segment.source.value_or(0)},
             {{from.address().family, {}}, segment.destination.value_or(0)}};
  if (!written.source.empty()) ends.local.address = address(written.source);
  if (!written.destination.empty()) ends.remote.address = address(written.destination);
  auto seen = last_connection(lab_.recording(), from.name(), ends);
  if (seen) {
    ends = seen->tuple;
  } else {
    if (written.source.empty()) ends.local.address = from.address();
    if (written.destination.empty()) ends.remote.address = topology_.facing.at(&from)->address();
    if (!segment.source) ends.local.port = default_source;
    if (!segment.destination) ends.remote.port = default_destination;
  }
  complete(segment, written, seen.value_or(SeenConnection{}));

  EventId before = lab_.mark();
  wire::Packet sent = lab_.inject(from, ends, segment, injected_note);
  std::string text = fmt::format("sent {}\n", wire::show(sent));
  auto answers = [&] {
    std::string found;
    for (const Event& event : lab_.recording().events) {
      const auto* frame = std::get_if<wire::Frame>(&event.what);
      if (event.id <= before || event.host != from.name() || !frame || !frame->packet) continue;
      if (frame->packet->source == ends.remote && frame->packet->destination == ends.local)
        found += fmt::format("came {}\n", wire::show(*frame->packet));
    }
    return found;
  };
  lab_.until([&] { return !answers().empty(); }, answer_limit);
  return text + answers();
}

std::string Session::relay(const std::vector<std::string>& words) {
  if (!topology_.relay) throw BadInput("there is none here; 'twlab shell relay' has one");
  std::string verb = words.size() > 1 ? words[1] : "list";
  if (verb == "drop" || verb == "hold") return add_rule(words);
  std::string text;
  if (verb == "list" && words.size() <= 2) {
    for (size_t i = 0; i < rules_.size(); ++i)
      text += fmt::format(
          "{}: {}; {} matched{}\n", i + 1, rules_[i].text, topology_.relay->matched(rules_[i].id),
          rules_[i].holds ? fmt::format(", {} held", topology_.relay->held(rules_[i].id).size())
                          : "");
    return text.empty() ? "no rules: everything passes\n" : text;
  }
  size_t only = 0;
  if (verb == "pass" && words.size() == 3) {
    auto [end, error] = std::from_chars(words[2].data(), words[2].data() + words[2].size(), only);
    if (error != std::errc() || *end || only == 0 || only > rules_.size())
      throw BadInput(fmt::format("there is no rule '{}'; 'relay list' shows them", words[2]));
  }
  if ((verb != "pass" && verb != "clear") || words.size() > (verb == "pass" ? 3u : 2u))
    misused("relay", fmt::format("'{}' is not drop, hold, pass, list or clear, or has too many "
                                 "words behind it",
                                 verb));
  for (size_t i = 0; i < rules_.size(); ++i)
    if (only == 0 || i + 1 == only) text += release(i);
  if (verb == "clear") {
    for (const Rule& rule : rules_) topology_.relay->cancel(rule.id);
    rules_.clear();
    lab_.note(Note::Kind::relay, "relay: all rules are taken away");
  }
  return text;
}

std::string Session::release(size_t index) {
  const Rule& rule = rules_[index];
  if (!rule.holds || topology_.relay->held(rule.id).empty()) return "";
  size_t count = topology_.relay->release(rule.id);
  return fmt::format("{}: {} passed\n", index + 1, count);
}

std::string Session::add_rule(const std::vector<std::string>& words) {
  size_t at = 2;
  unsigned times = 1;
  if (words.size() > 3 && words[2] == "-n") {
    const std::string& number = words[3];
    auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), times);
    if (number == "all")
      times = Relay::always;
    else if (error != std::errc() || *end || times == 0)
      throw BadInput(fmt::format("-n is a number from 1 or 'all', not '{}'", number));
    at = 4;
  }
  if (words.size() <= at) misused("relay", "a host is needed whose segments are meant");
  Host& from = find(words[at]);
  wire::Written written = wire::parse_segment(joined(words, at + 1));
  if (!written.source.empty() || !written.destination.empty())
    throw BadInput("a pattern has ports and no addresses: the relay has only these two hosts");
  wire::Segment pattern = written.segment;
  if (written.seq_relative || written.ack_relative) {
    Tuple ports{{{}, pattern.source.value_or(0)}, {{}, pattern.destination.value_or(0)}};
    auto seen = last_connection(lab_.recording(), from.name(), ports).value_or(SeenConnection{});
    if (written.seq_relative) pattern.seq = absolute(*pattern.seq, seen.first_sent);
    if (written.ack_relative) pattern.ack = absolute(*pattern.ack, seen.first_received);
  }
  bool holds = words[1] == "hold";
  std::string which = times == 1               ? "the next"
                      : times == Relay::always ? "every"
                                               : fmt::format("the next {}", times);
  std::string shown = wire::show(pattern);
  std::string text = fmt::format("{} {} {} of {}", words[1], which,
                                 shown.empty() ? "segment" : shown, from.name());
  size_t interface = topology_.from.at(&from);
  lab_.note(Note::Kind::relay, "relay: " + text);
  rules_.push_back({holds ? topology_.relay->hold(interface, pattern, times)
                          : topology_.relay->drop(interface, pattern, times),
                    text, holds});
  return fmt::format("{}: {}\n", rules_.size(), text);
}

std::string Session::ladder(const std::vector<std::string>& words) {
  bool svg = false;
  report::LadderOptions options;
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--svg")
      svg = options.standalone = true;
    else if (words[i] == "--colour")
      options.colour = true;
    else if (words[i].starts_with("--columns="))
      options.columns = std::strtoul(words[i].c_str() + strlen("--columns="), nullptr, 10);
    else
      misused("ladder", fmt::format("'{}' is not --svg", words[i]));
  }
  lab_.collect();
  Recording recording = lab_.recording();
  recording.sort();
  return svg ? report::ladder_svg(recording, options) : report::ladder_text(recording, options);
}

}  // namespace twlab::cli
