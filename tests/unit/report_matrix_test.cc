// Several kernels side by side, and output folders joined.
#include "report/matrix.h"

#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "report/changes.h"
#include "report/expect.h"
#include "report/html.h"
#include "report/json.h"
#include "report/markdown.h"
#include "report/matrix_json.h"
#include "report/merge.h"
#include "report/read.h"
#include "report/write.h"
#include "report_fixture.h"
#include "temporary_folder.h"
#include "unpacked.h"

namespace twlab::report {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Run run_on(const std::string& kernel, const std::vector<LabResult>& results) {
  Run run = small_run();
  run.program_version = TWLAB_VERSION;
  run.kernel = kernel;
  run.guest = GuestText{"a package 1-1", "an emulator", 1, false};
  run.results = results;
  run.claims.push_back({"same.claim", "It is always so.", {}});
  return run;
}

LabResult judged(Verdict verdict, const std::string& claim = "close.one",
                 Family family = Family::inet) {
  // Labs of no text, whose results judge what they say and no more.
  return result("lab." + claim, family, claim, verdict,
                "it is " + std::string(twlab::name(verdict)));
}

Matrix matrix_of(const std::vector<std::pair<std::string, Verdict>>& kernels) {
  std::vector<PlacedRun> runs;
  for (const auto& [kernel, verdict] : kernels)
    runs.push_back({run_on(kernel, {judged(verdict), judged(Verdict::refuted, "same.claim")}),
                    kernel + "-folder"});
  return make_matrix(std::move(runs));
}

std::vector<std::string> steps_in(const Matrix& matrix) {
  std::vector<std::string> all;
  for (const auto& row : matrix.rows)
    for (Step step : row.steps)
      all.push_back(matrix.columns[step.before].short_name + "-" +
                    matrix.columns[step.after].short_name);
  return all;
}

TEST(Matrix, KernelsAreInTheOrderOfTheirVersions) {
  Matrix matrix = matrix_of({{"6.12.8-amd64", Verdict::confirmed},
                             {"6.9.1-amd64", Verdict::confirmed},
                             {"5.10.0-32-amd64", Verdict::confirmed}});
  std::vector<std::string> names;
  for (const auto& column : matrix.columns) names.push_back(column.short_name);
  EXPECT_THAT(names, ElementsAre("5.10", "6.9", "6.12"));
  EXPECT_EQ(matrix.columns[1].folder, "6.9.1-amd64-folder");
  EXPECT_THAT(steps_in(matrix), IsEmpty());
}

TEST(Matrix, KernelsOfOneVersionKeepTheirReleases) {
  Matrix matrix = matrix_of({{"6.1.0-37", Verdict::confirmed}, {"6.1.0-50", Verdict::confirmed}});
  EXPECT_EQ(matrix.columns[0].short_name, "6.1.0-37");
  EXPECT_THROW(matrix_of({{"6.1.0-37", Verdict::confirmed}, {"6.1.0-37", Verdict::confirmed}}),
               std::runtime_error);
}

TEST(Matrix, WhatIsUndecidedIsPassedOver) {
  EXPECT_THAT(steps_in(matrix_of({{"5.1", Verdict::confirmed},
                                  {"5.2", Verdict::inconclusive},
                                  {"5.3", Verdict::error},
                                  {"5.4", Verdict::confirmed}})),
              IsEmpty());
  EXPECT_THAT(steps_in(matrix_of({{"5.1", Verdict::absent},
                                  {"5.2", Verdict::error},
                                  {"5.3", Verdict::confirmed},
                                  {"5.4", Verdict::refuted}})),
              ElementsAre("5.1-5.3", "5.3-5.4"));
}

TEST(Matrix, ClaimsThatChangeComeFirst) {
  auto runs = std::vector<PlacedRun>{
      {run_on("5.1", {judged(Verdict::refuted), judged(Verdict::refuted, "close.two")}), "a"},
      {run_on("5.2", {judged(Verdict::refuted), judged(Verdict::absent, "close.two"),
                      judged(Verdict::absent, "close.two", Family::inet6)}),
       "b"}};
  Matrix matrix = make_matrix(std::move(runs));
  auto claims = by_claim(matrix);
  ASSERT_THAT(claims, SizeIs(2));
  EXPECT_EQ(claims[0].claim, "close.two");
  EXPECT_THAT(claims[0].rows, SizeIs(2));
  EXPECT_THAT(steps_of(claims[0]), SizeIs(1));
  EXPECT_FALSE(claims[1].changes);
  // IPv6 ran on one of them only.
  EXPECT_FALSE(claims[0].rows[1]->cells[0]);
}

TEST(Matrix, JsonSaysWhatChanges) {
  std::string json =
      results_json(matrix_of({{"5.1", Verdict::absent}, {"5.2", Verdict::confirmed}}));
  EXPECT_TRUE(is_matrix_json(json));
  EXPECT_FALSE(is_matrix_json(results_json(small_run())));
  EXPECT_FALSE(is_matrix_json("{"));
  EXPECT_THAT(json, AllOf(HasSubstr("\"changes\": true"), HasSubstr("\"changes\": false"),
                          HasSubstr("\"before\": \"5.1\""), HasSubstr("\"folder\": \"5.2-folder\""),
                          HasSubstr("\"seed\": 1")));
}

TEST(Matrix, TheReportHasBothLaddersAndLeadsToTheKernels) {
  Matrix matrix = matrix_of({{"5.1", Verdict::absent}, {"5.2", Verdict::confirmed}});
  std::string page = html(matrix);
  EXPECT_THAT(page,
              AllOf(HasSubstr("Changes between versions"), HasSubstr("5.1-folder/report.html"),
                    HasSubstr("<option value=\"5.1\">"), Not(HasSubstr("src="))));
  auto all = packs(page);
  std::string head = all["claims"]["close.one"]["html"];
  EXPECT_THAT(head, AllOf(HasSubstr("From 5.1 to 5.2"), HasSubstr("it is absent"),
                          HasSubstr("data-key=\"5.1/inet\""), HasSubstr("data-key=\"5.2/inet\"")));
  EXPECT_THAT(all["claims"]["same.claim"]["html"].get<std::string>(), Not(HasSubstr("data-key")));
  EXPECT_THAT(unpacked(page), AllOf(HasSubstr("href=\"5.1-folder/lab.close.one/inet.pcapng\""),
                                    HasSubstr("--kernel 5.1 --seed 1")));
  std::string text = markdown(matrix);
  EXPECT_THAT(text,
              AllOf(HasSubstr("[5.2](<5.2-folder/report.html>)"), HasSubstr("from 5.1 to 5.2"),
                    HasSubstr("```text"), Not(HasSubstr("{{"))));
  matrix.columns[1].run.results[0].recording.settings["net.ipv4.tcp_tw_reuse"] = "1";
  EXPECT_THAT(markdown(matrix), HasSubstr("net.ipv4.tcp\\_tw\\_reuse, 2 and 1"));
  EXPECT_THAT(markdown(matrix_of({{"5.1", Verdict::absent}})), HasSubstr("No verdict does."));
}

TEST(KernelChanges, AreOfClaimsThatThereAreAndBetweenVersions) {
  for (const auto& change : kernel_changes()) {
    EXPECT_TRUE(older(std::string(change.before), std::string(change.since))) << change.text;
    EXPECT_FALSE(change.text.empty() || change.read.empty()) << change.text;
    EXPECT_FALSE(change.claims.empty()) << change.text;
    for (auto claim : change.claims) {
      EXPECT_TRUE(find_claim(claim)) << claim;
      auto found = [&](std::string_view before, std::string_view after) {
        return std::ranges::count(changes_between(claim, before, after), &change);
      };
      EXPECT_EQ(found(change.before, change.since), 1) << claim;
      EXPECT_EQ(found("2.6", change.before), 0) << claim;
      EXPECT_EQ(found(change.since, "9999.9"), 0) << claim;
    }
  }
}

class FolderTest : public TemporaryFolder {
 protected:
  fs::path write(const std::string& name, const report::Run& run) const {
    write_all(run, folder() / name);
    return folder() / name;
  }
  std::string refusal(const std::vector<fs::path>& parts, const std::string& out = "out") const {
    try {
      merge(parts, folder() / out);
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  static size_t entries(const fs::path& folder) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {}));
  }
};

