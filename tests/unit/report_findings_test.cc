// What the reports say of the documents: where they disagree, and what is wrong in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "report/catalogue.h"
#include "report/findings.h"
#include "report/html.h"
#include "report/json.h"
#include "report/markdown.h"
#include "report_fixture.h"
#include "unpacked.h"

namespace twlab::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// small_run() confirms close.one and refutes close.two for IPv4; nothing judges close.three.
report::Run run_with(Topic::Kind kind, std::vector<std::vector<std::string>> sides) {
  report::Run run = small_run();
  run.claims.push_back({"close.three", "A third statement.", {{"book", "Closing", "A book"}}});
  TopicText topic;
  topic.kind = kind;
  topic.text = "What it is about";
  topic.sides = std::move(sides);
  topic.source = {"book", "Closing", "A book"};
  topic.remark = "A remark.";
  run.topics = {topic};
  return run;
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  size_t from = text.find(begin), to = text.find(end, from);
  return from == text.npos ? "" : text.substr(from, to - from);
}
std::string disagreements(const report::Run& run) {
  return between(html(run), "id=\"view-disagreements\"", "id=\"view-wrong\"");
}
std::string wrong(const report::Run& run) {
  return between(html(run), "id=\"view-wrong\"", "id=\"view-kernels\"");
}

TEST(Findings, ADisagreementShowsEachSideWithItsVerdicts) {
  auto run = run_with(Topic::Kind::disagreement, {{"close.one"}, {"close.two"}});
  EXPECT_THAT(disagreements(run),
              AllOf(HasSubstr("What it is about"), HasSubstr("A remark."),
                    HasSubstr("href=\"#close.one\""), HasSubstr("IPv4, IPv6"),
                    HasSubstr("four segments were seen"), HasSubstr("href=\"#close.two\""),
                    HasSubstr("refuted"), HasSubstr("inconclusive"), HasSubstr("because # of it")));
  EXPECT_THAT(disagreements(run), Not(HasSubstr("not run")));
  EXPECT_THAT(markdown(run),
              HasSubstr("### What it is about\n\nA remark.\n\nSide 1:\n\n- **close.one** "));
}

TEST(Findings, ASideThatWasNotJudgedSaysSo) {
  auto run = run_with(Topic::Kind::disagreement, {{"close.one"}, {"close.three"}});
  EXPECT_THAT(disagreements(run),
              AllOf(HasSubstr("A third statement."), HasSubstr("Closing"), HasSubstr("not run")));
  EXPECT_THAT(markdown(run), HasSubstr("A third statement.\n  - not run\n"));
}

TEST(Findings, ATopicOfWhichNothingWasJudgedIsLeftOut) {
  auto run = run_with(Topic::Kind::disagreement, {{"close.three"}, {"close.four"}});
  EXPECT_THAT(html(run), Not(HasSubstr("Where the documents disagree")));
  EXPECT_THAT(markdown(run), Not(HasSubstr("Where the documents disagree")));
}

TEST(Findings, OnlyWhatIsRefutedIsWrong) {
  auto run = small_run();
  EXPECT_THAT(wrong(run), AllOf(HasSubstr("A second statement."), Not(HasSubstr("close.one"))));
  EXPECT_THAT(between(markdown(run), "## Wrong in the documents", "## close.lab"),
              AllOf(HasSubstr("close.two"), Not(HasSubstr("close.one"))));
  run.results[0].verdicts[1].verdict = Verdict::confirmed;
  EXPECT_THAT(wrong(run), IsEmpty());
  EXPECT_THAT(html(run), Not(HasSubstr("Wrong in the documents")));
}

TEST(Findings, ARefutedClaimLeadsToWhatShowsIt) {
  auto run = small_run();
  run.claims[1].why = "The kernel's own reason.";
  // The failed check's evidence is event 7, the fifth of the frames.
  size_t number = 0;
  for (const auto& event : run.results[0].recording.events) {
    number += std::holds_alternative<wire::Frame>(event.what);
    if (event.id != 7) continue;
    ASSERT_TRUE(std::holds_alternative<wire::Frame>(event.what));
    break;
  }
  std::string frame = "(frame " + std::to_string(number) + " of";
  EXPECT_THAT(wrong(run), AllOf(HasSubstr("The kernel&#39;s own reason."), HasSubstr(frame),
                                HasSubstr("href=\"#close.lab/inet/ladder\""),
                                HasSubstr("href=\"close.lab/inet.pcapng\"")));
}

