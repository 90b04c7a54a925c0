// Work for several machines, and what is printed of several kernels.
#include "cli/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "cli/shard.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view names[] = {"a.a", "a.b", "a.c", "b.a", "b.b", "c.a", "c.b"};

class Work {
 public:
  Work() {
    for (size_t i = 0; i < std::size(names); ++i)
      labs_.push_back({.name = names[i], .needs = i * 20s, .heavy = i % 3 == 0});
    for (size_t kernel : {0, 1, 2})
      for (const LabInfo& lab : labs_)
        for (Family family : {Family::inet, Family::inet6}) tasks.push_back({&lab, family, kernel});
  }
  std::vector<Task> tasks;

 private:
  std::vector<LabInfo> labs_;
};

std::map<std::tuple<std::string_view, Family, size_t>, size_t> count(
    const std::vector<Task>& tasks) {
  std::map<std::tuple<std::string_view, Family, size_t>, size_t> counts;
  for (const Task& task : tasks) ++counts[{task.lab->name, task.family, task.kernel}];
  return counts;
}

TEST(Shard, TogetherTheyAreAllAndNoneIsInTwo) {
  Work work;
  for (size_t shards : {1, 2, 3, 7, 41, 42, 60}) {
    std::vector<Task> all;
    for (size_t i = 1; i <= shards; ++i)
      for (const Task& task : take(work.tasks, {i, shards})) all.push_back(task);
    EXPECT_EQ(all.size(), work.tasks.size()) << shards;
    EXPECT_EQ(count(all), count(work.tasks)) << shards;
  }
}

TEST(Shard, AreTheSameOnEveryMachineAndAboutTheSameSize) {
  Work here, there;
  Duration least = Duration::max(), most{}, largest{};
  for (const Task& task : here.tasks) largest = std::max(largest, load(task));
  for (size_t i = 1; i <= 4; ++i) {
    auto tasks = take(here.tasks, {i, 4});
    EXPECT_EQ(count(tasks), count(take(there.tasks, {i, 4})));
    Duration sum{};
    for (const Task& task : tasks) sum += load(task);
    least = std::min(least, sum);
    most = std::max(most, sum);
  }
  EXPECT_LE(most - least, largest);
}

TEST(Shard, IsIOfN) {
  EXPECT_EQ(parse_shard("2/3")->index, 2u);
  EXPECT_EQ(parse_shard("2/3")->count, 3u);
  for (const char* bad :
       {"", "2", "0/3", "4/3", "1/0", "/3", "1/", "1/2/3", "a/b", "-1/2", " 1/2", "1/99999999999"})
    EXPECT_FALSE(parse_shard(bad)) << bad;
}

report::PlacedRun column(const std::string& kernel, Verdict first, Verdict second) {
  report::Run run;
  run.kernel = kernel;
  run.program_version = TWLAB_VERSION;
  for (auto [family, verdict] : {std::pair(Family::inet, first), {Family::inet6, second}}) {
    LabResult& result = run.results.emplace_back();
    result.lab = "close.lab";
    result.family = family;
    result.verdicts = {{"close.changes", verdict, "it is so", {}, ""},
                       {"close.stays", Verdict::confirmed, "it is so", {}, ""},
                       {std::string(100, 'z'), Verdict::refuted, "it is so", {}, ""}};
  }
  return {std::move(run), kernel};
}

TEST(MatrixTable, FitsIntoEightyColumnsHoweverManyKernelsThereAre) {
  std::vector<report::PlacedRun> runs;
  for (int minor = 0; minor < 20; ++minor)
    runs.push_back(column("6." + std::to_string(minor) + "-" + std::string(60, 'k'),
                          Verdict::confirmed, minor < 10 ? Verdict::absent : Verdict::confirmed));
  for (const char* more : {"a", "b"})
    runs.push_back(column("7.0-" + std::string(60, 'k') + more, Verdict::error, Verdict::error));
  std::string table = show_table(report::make_matrix(std::move(runs)), false);
  for (size_t begin = 0, end; (end = table.find('\n', begin)) != table.npos; begin = end + 1)
    EXPECT_LE(report::width(table.substr(begin, end - begin)), 80u)
        << table.substr(begin, end - begin);
  EXPECT_THAT(table,
              AllOf(HasSubstr("6.19*"), HasSubstr("Claims: 3. Changing between these kernels: 1."),
                    Not(HasSubstr("\x1b"))));
}

TEST(MatrixTable, OneSignWhereFamiliesAgreeAndChangesFirst) {
  std::vector<report::PlacedRun> runs;
  runs.push_back(column("5.10.1", Verdict::absent, Verdict::absent));
  runs.push_back(column("6.12.1", Verdict::confirmed, Verdict::refuted));
  auto matrix = report::make_matrix(std::move(runs));
  std::string table = show_table(matrix, false);
  EXPECT_THAT(table, HasSubstr("∅      ✔/✘\n"));
  EXPECT_LT(table.find("close.changes"), table.find("close.stays"));
  EXPECT_THAT(show_table(matrix, true), HasSubstr("\x1b[32m✔"));
}

}  // namespace
}  // namespace twlab::cli