std::set<std::string> verdicts(const report::Run& run) {
  std::set<std::string> all;
  for (const auto& row : claim_rows(run))
    for (const auto& cell : row.families)
      all.insert(row.claim + std::string(twlab::name(cell.family)) +
                 std::string(twlab::name(cell.verdict)) + cell.reason);
  return all;
}

std::string bytes(const fs::path& folder, const LabResult& result) {
  return os::read_file(folder / recording_file(result, 1)) +
         os::read_file(folder / capture_file(result, 1, false));
}

TEST_F(FolderTest, AFolderOfKernels) {
  auto out = folder() / "out";
  auto old = write("out/5.10.0", run_on("5.10.0", {judged(Verdict::absent)}));
  auto now = write("out/6.1.0", run_on("6.1.0", {judged(Verdict::confirmed)}));
  EXPECT_THAT(kernel_folders(out), ElementsAre(old, now));
  EXPECT_THAT(kernel_folders(now), IsEmpty());
  write_summary(read_matrix(out), out);
  EXPECT_THAT(kernel_folders(out), ElementsAre(old, now));
  EXPECT_TRUE(is_matrix_json(os::read_file(out / "results.json")));
  // The labs' folders do not count, nor does what another run has left beside one kernel's results.
  EXPECT_EQ(results_file(now), now / "results.json");
  EXPECT_EQ(Expected(out).find("6.1.9")->kernel, "6.1.0");
  try {
    results_file(out);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr(old.string()), HasSubstr(now.string())));
  }
  write("out", run_on("6.1.0", {judged(Verdict::confirmed)}));
  EXPECT_THAT(kernel_folders(out), IsEmpty());
}

