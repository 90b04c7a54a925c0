#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "report/expect.h"
#include "report/json.h"
#include "report_fixture.h"

namespace twlab::report {
namespace {

// Everything that a result can hold and JSON has no word for.
LabResult awkward() {
  LabResult r =
      result("close.lab", Family::inet6, "close.one", Verdict::absent, "naïve \"quoted\"");
  r.error = "broken: \n\t\x01";
  r.recording.frames_lost = 1ull << 63;
  r.recording.interfaces[0].addresses.push_back(Address::parse("2001:db8::1"));
  net::Call call;
  call.name = "recv";
  call.result = -1;
  call.error = 104;
  call.begin = Time(Duration(1'700'000'000'123'456'789));
  call.end = call.begin + 1ns;
  call.data = std::string("\0\xff\xfe binary", 10);
  r.recording.add(call.begin, "server", call);
  wire::Frame arp;
  arp.time = call.begin;
  arp.bytes = {0xff, 0x00, 0x80};
  r.recording.add(arp.time, "client", arp);
  Script script;
  auto segment = Script::segment(RST, 0xffffffff, 0, std::string("\x80\x00", 2));
  segment.mss = wire::Option<uint16_t>();
  segment.window.reset();
  auto frame = script.frame(true, segment, 1s, true);
  frame.id = 3;
  r.recording.add(frame.time, "client", frame);
  for (auto& event : r.recording.events)
    if (auto* f = std::get_if<wire::Frame>(&event.what)) f->id = event.id;
  return r;
}

void expect_same(const Recording& a, const Recording& b) {
  ASSERT_EQ(a.events.size(), b.events.size());
  EXPECT_EQ(a.frames_lost, b.frames_lost);
  EXPECT_EQ(a.settings, b.settings);
  EXPECT_EQ(a.counters, b.counters);
  ASSERT_EQ(a.interfaces.size(), b.interfaces.size());
  EXPECT_EQ(a.interfaces[0].addresses, b.interfaces[0].addresses);
  for (size_t i = 0; i < a.events.size(); ++i) {
    const Event &x = a.events[i], &y = b.events[i];
    EXPECT_EQ(x.id, y.id);
    EXPECT_EQ(x.time, y.time);
    EXPECT_EQ(x.host, y.host);
    ASSERT_EQ(x.what.index(), y.what.index());
    if (auto* f = std::get_if<wire::Frame>(&x.what)) {
      auto& g = std::get<wire::Frame>(y.what);
      EXPECT_EQ(f->bytes, g.bytes);
      EXPECT_EQ(f->time, g.time);
      EXPECT_EQ(f->id, g.id);
      EXPECT_EQ(f->interface, g.interface);
      EXPECT_EQ(f->outgoing, g.outgoing);
      EXPECT_EQ(f->note, g.note);
      EXPECT_EQ(f->decisive, g.decisive);
      ASSERT_EQ(f->packet.has_value(), g.packet.has_value());
      if (!f->packet) continue;
      EXPECT_EQ(f->packet->segment, g.packet->segment);
      EXPECT_EQ(f->packet->source, g.packet->source);
      EXPECT_EQ(f->packet->destination, g.packet->destination);
    } else if (auto* c = std::get_if<net::Call>(&x.what)) {
      auto& d = std::get<net::Call>(y.what);
      EXPECT_EQ(c->data, d.data);
      EXPECT_EQ(c->result, d.result);
      EXPECT_EQ(c->error, d.error);
      EXPECT_EQ(c->end, d.end);
      EXPECT_EQ(c->tuple, d.tuple);
    } else if (auto* s = std::get_if<StateChange>(&x.what)) {
      auto& t = std::get<StateChange>(y.what);
      EXPECT_EQ(s->before, t.before);
      EXPECT_EQ(s->state, t.state);
      EXPECT_EQ(s->timer, t.timer);
      EXPECT_EQ(s->timer_left, t.timer_left);
    } else {
      EXPECT_EQ(std::get<Note>(x.what).text, std::get<Note>(y.what).text);
      EXPECT_EQ(std::get<Note>(x.what).kind, std::get<Note>(y.what).kind);
    }
  }
}

TEST(Encode, LosesNothing) {
  LabResult before = awkward(), after = decode(encode(before));
  EXPECT_EQ(after.lab, before.lab);
  EXPECT_EQ(after.family, before.family);
  EXPECT_EQ(after.error, before.error);
  EXPECT_EQ(after.begin, before.begin);
  EXPECT_EQ(after.took, before.took);
  ASSERT_EQ(after.sections.size(), 2u);
  EXPECT_TRUE(after.sections[1].control);
  EXPECT_EQ(after.sections[0].checks[1].details, "line 1\nline 2");
  EXPECT_EQ(after.sections[0].checks[1].outcome, Outcome::fails);
  EXPECT_EQ(after.sections[0].checks[1].evidence, std::vector<EventId>{7});
  EXPECT_EQ(after.verdicts[0].verdict, Verdict::absent);
  expect_same(before.recording, after.recording);
}

TEST(Encode, TruncationIsRefused) {
  LabResult small = awkward();
  small.recording.events.resize(4);
  std::string bytes = encode(small);
  for (size_t size = 0; size < bytes.size(); size += 7)
    EXPECT_THROW(decode(std::string_view(bytes).substr(0, size)), std::runtime_error) << size;
  EXPECT_THROW(decode(bytes + "x"), std::runtime_error);
  EXPECT_THROW(decode("nonsense"), std::runtime_error);
}

TEST(Encode, DamagedBytesNeverCrash) {
  LabResult small = awkward();
  small.recording.events.resize(6);
  const std::string bytes = encode(small);
  for (size_t i = 0; i < bytes.size(); i += 5) {
    for (char with : {'\x00', '\x7f', '\xff', '\xf6'}) {
      std::string damaged = bytes;
      damaged[i] = with;
      try {
        decode(damaged);
      } catch (const std::runtime_error&) {
      }
    }
  }
}

TEST(RecordingJson, LosesNothing) {
  LabResult before = awkward();
  expect_same(before.recording, parse_recording(recording_json(before), "x.json", before));
}

TEST(RecordingJson, NumbersFramesAsTheCaptureDoes) {
  LabResult r = awkward();
  std::string text = recording_json(r);
  size_t frames = 0;
  for (const auto& event : r.recording.events) frames += event.what.index() == 0;
  EXPECT_NE(text.find("\"number\": 1\n"), std::string::npos);
  EXPECT_NE(text.find("\"number\": " + std::to_string(frames) + "\n"), std::string::npos);
  EXPECT_EQ(text.find("\"number\": " + std::to_string(frames + 1) + "\n"), std::string::npos);
}

TEST(RecordingJson, IsOfOneLabAndFamily) {
  LabResult mine = awkward(), other = mine;
  other.family = Family::inet;
  EXPECT_THROW(parse_recording(recording_json(mine), "x.json", other), std::runtime_error);
}

TEST(ResultsJson, ReadsWhatItWrote) {
  report::Run before = small_run(), after = parse_results(results_json(before), "results.json");
  EXPECT_EQ(after.kernel, before.kernel);
  EXPECT_EQ(after.took, before.took);
  EXPECT_EQ(after.begin, before.begin);
  ASSERT_EQ(after.claims.size(), 2u);
  EXPECT_EQ(after.claims[0].sources[0].section, "5. \"close\"");
  ASSERT_EQ(after.labs.size(), 1u);
  EXPECT_EQ(after.labs[0].needs, before.labs[0].needs);
  ASSERT_EQ(after.results.size(), 2u);
  EXPECT_EQ(after.results[1].recording.settings, before.results[1].recording.settings);
  EXPECT_TRUE(after.results[1].recording.events.empty());
  EXPECT_TRUE(compare(after, before).empty());
  EXPECT_EQ(results_json(after), results_json(before));
}

void expect_same(const Plot& a, const Plot& b) {
  EXPECT_EQ(a.title, b.title);
  EXPECT_EQ(a.note, b.note);
  for (auto axis : {&Plot::x, &Plot::y}) {
    EXPECT_EQ((a.*axis).label, (b.*axis).label);
    EXPECT_EQ((a.*axis).unit, (b.*axis).unit);
    EXPECT_EQ((a.*axis).log, (b.*axis).log);
  }
  ASSERT_EQ(a.series.size(), b.series.size());
  for (size_t i = 0; i < a.series.size(); ++i) {
    EXPECT_EQ(a.series[i].name, b.series[i].name);
    EXPECT_EQ(a.series[i].line, b.series[i].line);
    ASSERT_EQ(a.series[i].points.size(), b.series[i].points.size());
    for (size_t p = 0; p < a.series[i].points.size(); ++p) {
      EXPECT_EQ(a.series[i].points[p].x, b.series[i].points[p].x);
      EXPECT_EQ(a.series[i].points[p].y, b.series[i].points[p].y);
    }
  }
  ASSERT_EQ(a.marks.size(), b.marks.size());
  for (size_t i = 0; i < a.marks.size(); ++i) {
    EXPECT_EQ(a.marks[i].at, b.marks[i].at);
    EXPECT_EQ(a.marks[i].word, b.marks[i].word);
    EXPECT_EQ(a.marks[i].vertical, b.marks[i].vertical);
  }
}

TEST(Plots, AreReadBackFromBothForms) {
  report::Run run = small_run();
  Plot plot = small_plot();
  plot.series[0].points = {{0, 0.1}, {1e-9, 1e15}, {1.0 / 3, 2}};  // to the last bit
  plot.series.push_back({"nothing was measured"});
  run.results[0].plots = {plot, small_plot()};
  for (const LabResult& after : {parse_results(results_json(run), "results.json").results[0],
                                 decode(encode(run.results[0]))}) {
    ASSERT_EQ(after.plots.size(), 2u);
    expect_same(after.plots[0], plot);
    expect_same(after.plots[1], small_plot());
  }
}

TEST(Plots, WhatCannotBeDrawnIsNotWritten) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (Plot::Point point : {Plot::Point{nan, 1}, {1, nan}, {1, HUGE_VAL}, {1, 0}, {1, -1}}) {
    LabResult r = small_run().results[0];
    r.plots = {small_plot()};
    r.plots[0].series[0].points[1] = point;  // y is logarithmic
    EXPECT_THROW(encode(r), std::runtime_error) << point.x << " " << point.y;
  }
  LabResult r = small_run().results[0];
  r.plots = {small_plot()};
  r.plots[0].marks[0].at = 0;
  EXPECT_THROW(encode(r), std::runtime_error);
  r.plots = {small_plot()};
  r.plots[0].series[0].points.resize(Plot::most_points - 1, {1, 1});
  EXPECT_THROW(encode(r), std::runtime_error);
  r.plots[0].series[0].points.pop_back();
  EXPECT_NO_THROW(encode(r));
}

TEST(Plots, AFileWithoutThemIsRead) {
  std::string text = results_json(small_run());
  for (size_t at; (at = text.find("      \"plots\": [],\n")) != std::string::npos;)
    text.erase(at, std::string("      \"plots\": [],\n").size());
  ASSERT_EQ(text.find("plots"), std::string::npos);
  EXPECT_TRUE(parse_results(text, "results.json").results[0].plots.empty());
}

TEST(ResultsJson, ReplacesWhatIsNoText) {
  report::Run run = small_run();
  run.results[0].verdicts[0].reason = "got \xff\xfe";
  EXPECT_NO_THROW(parse_results(results_json(run), "results.json"));
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(ResultsJson, SaysInOneLineWhatIsWrong) {
  report::Run run = small_run();
  run.results[0].plots = {small_plot()};
  const std::string good = results_json(run);
  const struct {
    std::string text, words;
  } table[] = {
      {"", "not JSON"},
      {good.substr(0, good.size() / 2), "cut short"},
      {"[]", "twlab results"},
      {"null", "twlab results"},
      {R"({"name": "package", "version": "1"})", "twlab results"},
      {replaced(good, "\"schema\": 1", "\"schema\": 2"), "schema 2"},
      {replaced(good, "\"schema\": 1", "\"schema\": \"1\""), "schema"},
      {replaced(good, "\"kernel\"", "\"colonel\""), "kernel is missing"},
      {replaced(good, "\"root\": false", "\"root\": 0"), "root is not true or false"},
      {replaced(good, "\"family\": \"inet\"", "\"family\": \"ipx\""), "unknown value 'ipx'"},
      {replaced(good, "\"outcome\": \"fails\"", "\"outcome\": \"?\""), "outcome has the unknown"},
      {replaced(good, "\"frames_lost\": 0", "\"frames_lost\": -1"), "frames_lost is not a number"},
      {replaced(good, "\"frames_lost\": 0", "\"frames_lost\": 0.5"), "frames_lost is not a number"},
      {replaced(good, "\"lab\": \"close.lab\"", "\"lab\": \"../../etc\""), "no name of a lab"},
      {replaced(good, "\"192.0.2.1\"", "\"192.0.2.256\""), "not an IP address"},
      {replaced(good, "400.25", "null"), "plots[0].series[0].points[2] is not a number"},
      {replaced(good, "400.25", "1, 2"), "points[2] is not a pair of numbers"},
      {replaced(good, "400.25", "-1"), "not on its axes"},
  };
  for (const auto& [text, words] : table) {
    try {
      parse_results(text, "some/results.json");
      ADD_FAILURE() << "accepted, wanted: " << words;
    } catch (const std::runtime_error& error) {
      std::string what = error.what();
      EXPECT_EQ(what.find("some/results.json: "), 0u) << what;
      EXPECT_NE(what.find(words), std::string::npos) << what << "\nwanted: " << words;
      EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    }
  }
}

TEST(Expect, ComparesWhatBothRunsHave) {
  report::Run expected = small_run(), got = small_run();
  EXPECT_TRUE(compare(got, expected).empty());

  got.results[0].verdicts[0].verdict = Verdict::refuted;
  got.results[0].verdicts[0].reason = "another reason alone is no difference";
  got.results[0].verdicts.push_back({"close.newer", Verdict::confirmed, "", {}, ""});
  got.results.pop_back();
  auto differences = compare(got, expected);
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(show(differences[0]), "close.one (inet): expected confirmed, got refuted");
}

TEST(Expect, ALabThatBrokeDiffers) {
  report::Run expected = small_run(), got = small_run();
  got.results[0].verdicts.clear();
  got.results[0].error = "killed";
  auto differences = compare(got, expected);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].got, Verdict::error);
}

TEST(ClaimRows, RunsThatDisagreeAreInconclusive) {
  report::Run run = small_run();
  run.results.push_back(run.results[0]);
  EXPECT_EQ(claim_rows(run)[0].find(Family::inet)->verdict, Verdict::confirmed);
  run.results.back().verdicts[0].verdict = Verdict::refuted;
  auto rows = claim_rows(run);
  EXPECT_EQ(rows[0].find(Family::inet)->verdict, Verdict::inconclusive);
  EXPECT_NE(rows[0].find(Family::inet)->reason.find("#2: refuted"), std::string::npos);
  run.results.back().verdicts[0].verdict = Verdict::error;
  EXPECT_EQ(claim_rows(run)[0].find(Family::inet)->verdict, Verdict::error);
}

TEST(ClaimRows, OneFamilyThatRefutesRefutesTheStatement) {
  report::Run run = small_run();
  auto rows = claim_rows(run);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].overall, Verdict::confirmed);
  EXPECT_EQ(rows[1].overall, Verdict::refuted);
  EXPECT_EQ(count(rows)[Verdict::confirmed], 2u);
}

}  // namespace
}  // namespace twlab::report