TEST(Findings, ABoxIsRightWhenAllThatSaysTheOppositeIsConfirmed) {
  using Sides = std::vector<std::vector<std::string>>;
  const struct {
    Sides sides;
    const char* outcome;
  } table[] = {{{{"close.one"}}, "wrong indeed"},
               {{{"close.one", "close.two"}}, "not wrong as it stands there"},
               {{{"close.one", "close.three"}}, "not decided in this run"}};
  for (const auto& [sides, outcome] : table) {
    auto run = run_with(Topic::Kind::wrong_information, sides);
    EXPECT_THAT(wrong(run), AllOf(HasSubstr(outcome), HasSubstr("What it is about")));
    EXPECT_THAT(markdown(run), HasSubstr(std::string("**") + outcome + "** (book, Closing)"));
  }
}

TEST(Findings, AnOpenQuestionHasItsAnswer) {
  auto run = run_with(Topic::Kind::open_question, {{"close.one"}});
  EXPECT_THAT(wrong(run), AllOf(HasSubstr("What it is about"), HasSubstr("Left open in"),
                                HasSubstr("four segments were seen")));
}

TEST(Findings, EverythingIsEscaped) {
  const std::string evil = "<img src=x onerror=alert(1)>'\"";
  for (auto kind :
       {Topic::Kind::disagreement, Topic::Kind::wrong_information, Topic::Kind::open_question}) {
    auto run = run_with(kind, {{"close.two"}, {evil}});
    run.topics[0].text = run.topics[0].remark = run.claims[1].statement = run.claims[1].why = evil;
    run.topics[0].source = {evil, evil, evil};
    run.claims[1].sources = {{evil, evil, evil}};
    run.results[0].verdicts[1].reason = evil;
    EXPECT_THAT(unpacked(html(run)), Not(HasSubstr("<img")));
    EXPECT_THAT(between(markdown(run), "# TIME", "```"), Not(HasSubstr("<img")));
  }
}

TEST(Findings, SurviveTheFile) {
  auto run = run_with(Topic::Kind::disagreement, {{"close.one"}, {"close.two", "close.three"}});
  run.claims[0].why = "For a reason.";
  for (auto& result : run.results) result.recording.events.clear();
  EXPECT_EQ(html(parse_results(results_json(run), "f")), html(run));
}

TEST(Findings, AreCopiedFromTheCatalogueWithAllTheirClaims) {
  report::Run run;
  run.results.push_back(
      result("fin.expires", Family::inet, "fin.expires-into-time-wait", Verdict::refuted, "no"));
  describe(run);
  describe(run);
  ASSERT_EQ(run.topics.size(), 1u);
  EXPECT_EQ(run.topics[0].kind, Topic::Kind::disagreement);
  ASSERT_EQ(run.claims.size(), 2u);
  EXPECT_EQ(run.claims[0].id, "fin.expires-straight-to-closed");
  EXPECT_FALSE(run.claims[1].why.empty());
  EXPECT_EQ(claim_rows(run).size(), 1u);
}

TEST(Topics, OpponentsAreOfTheOtherSides) {
  using Ids = std::vector<std::string_view>;
  EXPECT_EQ(opponents("timewait.two-minutes"),
            (Ids{"timewait.sixty-seconds", "timewait.one-to-four-minutes"}));
  EXPECT_EQ(opponents("fin.expires-into-time-wait"), Ids{"fin.expires-straight-to-closed"});
  EXPECT_EQ(opponents("linger.zero-rst"), Ids{});
  EXPECT_EQ(opponents("close.last-ack-number"), Ids{}) << "an open question is no disagreement";
  for (const Claim& claim : claims()) {
    for (std::string_view other : opponents(claim.id)) {
      Ids back = opponents(other);
      EXPECT_NE(std::ranges::find(back, claim.id), back.end()) << claim.id << ", " << other;
    }
  }
}

}  // namespace
}  // namespace twlab::report