TEST_F(FolderTest, MergedShardsAreTheWholeRun) {
  report::Run whole = run_on("6.1.0", {});
  whole.guest.reset();
  for (Family family : {Family::inet, Family::inet6})
    for (const char* claim : {"close.one", "close.two", "same.claim"})
      whole.results.push_back(
          judged(family == Family::inet ? Verdict::confirmed : Verdict::refuted, claim, family));
  report::Run first = whole, second = whole;
  first.results.assign(whole.results.begin(), whole.results.begin() + 2);
  second.results.assign(whole.results.begin() + 2, whole.results.end());
  second.command += " --shard 2/2";
  auto a = write("a", first), b = write("b", second), all = write("all", whole);

  merge({a, b}, folder() / "new" / "out");
  report::Run merged = read_run(folder() / "new" / "out");
  EXPECT_EQ(verdicts(merged), verdicts(whole));
  EXPECT_THAT(merged.results, SizeIs(whole.results.size()));
  EXPECT_THAT(merged.command, HasSubstr("--shard 2/2"));
  for (const auto& result : whole.results)
    EXPECT_EQ(bytes(folder() / "new" / "out", result), bytes(all, result)) << result.lab;
  EXPECT_EQ(entries(folder() / "new"), 1u);
}

TEST_F(FolderTest, MergedKernelsAreAMatrix) {
  auto a = write("a/5.10.0", run_on("5.10.0", {judged(Verdict::absent)}));
  write("b/6.1.0", run_on("6.1.0", {judged(Verdict::confirmed)}));
  write("b/5.10.0", run_on("5.10.0", {judged(Verdict::refuted, "same.claim")}));
  EXPECT_EQ(refusal({folder() / "a", folder() / "b"}), "");
  Matrix matrix = read_matrix(folder() / "out");
  EXPECT_THAT(matrix.columns, SizeIs(2));
  EXPECT_THAT(matrix.columns[0].run.results, SizeIs(2));
  EXPECT_THAT(steps_in(matrix), ElementsAre("5.10-6.1"));
  EXPECT_TRUE(fs::exists(folder() / "out" / "report.html"));
  EXPECT_TRUE(fs::exists(folder() / "out" / "6.1.0" / "report.html"));
  // The folder of one of the kernels is a part as well.
  EXPECT_EQ(refusal({a, folder() / "b" / "6.1.0"}, "another"), "");
  EXPECT_THAT(read_matrix(folder() / "another").columns, SizeIs(2));
}

