#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "lab/claim.h"

namespace twlab {
namespace {

// As the catalogue of claims has them, section by section.
TEST(Claims, NoneIsMissing) {
  std::map<std::string, int> groups;
  for (const Claim& claim : claims()) ++groups[std::string(claim.id.substr(0, claim.id.find('.')))];
  const std::map<std::string, int> expected = {
      {"close", 9},  {"timewait", 19},  {"last-ack", 3}, {"ports", 15},
      {"reuse", 13}, {"timestamps", 3}, {"recycle", 3},  {"settings", 1},
      {"fin", 11},   {"close-wait", 5}, {"linger", 10},  {"beyond", 10}};
  EXPECT_EQ(groups, expected);
  EXPECT_EQ(claims().size(), 102u);
}

TEST(Claims, IdsAreUniqueAndWellFormed) {
  std::set<std::string_view> ids;
  for (const Claim& claim : claims()) {
    EXPECT_TRUE(ids.insert(claim.id).second) << claim.id;
    EXPECT_EQ(std::ranges::count(claim.id, '.'), 1) << claim.id;
    EXPECT_EQ(claim.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-"),
              std::string_view::npos)
        << claim.id;
  }
}

TEST(Claims, StatementsAreSentencesAndUnique) {
  std::set<std::string_view> statements;
  for (const Claim& claim : claims()) {
    SCOPED_TRACE(claim.id);
    EXPECT_GT(claim.statement.size(), 20u);
    EXPECT_TRUE(claim.statement.ends_with('.'));
    EXPECT_EQ(claim.statement.find("  "), std::string_view::npos) << "strings joined wrongly";
    EXPECT_TRUE(std::ranges::all_of(claim.statement, [](char c) { return c >= ' ' && c <= '~'; }))
        << "English";
    EXPECT_TRUE(statements.insert(claim.statement).second) << "said twice";
  }
}

TEST(Claims, EverySourceIsADocumentAndEveryDocumentIsASource) {
  std::set<std::string_view> names, used;
  for (const Document& document : documents()) {
    EXPECT_TRUE(names.insert(document.name).second);
    EXPECT_FALSE(document.title.empty());
  }
  for (const Claim& claim : claims()) {
    EXPECT_FALSE(claim.sources.empty()) << claim.id;
    for (const Source& source : claim.sources) {
      EXPECT_TRUE(names.contains(source.document)) << claim.id << ": " << source.document;
      EXPECT_EQ(source.document == "beyond", claim.id.starts_with("beyond.")) << claim.id;
      used.insert(source.document);
    }
  }
  EXPECT_EQ(used, names);
}

TEST(Claims, WhyIsASentenceOrEmpty) {
  std::set<std::string_view> said;
  for (const Claim& claim : claims()) {
    SCOPED_TRACE(claim.id);
    if (claim.why.empty()) continue;
    EXPECT_TRUE(claim.why.ends_with('.'));
    EXPECT_EQ(claim.why.find("  "), std::string_view::npos) << "strings joined wrongly";
    EXPECT_TRUE(said.insert(claim.why).second) << "said twice";
  }
}

TEST(Topics, AreAboutClaimsThatThereAre) {
  for (const Topic& topic : topics()) {
    SCOPED_TRACE(topic.text);
    bool disagreement = topic.kind == Topic::Kind::disagreement;
    EXPECT_EQ(topic.sides.size() > 1, disagreement);
    EXPECT_EQ(topic.source.document.empty(), disagreement);
    EXPECT_TRUE(topic.remark.empty() || topic.remark.ends_with('.'));
    std::set<std::string_view> once;
    for (const auto& side : topic.sides) {
      EXPECT_FALSE(side.empty());
      for (std::string_view claim : side) {
        EXPECT_TRUE(find_claim(claim)) << claim;
        EXPECT_TRUE(once.insert(claim).second) << claim;
      }
    }
  }
}

TEST(Topics, TheArticleHasFourBoxesAndTwoOpenQuestions) {
  auto has = [](Topic::Kind kind) { return std::ranges::count(topics(), kind, &Topic::kind); };
  EXPECT_EQ(has(Topic::Kind::wrong_information), 4);
  EXPECT_EQ(has(Topic::Kind::open_question), 2);
}

TEST(Claims, AreFoundByTheirId) {
  for (const Claim& claim : claims()) EXPECT_EQ(find_claim(claim.id), &claim);
  EXPECT_EQ(find_claim("close"), nullptr);
  EXPECT_EQ(find_claim(""), nullptr);
}

}  // namespace
}  // namespace twlab
