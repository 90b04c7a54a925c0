// What a lab is about is found in the capture that it left; and the claims named exist.
#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "explain_fixture.h"
#include "lab/claim.h"

namespace twlab::explain {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

TEST(ExplainClaims, AreInTheCatalogue) {
  EXPECT_EQ(claim_id(Illustrates::nothing), "");
  std::set<std::string_view> ids;
  for (size_t i = 1; i <= static_cast<size_t>(last_illustrated); ++i) {
    auto id = claim_id(static_cast<Illustrates>(i));
    EXPECT_TRUE(find_claim(id)) << id;
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), static_cast<size_t>(last_illustrated));
}

std::vector<std::filesystem::path> captures_of(const std::string& lab) {
  std::vector<std::filesystem::path> all;
  for (const auto& kernel : std::filesystem::directory_iterator(CAPTURES))
    for (const char* family : {"inet.pcapng", "inet6.pcapng"})
      if (auto path = kernel.path() / lab / family; std::filesystem::exists(path))
        all.push_back(path);
  return all;
}

Result explain(const std::filesystem::path& path) {
  Source source(path);
  Analysis analysis;
  Header header;
  while (auto frame = source.next()) {
    auto content = dissect(source.link(), frame->bytes, frame->length, header);
    analysis.add(content, header, {frame->number, frame->time});
  }
  EXPECT_EQ(source.broken(), "");
  return analysis.finish();
}

struct About {
  const char* lab;
  Kind kind;
  Illustrates claim;
};
void PrintTo(const About& about, std::ostream* out) {
  *out << about.lab << ": " << name(about.kind);
}

class ExplainCaptures : public testing::TestWithParam<About> {};

INSTANTIATE_TEST_SUITE_P(
    Labs, ExplainCaptures,
    testing::Values(
        About{"close.active-closer-keeps-time-wait", Kind::time_wait,
              Illustrates::close_active_closer_keeps_time_wait},
        About{"close.simultaneous", Kind::simultaneous_close, Illustrates::close_simultaneous},
        About{"timewait.answers-late-fin", Kind::last_ack_lost,
              Illustrates::timewait_answers_late_fin},
        About{"timewait.answers-late-fin", Kind::reset, Illustrates::timewait_without_it_rst},
        About{"timewait.old-duplicate-corrupts", Kind::late_duplicate,
              Illustrates::timewait_old_duplicate_corrupts},
        About{"last-ack.connect-fails", Kind::reuse, Illustrates::last_ack_connect_fails},
        About{"last-ack.syn-gets-rst", Kind::reuse, Illustrates::last_ack_syn_gets_rst},
        About{"reuse.server-accepts-syn", Kind::reuse, Illustrates::reuse_server_accepts_syn},
        About{"fin.expires", Kind::reset, Illustrates::fin_expires_straight_to_closed},
        About{"fin.wait-1-eight-retries", Kind::fin_unanswered,
              Illustrates::fin_wait_1_eight_retries},
        About{"linger.zero-rst", Kind::reset, Illustrates::linger_zero_rst},
        About{"beyond.challenge-ack", Kind::outside_window, Illustrates::beyond_challenge_ack},
        About{"beyond.keepalive-close-wait", Kind::reset, Illustrates::beyond_keepalive_close_wait},
        About{"beyond.rfc1337", Kind::reset, Illustrates::beyond_rfc1337},
        About{"beyond.unread-data-rst", Kind::reset, Illustrates::beyond_unread_data_rst}));

TEST_P(ExplainCaptures, ShowWhatTheLabIsAbout) {
  auto [lab, kind, claim] = GetParam();
  auto captures = captures_of(lab);
  ASSERT_THAT(captures, Not(IsEmpty()));
  for (const auto& path : captures) {
    size_t found = 0;
    for (const Connection& connection : explain(path).told)
      for (const Finding& finding : connection.findings)
        found += finding.kind == kind && finding.claim == claim;
    EXPECT_GT(found, 0u) << path;
  }
}

struct Foreign {
  const char* file;
  Ending ending;
  int closed_first;
  std::set<Kind> worth_a_look;  // of all its connections
};
void PrintTo(const Foreign& foreign, std::ostream* out) {
  *out << foreign.file;
}

class ExplainForeign : public testing::TestWithParam<Foreign> {};

// How they were made: tests/captures/README.md.
INSTANTIATE_TEST_SUITE_P(
    Captures, ExplainForeign,
    testing::Values(Foreign{"any.pcap", Ending::closed, 0, {}},
                    Foreign{"curl-idle.pcap", Ending::closed, 1, {Kind::half_closed}},
                    Foreign{"curl-killed.pcapng", Ending::reset, -1, {Kind::reset}},
                    Foreign{"host-gone.pcap", Ending::half_closed, 0, {Kind::fin_unanswered}},
                    Foreign{"lo.pcap", Ending::closed, -1, {Kind::simultaneous_close}},
                    Foreign{"reuse.pcap", Ending::closed, 1, {Kind::reuse}},
                    Foreign{"ssh-killed.pcap", Ending::reset, 1, {Kind::reset}}));

TEST_P(ExplainForeign, EndsAsItWasMadeTo) {
  const Foreign& foreign = GetParam();
  std::set<Kind> found;
  for (const Connection& connection : explain(std::filesystem::path(FOREIGN) / foreign.file).told) {
    EXPECT_EQ(connection.ending, foreign.ending);
    EXPECT_EQ(connection.closed_first, foreign.closed_first);
    EXPECT_TRUE(connection.begun);
    for (const Finding& finding : connection.findings)
      if (!ordinary(finding.kind)) found.insert(finding.kind);
  }
  EXPECT_EQ(found, foreign.worth_a_look);
}

TEST(ExplainCaptures, OrderlyClosesHaveNothingWorthALook) {
  for (const char* lab : {"close.four-segments", "timestamps.both-or-none"}) {
    auto captures = captures_of(lab);
    ASSERT_THAT(captures, Not(IsEmpty()));
    for (const auto& path : captures)
      for (const Connection& connection : explain(path).told) {
        EXPECT_FALSE(connection.remarkable()) << path << ", connection " << connection.number;
        EXPECT_EQ(connection.ending, Ending::closed);
      }
  }
}

}  // namespace
}  // namespace twlab::explain
