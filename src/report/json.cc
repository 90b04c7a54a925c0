#include "report/json.h"

#include "report/archive.h"

// The lists of fields stand in the namespaces of their structures, so that they are found by
// argument. Their order is the order in the files.
namespace twlab::wire {

template <typename A>
void fields(A& a, Segment& s) {
  a("source_port", s.source);
  a("destination_port", s.destination);
  std::optional<uint8_t> flags;
  if (s.flags) flags = uint8_t(*s.flags);
  a("flags", flags);
  if (flags) s.flags = Flags(*flags);
  a("seq", s.seq);
  a("ack", s.ack);
  a("window", s.window);
  a("mss", s.mss);
  a("wscale", s.wscale);
  a("sack_permitted", s.sack_permitted);
  a("tsval", s.tsval);
  a("tsecr", s.tsecr);
  if (s.payload || a.value.contains("payload"))
    a.data("payload", s.payload ? *s.payload : s.payload.emplace());
  a("length", s.length);
}

template <typename A>
void fields(A& a, Packet& p) {
  a("source", p.source);
  a("destination", p.destination);
  a("checksums_correct", p.checksums_correct);
  a("segment", p.segment);
}

template <typename A>
void fields(A& a, Frame& f) {
  a("captured_ns", f.time);
  a("interface", f.interface);
  a("outgoing", f.outgoing);
  a("note", f.note);
  a("decisive", f.decisive);
  a("packet", f.packet);
  a.bytes("bytes", f.bytes);
}

}  // namespace twlab::wire

namespace twlab::net {

template <typename A>
void fields(A& a, Call& c) {
  a("call", c.name);
  a("arguments", c.arguments);
  a("result", c.result);
  a("errno", c.error);
  a("begin_ns", c.begin);
  a("end_ns", c.end);
  a("tuple", c.tuple);
  a.data("data", c.data);
}

}  // namespace twlab::net

namespace twlab {

template <typename A>
void fields(A& a, Endpoint& e) {
  a("address", e.address);
  a("port", e.port);
}

template <typename A>
void fields(A& a, Tuple& t) {
  a("local", t.local);
  a("remote", t.remote);
}

template <typename A>
void fields(A& a, StateChange& s) {
  a("tuple", s.tuple);
  a("before", s.before);
  a("state", s.state);
  a("timer", s.timer);
  a("timer_left_ns", s.timer_left);
  a.later("after_ns", s.after);
}

template <typename A>
void fields(A& a, Note& n) {
  a("kind", n.kind);
  a("text", n.text);
}

// What an event is about has its fields beside the event's own, and "type" says which they are.
template <typename A>
void fields(A& a, Event& e) {
  static constexpr const char* types[] = {"frame", "call", "state", "note"};
  a("id", e.id);
  a("time_ns", e.time);
  a("host", e.host);
  std::string type = types[e.what.index()];
  a("type", type);
  if (type != types[e.what.index()]) {  // only when reading: a new event is a frame
    if (type == types[1])
      e.what = net::Call();
    else if (type == types[2])
      e.what = StateChange();
    else if (type == types[3])
      e.what = Note();
    else
      a.reject("type", "is no type of event");
  }
  std::visit([&](auto& what) { fields(a, what); }, e.what);
  // A recorded frame bears its event's id.
  if (auto* frame = std::get_if<wire::Frame>(&e.what)) frame->id = e.id;
}

template <typename A>
void fields(A& a, Recording::Interface& i) {
  a("host", i.host);
  a("addresses", i.addresses);
}

template <typename A>
void fields(A& a, Recording& r) {
  a("interfaces", r.interfaces);
  a("frames_lost", r.frames_lost);
  a("settings", r.settings);
  a("counters", r.counters);
  if (a.mode.events) a("events", r.events);
}

template <typename A>
void fields(A& a, Check& c) {
  a("what", c.what);
  a("wanted", c.wanted);
  a("refuting", c.refuting);
  a("got", c.got);
  a("details", c.details);
  a("outcome", c.outcome);
  a("evidence", c.evidence);
}

template <typename A>
void fields(A& a, SectionResult& s) {
  a("title", s.title);
  a("control", s.control);
  a("checks", s.checks);
}

template <typename A>
void fields(A& a, ClaimVerdict& v) {
  a("claim", v.claim);
  a("verdict", v.verdict);
  a("reason", v.reason);
  a("sections", v.sections);
  a("control", v.control);
}

template <typename A>
void fields(A& a, Plot::Axis& x) {
  a("label", x.label);
  a("unit", x.unit);
  a("log", x.log);
}

template <typename A>
void fields(A& a, Plot::Series& s) {
  a("name", s.name);
  a("points", s.points);
  a("line", s.line);
}

template <typename A>
void fields(A& a, Plot::Mark& m) {
  a("at", m.at);
  a("word", m.word);
  a("vertical", m.vertical);
}

template <typename A>
void fields(A& a, Plot& p) {
  a("title", p.title);
  a("note", p.note);
  a("x", p.x);
  a("y", p.y);
  a("series", p.series);
  a("marks", p.marks);
  if (auto why = fault(p); !why.empty()) a.reject("series", why.c_str());
}

template <typename A>
void fields(A& a, LabResult& r) {
  a("lab", r.lab);
  // It becomes a folder below the output and part of a link.
  if (r.lab.find('/') != std::string::npos || r.lab.starts_with('.'))
    a.reject("lab", "is no name of a lab");
  a("family", r.family);
  a("error", r.error);
  a("begin_ns", r.begin);
  a("took_ns", r.took);
  a("verdicts", r.verdicts);
  a("sections", r.sections);
  a.later("plots", r.plots);
  fields(a, r.recording);
}

}  // namespace twlab

