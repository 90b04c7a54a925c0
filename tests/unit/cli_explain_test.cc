// What `twlab explain` prints: text, JSON, the ladder.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "cli/explain.h"
#include "explain_fixture.h"
#include "report/ladder.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

using explain::ACK;
using explain::RST;
using explain::SYN;
using explain::Talk;
using explain::Tape;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

template <typename Set>
Options options(Set set) {
  Options options;
  set(options);
  return options;
}

class CliExplain : public explain::Explaining {
 protected:
  // An orderly end, one whose last ACK was lost, and a refused one.
  Tape three() {
    Tape tape;
    Talk(tape).open().close();
    Talk lost(tape, {}, 40001);
    lost.open().close();
    tape.wait(204ms);
    lost.again(1);
    lost.client(ACK);
    Talk refused(tape, {}, 40002);
    refused.client(SYN);
    refused.raw(1, {.flags = RST | ACK, .seq = 0});
    return tape;
  }
  Explained explained(const Tape& tape, uint64_t wanted = 0) {
    std::string bytes = tape.pcap();
    return {"x.pcap", "EN10MB (Ethernet)", tape.frames.size(), "", explain(bytes, {}, wanted)};
  }
};

TEST_F(CliExplain, Text) {
  std::string text = explained_text(explained(three()), {});
  EXPECT_THAT(text, AllOf(HasSubstr("x.pcap: 18 frames in 205.7 ms, EN10MB (Ethernet)\n"
                                    "  18 TCP segments in 3 connections\n"
                                    "  ends: 1 refused, 2 closed\n"
                                    "  findings: 2 close, 2 time-wait, 1 last-ack-lost, 1 reset\n"),
                          HasSubstr("\n2 client 192.0.2.1:40001, server 192.0.2.2:80\n"
                                    "  closed; 9 segments in frames 8 to 16, 204.8 ms\n"
                                    "  client SYN_SENT 8, ESTABLISHED 9, FIN_WAIT_1 11, "),
                          HasSubstr("  * last-ack-lost: the last ACK (frame 14) did not arrive"),
                          HasSubstr("[timewait.answers-late-fin]"), HasSubstr("CLOSED 16?"),
                          HasSubstr("With ? it is not seen that the frame arrived.")));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(report::width(line), 80u) << line;
}

TEST_F(CliExplain, FindingsOnly) {
  std::string text =
      explained_text(explained(three()), options([](Options& o) { o.findings_only = true; }));
  EXPECT_THAT(text, AllOf(HasSubstr("\n2 client"), HasSubstr("\n3 client"), HasSubstr("* reset"),
                          Not(HasSubstr("\n1 client")), Not(HasSubstr("SYN_SENT")),
                          Not(HasSubstr("closed first:"))));
}

TEST_F(CliExplain, OneConnectionOrOneKind) {
  EXPECT_THAT(explained_text(explained(three()), options([](Options& o) { o.connection = 1; })),
              AllOf(HasSubstr("\n1 client"), Not(HasSubstr("\n2 client"))));
  EXPECT_THAT(explained_text(explained(three()), options([](Options& o) { o.kind = "reset"; })),
              AllOf(HasSubstr("\n3 client"), Not(HasSubstr("\n2 client"))));
}

TEST_F(CliExplain, OfManyThoseWithFindings) {
  EXPECT_THAT(explained_text(explained(three()), options([](Options& o) { o.limit = 2; })),
              AllOf(Not(HasSubstr("\n1 client")), HasSubstr("\n2 client"), HasSubstr("\n3 client"),
                    HasSubstr("1 more connections; --limit 0 shows all")));
  EXPECT_THAT(explained_text(explained(three()), options([](Options& o) { o.limit = 1; })),
              AllOf(HasSubstr("\n2 client"), Not(HasSubstr("\n3 client"))));
  EXPECT_THAT(explained_text(explained(three()), options([](Options& o) { o.limit = 0; })),
              HasSubstr("\n1 client"));
}

TEST_F(CliExplain, Json) {
  auto json = nlohmann::json::parse(explained_json(explained(three()), {}));
  EXPECT_EQ(json["format"], "twlab explanation");
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["frames"]["tcp"], 18);
  EXPECT_EQ(json["counts"]["endings"]["closed"], 2);
  ASSERT_EQ(json["connections"].size(), 3u);
  const auto& lost = json["connections"][1];
  EXPECT_EQ(lost["number"], 2);
  EXPECT_EQ(lost["closed_first"], 0);
  EXPECT_EQ(lost["sides"][0]["role"], "client");
  EXPECT_EQ(lost["sides"][0]["port"], 40001);
  EXPECT_EQ(lost["sides"][1]["states"].back()["state"], "CLOSED");
  EXPECT_EQ(lost["sides"][1]["states"].back()["shown"], false);
  EXPECT_EQ(lost["time_wait"][0]["until"], "capture");
  const auto& finding = lost["findings"].back();
  EXPECT_EQ(finding["kind"], "last-ack-lost");
  EXPECT_EQ(finding["claim"], "timewait.answers-late-fin");
  EXPECT_EQ(finding["frames"], (std::vector<int>{14, 15, 16}));
}