TEST_F(FolderTest, AShardThatIsMissingIsNamed) {
  auto shard = [&](size_t index, size_t count, const char* claim, const std::string& kernel) {
    report::Run run = run_on(kernel, {judged(Verdict::confirmed, claim)});
    run.shard = {index, count};
    return write(std::to_string(index) + "-of-" + std::to_string(count), run);
  };
  auto one = shard(1, 4, "close.one", "6.1.0"), three = shard(3, 4, "close.two", "5.10.0"),
       four = shard(4, 4, "close.three", "6.1.0"), other = shard(1, 2, "close.four", "6.1.0");
  EXPECT_THAT(refusal({one, four, three}), HasSubstr("shard 2 of 4 is missing"));
  EXPECT_THAT(refusal({three}), HasSubstr("shard 1, 2, 4 of 4 is missing"));
  EXPECT_THAT(refusal({one, other}), HasSubstr("they are not of one run"));
  merge({one, four, three}, folder() / "some", true);
  EXPECT_THAT(read_matrix(folder() / "some").columns, SizeIs(2));
  auto two = shard(2, 4, "close.four", "6.1.0");
  EXPECT_EQ(refusal({one, two, four, three}), "");
  // It is whole now, and may be a part itself.
  EXPECT_EQ(refusal({folder() / "out", write("7", run_on("7.0.0", {}))}, "more"), "");
}

TEST_F(FolderTest, WhyAKernelDidNotBootIsInAllReports) {
  report::Run run = run_on("6.12.0", {});
  run.trouble = "the guest ended; the last of its console:\nKernel panic <here>";
  auto down = write("all/6.12.0", run);
  write("all/6.1.0", run_on("6.1.0", {judged(Verdict::confirmed)}));
  EXPECT_EQ(read_run(down).trouble, run.trouble);
  EXPECT_THAT(os::read_file(down / "report.md"), HasSubstr("Kernel panic <here>"));
  EXPECT_THAT(os::read_file(down / "report.html"), HasSubstr("Kernel panic &lt;here&gt;"));
  auto all = folder() / "all";
  write_summary(read_matrix(all), all);
  EXPECT_THAT(os::read_file(all / "results.json"), HasSubstr("Kernel panic <here>"));
  EXPECT_THAT(os::read_file(all / "report.md"), HasSubstr("Kernel panic <here>"));
  EXPECT_THAT(os::read_file(all / "report.html"), HasSubstr("Kernel panic &lt;here&gt;"));
}

TEST_F(FolderTest, WhatDoesNotFitIsRefusedAndLeavesNothing) {
  auto a = write("a", run_on("6.1.0", {judged(Verdict::absent)}));
  EXPECT_EQ(refusal({a, write("same", run_on("6.1.0", {judged(Verdict::absent)}))}), "");
  EXPECT_THAT(read_run(folder() / "out").results, SizeIs(1));

  EXPECT_THAT(refusal({a}), HasSubstr("is there already"));
  auto other = run_on("6.1.0", {judged(Verdict::absent)});
  other.results[0].recording = Script().recording;
  EXPECT_THAT(refusal({a, write("other", other)}, "new"),
              AllOf(HasSubstr("both have lab.close.one (inet)"), HasSubstr("other evidence")));
  EXPECT_THAT(refusal({a, write("verdict", run_on("6.1.0", {judged(Verdict::refuted)}))}, "new"),
              HasSubstr("both have lab.close.one"));
  auto seeded = run_on("6.1.0", {judged(Verdict::absent, "close.two")});
  seeded.guest->seed = 2;
  EXPECT_THAT(refusal({a, write("seeded", seeded)}, "new"), HasSubstr("seeds 1 and 2"));
  auto aged = run_on("6.1.0", {judged(Verdict::absent, "close.two")});
  aged.program_version = "0.0.1";
  EXPECT_THAT(refusal({a, write("aged", aged)}, "new"), HasSubstr("0.0.1"));
  auto broken = write("broken", run_on("6.1.0", {judged(Verdict::absent, "close.two")}));
  fs::remove(broken / "lab.close.two" / "inet.pcapng");
  EXPECT_THAT(refusal({a, broken}, "new"), HasSubstr("inet.pcapng"));
  EXPECT_THAT(refusal({a, folder() / "nowhere"}, "new"), HasSubstr("nowhere"));
  EXPECT_EQ(entries(folder()), 8u);  // the seven parts, and the first "out"
}

}  // namespace
}  // namespace twlab::report