namespace twlab::report {

template <typename A>
void fields(A& a, SourceText& s) {
  a("document", s.document);
  a("section", s.section);
  a("title", s.title);
}

template <typename A>
void fields(A& a, ClaimText& c) {
  a("id", c.id);
  a("statement", c.statement);
  a("sources", c.sources);
  a.later("why", c.why);
}

template <typename A>
void fields(A& a, TopicText& t) {
  a("kind", t.kind);
  a("text", t.text);
  a("sides", t.sides);
  a("source", t.source);
  a("remark", t.remark);
}

template <typename A>
void fields(A& a, LabText& l) {
  a("name", l.name);
  a("story", l.story);
  a("control", l.control);
  a("file", l.file);
  a("claims", l.claims);
  a("needs_ns", l.needs);
}

template <typename A>
void fields(A& a, GuestText& g) {
  a("source", g.source);
  a("emulator", g.emulator);
  a("seed", g.seed);
  a("real_time", g.real_time);
  a.later("command_line", g.command_line);
  a.later("image_sha256", g.image_sha256);
  a.later("initramfs_sha256", g.initramfs_sha256);
  a.later("program_sha256", g.program_sha256);
}

template <typename A>
void fields(A& a, ShardText& s) {
  a("index", s.index);
  a("count", s.count);
}

template <typename A>
void fields(A& a, Run& r) {
  a("program_version", r.program_version);
  a("kernel", r.kernel);
  a("machine", r.machine);
  a("guest", r.guest);
  a("shard", r.shard);
  a("command", r.command);
  a("root", r.root);
  a.later("trouble", r.trouble);
  a("interrupted", r.interrupted);
  a("classic_pcap", r.classic_pcap);
  a("begin_ns", r.begin);
  a("took_ns", r.took);
  a("claims", r.claims);
  a("labs", r.labs);
  a.later("topics", r.topics);
  a("results", r.results);
}

namespace {

constexpr Mode transfer{true, true}, summary{false, false}, recording{false, true};
constexpr const char* results_format = "twlab results";
constexpr const char* recording_format = "twlab recording";

// What is not UTF-8 in a text (a lab may quote what it received) is replaced.
std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json read(std::string_view text, const std::string& file, const char* format) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    malformed(file + ":",
              fmt::format("not JSON, or cut short, at byte {} of {}", error.byte, text.size()));
  }
  if (!json.is_object() || json.value("format", Json()) != format)
    malformed(file + ":",
              fmt::format("is not a file of {} (no \"format\": \"{}\")", format, format));
  if (json.value("schema", Json()) != Run::current_schema)
    malformed(file + ":",
              fmt::format("has schema {}, this program reads {}",
                          shorten(json.value("schema", Json()).dump(), 20), Run::current_schema));
  return json;
}