TEST_F(CliExplain, AnUnfinishedFileSaysSo) {
  Explained cut = explained(three());
  cut.broken = "broken after frame 18: truncated";
  auto json = nlohmann::json::parse(explained_json(cut, {}));
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["broken"], "broken after frame 18: truncated");
}

TEST_F(CliExplain, Ladder) {
  Explained all = explained(three(), 2);
  Recording recording = recording_of(all.result.told.at(1), all.result.drawn);
  report::LadderOptions how;
  how.one_place = how.standalone = true;
  std::string text = report::ladder_text(recording, how);
  EXPECT_THAT(text, AllOf(HasSubstr("client 192.0.2.1:40001"), HasSubstr("server 192.0.2.2:80"),
                          HasSubstr("8 [S] seq 0"), HasSubstr("FIN_WAIT_1"), HasSubstr("TIME_WAIT"),
                          HasSubstr("CLOSED?"), HasSubstr("15 [F.] seq 1 ack 2"),
                          HasSubstr("last-ack-lost"),
                          // Frames that were seen once are neither lost nor out of nowhere.
                          Not(HasSubstr("x|")), Not(HasSubstr("|o"))));
  std::string svg = report::ladder_svg(recording, how);
  EXPECT_THAT(svg, AllOf(HasSubstr("<svg"), HasSubstr("frame 15 of the capture"),
                         Not(HasSubstr("class=\"cross\"")), Not(HasSubstr(">lost<"))));
}

TEST_F(CliExplain, LadderOfTwoSocketsAtOneAddress) {
  Tape tape;
  Endpoint a{Address::parse("127.0.0.1"), 1}, b{Address::parse("127.0.0.1"), 2};
  tape.add(a, b, {.flags = SYN, .seq = 5u});
  tape.add(b, a, {.flags = SYN | ACK, .seq = 9u, .ack = 6u});
  Explained both = explained(tape, 1);
  report::LadderOptions how;
  how.one_place = true;
  std::string text =
      report::ladder_text(recording_of(both.result.told.at(0), both.result.drawn), how);
  EXPECT_THAT(text,
              AllOf(HasSubstr("1 [S] seq 0"), HasSubstr("2 [S.] seq 0 ack 1"), HasSubstr("<--")));
}

TEST_F(CliExplain, Main) {
  auto capture = file("x.pcap", three().pcap()), svg = folder() / "x.svg";
  std::string name = capture, out = svg;
  auto run = [](std::vector<const char*> words) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int exit = cli::main(static_cast<int>(words.size()), const_cast<char**>(words.data()));
    return std::tuple(exit, testing::internal::GetCapturedStdout(),
                      testing::internal::GetCapturedStderr());
  };
  auto [exit, text, said] = run({"twlab", "explain", name.c_str()});
  EXPECT_EQ(exit, success);
  EXPECT_THAT(text, HasSubstr("last-ack-lost"));
  EXPECT_EQ(said, "");

  std::tie(exit, text, said) =
      run({"twlab", "explain", name.c_str(), "--ladder", "2", "-o", out.c_str()});
  EXPECT_EQ(exit, success);
  EXPECT_EQ(text, "");
  EXPECT_THAT(os::read_file(svg), HasSubstr("<svg"));

  std::tie(exit, text, said) = run({"twlab", "explain", name.c_str(), "--connection", "4"});
  EXPECT_EQ(exit, bad_input);
  EXPECT_THAT(said, HasSubstr("no connection 4; there are 3"));
  std::tie(exit, text, said) = run({"twlab", "explain", name.c_str(), "--kind", "nonsense"});
  EXPECT_EQ(exit, bad_input);
  EXPECT_THAT(said, HasSubstr("last-ack-lost"));

  std::string half = file("half.pcap", three().pcap().substr(0, 500));
  std::tie(exit, text, said) = run({"twlab", "explain", half.c_str(), "--format", "json"});
  EXPECT_EQ(exit, bad_input);
  EXPECT_THAT(said, AllOf(HasSubstr("half.pcap: broken after frame 6: truncated"),
                          HasSubstr("what was read before is explained")));
  EXPECT_EQ(nlohmann::json::parse(text)["complete"], false);
}

}  // namespace
}  // namespace twlab::cli
