// report.html: what is in it, and that what was packed comes out again.
#include <gmock/gmock.h>

#include "report/html.h"
#include "report/ladder.h"
#include "report/ladder_drawing.h"
#include "report/pack.h"
#include "report_fixture.h"
#include "unpacked.h"

namespace twlab::report {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::string in_one(const DrawnLadder& ladder) {
  std::string all = ladder.frame;
  for (const auto& row : ladder.rows) all += row.svg;
  return all;
}

TEST(Pack, ComesOutAgain) {
  for (size_t size : {0, 1, 2, 3, 100, 100'000}) {
    json value = {{"text", std::string(size, 'x') + "\x01<&\"\u2713"}};
    EXPECT_EQ(json::parse(inflated(from_base64(pack(value)))), value) << size;
  }
}

TEST(Parts, ALadderComesOutAgain) {
  auto drawn = draw_ladders(closing(), {});
  ASSERT_THAT(drawn, SizeIs(1));
  Parts parts;
  json packed = parts.add(drawn[0]);
  EXPECT_EQ(redrawn({{"texts", parts.texts()}}, packed), in_one(drawn[0]));

  int64_t y = 0, t = 0;
  for (size_t i = 0; i < drawn[0].rows.size(); ++i) {
    EXPECT_EQ(y += packed["y"][i].get<int>(), drawn[0].rows[i].y);
    ASSERT_EQ(packed["t"][i].is_null(), !drawn[0].rows[i].time);
    if (!drawn[0].rows[i].time) continue;
    t += packed["t"][i].get<int64_t>();
    EXPECT_LE(std::chrono::abs(*drawn[0].rows[i].time - std::chrono::microseconds(t)), 1us);
  }
}

// What differs from run to run is not in the rows: the second of two such ladders brings none.
TEST(Parts, LaddersThatDifferInNumbersOnlyShareTheirRows) {
  auto recording = [](uint32_t isn, uint32_t clock, Duration late) {
    Script script;
    for (uint32_t i = 0; i < 3; ++i) {
      auto segment = Script::segment(ACK, isn + 27 * i, isn / 2 + i);
      segment.tsval = clock + i;
      script.sent(true, segment, late * i);
      script.arrived(true, segment, late * i + late / 3);
    }
    script.call("client", "close", late * 4, late);
    return script.recording;
  };
  Parts parts;
  auto first = draw_ladders(recording(3'000'000'000, 900'000, 40us), {});
  auto second = draw_ladders(recording(4'000'000'000, 123'456'789, 77us), {});
  parts.add(first[0]);
  size_t rows = parts.texts().size();
  json packed = parts.add(second[0]);
  EXPECT_EQ(parts.texts().size(), rows);
  EXPECT_EQ(redrawn({{"texts", parts.texts()}}, packed), in_one(second[0]));
}

TEST(Parts, WhatMeansSomethingStaysInTheRow) {
  const struct {
    const char *text, *row;
  } table[] = {
      {"<text x=\"70000\">length 1448</text>", "<text x=\"70000\">length 1448</text>"},
      {"[S.] seq 1 ack 17", "[S.] seq 1 ack 17"},
      {"192.0.2.1:5000 > 192.0.2.2:6000",
       "\x03"
       "0.:5000 > \x03"
       "1.:6000"},
      {"[2001:db8::1]:5000",
       "\x03"
       "0.:5000"},
      {"TIME_WAIT 59.98 s, 3 segments", "TIME_WAIT \x01, 3 segments"},
      {"took 12 us", "took \x01"},
      {"seq 4000000000 ack 4000000027",
       "seq \x02 ack \x02"
       "0+27."},
      {"TS val 900000, TS val 900017",
       "TS val \x02, TS val \x02"
       "0."},
      {"40000>5000 40001>5000 40000",
       "\x02>5000 \x02>5000 \x02"
       "1+0."},
      {"sent in frame 12, arrived in frame 11", "sent in frame \x04, arrived in frame \x04"},
      {"007 99999999999 5f 1.2.3", "007 99999999999 5f 1.2.3"},
  };
  for (const auto& [text, row] : table) {
    DrawnLadder ladder;
    ladder.rows.push_back({0, {}, text});
    Parts parts;
    json packed = parts.add(ladder);
    EXPECT_THAT(parts.texts(), ElementsAre(row));
    EXPECT_EQ(redrawn({{"texts", parts.texts()}}, packed), text);
  }
}

TEST(Page, HasAPackForEachLabAndAHeadForEachClaim) {
  auto all = packs(html(small_run()));
  ASSERT_TRUE(all.contains("claims") && all.contains("lab:close.lab"));
  const json& head = all["claims"]["close.one"];
  EXPECT_THAT(head["html"].get<std::string>(), HasSubstr("Closing takes &lt;four&gt; segments"));
  ASSERT_THAT(head["results"], SizeIs(2));
  for (const auto& result : head["results"])
    EXPECT_TRUE(all["lab:close.lab"]["results"].contains(result[1].get<std::string>())) << result;
}

TEST(Page, ARepetitionHasAKeyOfItsOwn) {
  report::Run run = small_run();
  run.results.push_back(run.results[0]);
  auto pack = packs(html(run))["lab:close.lab"];
  size_t second = 0;
  for (const auto& [key, ignored] : pack["results"].items()) second += key.ends_with("/inet-2");
  EXPECT_EQ(second, 1u);
}

TEST(Page, IdsAreUnique) {
  report::Run run = small_run();
  run.claims[0].id = run.labs[0].claims[0] = "close.lab";  // a claim of the lab's own name
  for (auto& r : run.results) r.verdicts[0].claim = "close.lab";
  std::string page = html(run);
  std::set<std::string> ids;
  static const std::regex id(" id=\"([^\"]*)\"");
  for (std::sregex_iterator it(page.begin(), page.end(), id), end; it != end; ++it)
    EXPECT_TRUE(ids.insert((*it)[1]).second) << (*it)[1];
}

TEST(Page, CountsWhatEachDocumentIsRightAbout) {
  report::Run run = small_run();
  std::string page = html(run);
  EXPECT_THAT(page,
              AllOf(HasSubstr("data-document=\"" + run.claims[0].sources[0].document + "\""),
                    HasSubstr("data-claim=\"close.one\""), HasSubstr("data-claim=\"close.two\""),
                    Not(HasSubstr("name=\"kernel\""))));
}

TEST(Page, NeedsNothingFromElsewhere) {
  std::string page = unpacked(html(small_run()));
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=\"(https?:)?//|url\\(|@import")));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
}

}  // namespace
}  // namespace twlab::report