// Reports index the interfaces by what the frames say.
void check_frames(const Recording& r, const std::string& path) {
  for (const auto& event : r.events) {
    auto* frame = std::get_if<wire::Frame>(&event.what);
    if (frame && frame->interface >= r.interfaces.size())
      malformed(path,
                fmt::format("event {}: there is no interface {}", event.id, frame->interface));
  }
}

Json header(const char* format) {
  return {{"format", format}, {"schema", Run::current_schema}};
}

}  // namespace

std::string encode(const LabResult& result) {
  Out out(transfer);
  fields(out, const_cast<LabResult&>(result));
  auto bytes = Json::to_cbor(out.value);
  return {bytes.begin(), bytes.end()};
}

LabResult decode(std::string_view cbor) {
  Json json;
  try {
    json = Json::from_cbor(cbor);
  } catch (const Json::exception& error) {
    malformed("the lab's result", fmt::format("is not whole ({} bytes)", cbor.size()));
  }
  LabResult result;
  In in(json, "the lab's result: ", transfer);
  fields(in, result);
  check_frames(result.recording, "the lab's result:");
  return result;
}

std::string results_json(const Run& run) {
  Out out(summary);
  fields(out, const_cast<Run&>(run));
  Json json = header(results_format);
  json.update(out.value);

  // What follows is for other programs; parse_results() derives it anew.
  auto rows = claim_rows(run);
  Json& counts = json["summary"] = Json::object();
  for (int v = 0; v <= last<Verdict>; ++v) counts[std::string(twlab::name(Verdict(v)))] = 0;
  for (auto [verdict, n] : count(rows)) counts[std::string(twlab::name(verdict))] = n;
  json["begin"] = show_utc(run.begin);
  for (const auto& row : rows) {
    for (Json& claim : json["claims"]) {
      if (claim["id"] != row.claim) continue;
      claim["verdict"] = twlab::name(row.overall);
      for (const auto& cell : row.families)
        claim["families"][std::string(twlab::name(cell.family))] = {
            {"verdict", twlab::name(cell.verdict)}, {"reason", cell.reason}};
    }
  }
  auto nth = repetitions(run);
  for (size_t i = 0; i < run.results.size(); ++i) {
    const LabResult& result = run.results[i];
    json["results"][i]["repetition"] = nth[i];
    json["results"][i]["command"] = command_for(result);
    json["results"][i]["evidence"] = {{"capture", capture_file(result, nth[i], run.classic_pcap)},
                                      {"recording", recording_file(result, nth[i])}};
  }
  return dump(json, 2);
}

Run parse_results(std::string_view text, const std::string& file) {
  Json json = read(text, file, results_format);
  Run run;
  In in(json, file + ": ", summary);
  fields(in, run);
  return run;
}

std::string recording_json(const LabResult& result) {
  Out out(recording);
  fields(out, const_cast<Recording&>(result.recording));
  Json json = header(recording_format);
  json["lab"] = result.lab;
  json["family"] = twlab::name(result.family);
  json.update(out.value);
  // Frames' numbers in the capture file, as Wireshark counts; a reader counts for himself.
  size_t number = 0;
  for (Json& event : json["events"])
    if (event["type"] == "frame") event["number"] = ++number;
  return dump(json, 1);
}

Recording parse_recording(std::string_view text, const std::string& file, const LabResult& owner) {
  Json json = read(text, file, recording_format);
  if (json.value("lab", Json()) != owner.lab ||
      json.value("family", Json()) != std::string(twlab::name(owner.family)))
    malformed(file + ":",
              fmt::format("is not the recording of {} ({})", owner.lab, twlab::name(owner.family)));
  Recording result;
  In in(json, file + ": ", recording);
  fields(in, result);
  check_frames(result, file + ":");
  return result;
}

}  // namespace twlab::report
