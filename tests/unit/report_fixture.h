// A recording made by hand: two hosts, one link, what both ends would have captured.
#pragma once

#include <string>

#include "lab/result.h"
#include "report/run.h"

namespace twlab::report {

using wire::ACK, wire::FIN, wire::PSH, wire::RST, wire::SYN;

class Script {
 public:
  Script() {
    recording.interfaces = {{"client", {Address::parse("192.0.2.1")}},
                            {"server", {Address::parse("192.0.2.2")}}};
  }

  static Tuple client_side() {
    return {{Address::parse("192.0.2.1"), 40000}, {Address::parse("192.0.2.2"), 5000}};
  }
  static Time at(Duration since_begin) { return Time(1'700'000'000s) + since_begin; }

  // What one end captured. The bytes stand for a packet: whatever identifies it, behind an Ethernet
  // header that differs from link to link.
  wire::Frame frame(bool from_client, const wire::Segment& segment, Duration when, bool outgoing) {
    Tuple way = from_client ? client_side() : client_side().reversed();
    wire::Frame f;
    f.time = at(when);
    f.interface = from_client == outgoing ? 0 : 1;
    f.outgoing = outgoing;
    f.packet = wire::Packet{way.local, way.remote, segment, true};
    f.packet->segment.source = way.local.port;
    f.packet->segment.destination = way.remote.port;
    f.bytes.assign(14, outgoing ? 1 : 2);
    for (char c : show(f.packet->segment) + segment.payload.value_or("")) f.bytes.push_back(c);
    return f;
  }
  EventId add(wire::Frame f) {
    auto host = recording.interfaces[f.interface].host;
    return recording.add(f.time, host, std::move(f));
  }

  EventId sent(bool from_client, const wire::Segment& segment, Duration when) {
    return add(frame(from_client, segment, when, true));
  }
  EventId arrived(bool from_client, const wire::Segment& segment, Duration when) {
    return add(frame(from_client, segment, when, false));
  }
  void passed(bool from_client, const wire::Segment& segment, Duration when) {
    sent(from_client, segment, when);
    arrived(from_client, segment, when + 9us);
  }
  EventId call(const std::string& host, const std::string& name, Duration when,
               Duration took = 5us) {
    net::Call c;
    c.name = name;
    c.arguments = "3";
    c.begin = at(when);
    c.end = c.begin + took;
    c.tuple = client_side();
    return recording.add(c.begin, host, std::move(c));
  }
  EventId state(const std::string& host, net::TcpState before, net::TcpState after, Duration when) {
    StateChange change{};
    change.tuple = host == "client" ? client_side() : client_side().reversed();
    change.before = before;
    change.state = after;
    if (after == net::TcpState::TIME_WAIT) {
      change.timer = net::Timer::timewait;
      change.timer_left = 60s;
    }
    return recording.add(at(when), host, change);
  }

  static wire::Segment segment(wire::Flags flags, uint32_t seq, uint32_t ack,
                               std::string payload = "") {
    wire::Segment s;
    s.flags = flags;
    s.seq = seq;
    s.ack = ack;
    s.window = 502;
    s.mss = wire::absent;
    s.wscale = wire::absent;
    s.sack_permitted = wire::absent;
    s.tsval = 17u;
    s.tsecr = wire::absent;
    s.length = payload.size();
    s.payload = std::move(payload);
    return s;
  }

  Recording recording;
};

// A handshake, a close by the client, TIME_WAIT and its end a minute later.
inline Recording closing() {
  using enum net::TcpState;
  constexpr uint32_t c = 4'000'000'000, s = 77;
  Script script;
  script.recording.add(Script::at(-1ms), "", Note{Note::Kind::section, "the client closes first"});
  script.call("client", "connect", 0us, 30us);
  script.passed(true, Script::segment(SYN, c, 0), 1us);
  script.passed(false, Script::segment(SYN | ACK, s, c + 1), 15us);
  script.passed(true, Script::segment(ACK, c + 1, s + 1), 30us);
  script.state("client", CLOSED, ESTABLISHED, 45us);
  script.state("server", CLOSED, ESTABLISHED, 46us);
  script.call("client", "close", 1ms);
  script.passed(true, Script::segment(FIN | ACK, c + 1, s + 1), 1001us);
  script.state("client", ESTABLISHED, FIN_WAIT_1, 1020us);
  script.state("server", ESTABLISHED, CLOSE_WAIT, 1022us);
  script.passed(false, Script::segment(ACK, s + 1, c + 2), 1030us);
  script.state("client", FIN_WAIT_1, FIN_WAIT_2, 1050us);
  script.call("server", "close", 200ms);
  wire::Frame fin = script.frame(false, Script::segment(FIN | ACK, s + 1, c + 2), 200010us, true);
  fin.decisive = true;
  fin.note = "this is the answer that decides";
  script.add(fin);
  script.arrived(false, Script::segment(FIN | ACK, s + 1, c + 2), 200020us);
  script.state("client", FIN_WAIT_2, TIME_WAIT, 200030us);
  script.passed(true, Script::segment(ACK, c + 2, s + 2), 200040us);
  script.state("server", LAST_ACK, CLOSED, 200060us);
  script.state("client", TIME_WAIT, CLOSED, 60200ms);
  script.recording.settings = {{"net.ipv4.tcp_timestamps", "1"}, {"net.ipv4.tcp_tw_reuse", "2"}};
  script.recording.counters = {{"client", {{"TcpExt.TW", 1}}}};
  return std::move(script.recording);
}

inline LabResult result(const std::string& lab, Family family, const std::string& claim,
                        Verdict verdict, const std::string& reason) {
  LabResult r;
  r.lab = lab;
  r.family = family;
  r.begin = Script::at(0s);
  r.took = 1234567890ns;
  Check holds{"four segments", "4", "3", "4", "", Outcome::holds, {5}};
  Check fails{"the last <ack> & more", "ack 5", "", "ack 6", "line 1\nline 2", Outcome::fails, {7}};
  r.sections = {{"closing", false, {holds, fails}}, {"closing at once", true, {holds}}};
  r.verdicts = {{claim, verdict, reason, {"closing"}, "closing at once"}};
  r.recording = closing();
  return r;
}

inline Plot small_plot() {
  return {.title = "connect() & the fill level",
          .note = "25 calls each",
          .x = {.label = "ports taken", .unit = "ports"},
          .y = {.label = "time of one call", .unit = "µs", .log = true},
          .series = {{"connect()", {{0, 1.5}, {14116, 20}, {28232, 400.25}}},
                     {"bind(0) <each>", {{0, 2}, {28232, 900}}, false}},
          .marks = {{300, "a \"limit\""}, {28232, "full", true}}};
}

inline Run small_run() {
  Run run;
  run.program_version = "0.1.0";
  run.kernel = "6.18.0-test";
  run.machine = "x86_64";
  run.command = "twlab run 'close.*'";
  run.begin = Script::at(0s);
  run.took = 61s;
  run.claims = {{"close.one",
                 "Closing takes <four> segments | or more.",
                 {{"timewait-2015", "5. \"close\"", "the long article"}}},
                {"close.two", "A second statement.", {}}};
  LabText lab;
  lab.name = "close.lab";
  lab.story = "The client closes & the server follows.";
  lab.control = "The server closes at once.";
  lab.file = "labs/close/lab.cc";
  lab.claims = {"close.one", "close.two"};
  lab.needs = 62s;
  run.labs = {lab};
  for (Family family : {Family::inet, Family::inet6}) {
    auto& r = run.results.emplace_back(
        result("close.lab", family, "close.one", Verdict::confirmed, "four segments were seen"));
    r.verdicts.push_back({"close.two",
                          family == Family::inet ? Verdict::refuted : Verdict::inconclusive,
                          "because # of it",
                          {"closing"},
                          ""});
  }
  return run;
}

}  // namespace twlab::report
