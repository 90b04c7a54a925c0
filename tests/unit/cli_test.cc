// What the commands make of names, options and results. Labs and claims are of fake_catalogue.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/probe.h"
#include "cli/terminal.h"
#include "cli/verdicts.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> selected(const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const LabInfo* lab : select_labs(names)) found.emplace_back(lab->name);
  return found;
}

std::string complaint(const std::string& name) {
  try {
    select_labs({name});
    return "";
  } catch (const BadInput& error) {
    return error.what();
  }
}

TEST(Names, OfLabsClaimsAndGlobs) {
  EXPECT_THAT(selected({"close.decided"}), ElementsAre("close.decided"));
  EXPECT_THAT(selected({"close.simultaneous"}), ElementsAre("close.decided"));
  EXPECT_THAT(selected({"linger.*"}),
              ElementsAre("linger.undecided", "trouble.change", "trouble.crash", "trouble.wait"));
  EXPECT_THAT(selected({"trouble.c*", "close.*", "close.decided"}),
              ElementsAre("close.decided", "trouble.change", "trouble.crash"));
  EXPECT_EQ(selected({}).size(), labs().size());
}

TEST(Names, UnknownOnesGetTheNearest) {
  EXPECT_THAT(complaint("close.four-segment"), HasSubstr("did you mean 'close.four-segments'?"));
  EXPECT_THAT(complaint("colse.decided"), HasSubstr("did you mean 'close.decided'?"));
  EXPECT_THAT(complaint("four-segments"), HasSubstr("did you mean 'close.four-segments'?"));
  EXPECT_THAT(complaint("something-else-entirely"), HasSubstr("twlab list"));
  EXPECT_EQ(complaint("nothing.*"), "no lab or claim matches 'nothing.*'");
  EXPECT_EQ(complaint("future.claim"), "no lab decides the claim 'future.claim' yet");
}

TEST(Names, EditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("abc", "abd"), 1u);
  EXPECT_EQ(edit_distance("abc", "acb"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

Parsed parse_words(std::vector<const char*> words) {
  words.insert(words.begin(), "twlab");
  return parse(static_cast<int>(words.size()), words.data());
}

TEST(Options, OfRun) {
  auto parsed = parse_words(
      {"run",      "a",        "b.*",      "--family", "inet6", "--jobs",
       "3",        "--out",    "/x",       "--format", "junit", "--pcap",
       "--expect", "e.json",   "--repeat", "5",        "--set", "net.ipv4.tcp_fin_timeout=5",
       "--set",    "a.b=1 2 3"});
  ASSERT_TRUE(parsed.options);
  const Options& options = *parsed.options;
  EXPECT_EQ(options.command, Command::run);
  EXPECT_THAT(options.names, ElementsAre("a", "b.*"));
  EXPECT_THAT(options.families, ElementsAre(Family::inet6));
  EXPECT_EQ(options.jobs, 3u);
  EXPECT_EQ(options.out, "/x");
  EXPECT_EQ(options.format, Format::junit);
  EXPECT_TRUE(options.classic_pcap);
  EXPECT_EQ(options.expect, "e.json");
  EXPECT_EQ(options.repeat, 5u);
  EXPECT_EQ(options.settings, (Settings{{"net.ipv4.tcp_fin_timeout", "5"}, {"a.b", "1 2 3"}}));
  EXPECT_THAT(options.as_typed, HasSubstr("twlab run a 'b.*' --family inet6"));
}

TEST(Options, Defaults) {
  auto parsed = parse_words({"run"});
  ASSERT_TRUE(parsed.options);
  EXPECT_EQ(parsed.options->families.size(), 2u);
  EXPECT_EQ(parsed.options->out, "out");
  EXPECT_EQ(parsed.options->repeat, 1u);
  EXPECT_TRUE(parsed.options->names.empty());
}

TEST(Options, OfDiffLadderAndServe) {
  auto diff = parse_words({"diff", "a", "b/results.json", "--segments"}).options;
  ASSERT_TRUE(diff);
  EXPECT_EQ(diff->command, Command::diff);
  EXPECT_THAT(diff->names, ElementsAre("a", "b/results.json"));
  EXPECT_TRUE(diff->segments);
  auto ladder = parse_words({"ladder", "out", "x.y", "--family", "inet6", "-o", "z.svg"}).options;
  ASSERT_TRUE(ladder);
  EXPECT_EQ(ladder->command, Command::ladder);
  EXPECT_THAT(ladder->names, ElementsAre("out", "x.y"));
  EXPECT_THAT(ladder->families, ElementsAre(Family::inet6));
  EXPECT_EQ(ladder->file, "z.svg");
  auto serve = parse_words({"serve"}).options;
  ASSERT_TRUE(serve);
  EXPECT_EQ(serve->command, Command::serve);
  EXPECT_EQ(serve->port, 5000);
  EXPECT_FALSE(serve->reuse_address);
}

TEST(Options, OfShardsAndMerge) {
  auto run = parse_words({"run", "--shard", "2/3"}).options;
  ASSERT_TRUE(run);
  EXPECT_EQ(run->shard.index, 2u);
  EXPECT_EQ(run->shard.count, 3u);
  auto merge = parse_words({"merge", "a", "b", "-o", "c"}).options;
  ASSERT_TRUE(merge);
  EXPECT_EQ(merge->command, Command::merge);
  EXPECT_THAT(merge->names, ElementsAre("a", "b"));
  EXPECT_EQ(merge->out, "c");
}

TEST(Options, OfKernels) {
  auto list = parse_words({"kernels", "--format", "json"}).options;
  ASSERT_TRUE(list);
  EXPECT_EQ(list->command, Command::kernels);
  EXPECT_EQ(list->kernels_action, KernelsAction::list);
  EXPECT_EQ(list->format, Format::json);
  auto add = parse_words({"kernels", "add", "a", "b", "--modules", "m", "--force"}).options;
  ASSERT_TRUE(add);
  EXPECT_EQ(add->kernels_action, KernelsAction::add);
  EXPECT_THAT(add->names, ElementsAre("a", "b"));
  EXPECT_EQ(add->modules, "m");
  EXPECT_TRUE(add->replace);
  auto remove = parse_words({"kernels", "remove", "6.1"}).options;
  ASSERT_TRUE(remove);
  EXPECT_EQ(remove->kernels_action, KernelsAction::remove);
  EXPECT_THAT(remove->names, ElementsAre("6.1"));
}

TEST(Options, BadOnesAreBadInput) {
  for (auto words : std::vector<std::vector<const char*>>{{},
                                                          {"nothing"},
                                                          {"run", "--family", "ipx"},
                                                          {"run", "--shard", "0/2"},
                                                          {"merge"},
                                                          {"run", "--jobs", "0"},
                                                          {"run", "--jobs", "many"},
                                                          {"run", "--repeat", "-1"},
                                                          {"run", "--format", "pdf"},
                                                          {"run", "--set", "name"},
                                                          {"list", "cats"},
                                                          {"show"},
                                                          {"diff", "a"},
                                                          {"ladder", "a"},
                                                          {"ladder", "a", "b", "--family", "both"},
                                                          {"serve", "--port", "0"},
                                                          {"serve", "--port", "65536"},
                                                          {"kernels", "add"},
                                                          {"kernels", "remove"},
                                                          {"kernels", "remove", "a", "b"},
                                                          {"report"}}) {
    auto parsed = parse_words(words);
    EXPECT_FALSE(parsed.options);
    EXPECT_EQ(parsed.exit, bad_input);
  }
}

LabResult result(Family family, Verdict verdict, const std::string& reason = "because") {
  LabResult made;
  made.lab = "linger.undecided";
  made.family = family;
  made.verdicts.push_back({"linger.zero", verdict, reason, {}, {}});
  if (verdict == Verdict::error) made.error = reason;
  return made;
}

report::Run run_of(std::vector<LabResult> results) {
  report::Run run;
  run.results = std::move(results);
  report::describe(run);
  return run;
}

TEST(Verdicts, TableFitsIntoEightyColumns) {
  auto run = run_of({result(Family::inet, Verdict::confirmed),
                     result(Family::inet6, Verdict::inconclusive,
                            std::string(50, 'x') + " " + std::string(50, 'y'))});
  LabResult lengthy = result(Family::inet, Verdict::confirmed);
  lengthy.lab = "another";
  lengthy.verdicts[0].claim = std::string(100, 'z');
  run.results.push_back(lengthy);
  std::string table = show_table(run, false);
  for (size_t begin = 0, end; (end = table.find('\n', begin)) != table.npos; begin = end + 1)
    EXPECT_LE(report::width(table.substr(begin, end - begin)), 80u);
  EXPECT_THAT(table, HasSubstr("linger.zero"));
  EXPECT_THAT(table, HasSubstr("confirmed"));
  EXPECT_THAT(table, HasSubstr("? inconclusive"));
  EXPECT_THAT(table, HasSubstr("yyy"));
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(show_table(run, true), HasSubstr("\x1b[32m"));
}

TEST(Verdicts, ExitCodes) {
  auto one = [](Verdict verdict) { return run_of({result(Family::inet, verdict)}); };
  EXPECT_EQ(exit_code(one(Verdict::confirmed), false), success);
  EXPECT_EQ(exit_code(one(Verdict::refuted), false), success);
  EXPECT_EQ(exit_code(one(Verdict::absent), false), success);
  EXPECT_EQ(exit_code(one(Verdict::confirmed), true), differs);
  EXPECT_EQ(exit_code(one(Verdict::error), true), lab_error);
  EXPECT_EQ(exit_code(one(Verdict::inconclusive), false), unmeasurable);
  auto some = run_of(
      {result(Family::inet, Verdict::inconclusive), result(Family::inet6, Verdict::confirmed)});
  EXPECT_EQ(exit_code(some, false), success);
}

TEST(Verdicts, ChangesBetweenRepetitionsAreTold) {
  auto steady =
      run_of({result(Family::inet, Verdict::confirmed), result(Family::inet6, Verdict::refuted),
              result(Family::inet, Verdict::confirmed)});
  EXPECT_TRUE(changes_between_repetitions(steady).empty());
  auto changing =
      run_of({result(Family::inet, Verdict::confirmed), result(Family::inet, Verdict::confirmed),
              result(Family::inet, Verdict::refuted)});
  EXPECT_THAT(changes_between_repetitions(changing),
              ElementsAre("linger.zero (inet): confirmed 2 times (first in run 1), refuted 1 times "
                          "(first in run 3)"));
}

class TerminalTest : public ::testing::Test {
 protected:
  Terminal make(bool live, size_t columns = 60, size_t rows = 24) {
    return Terminal(
        2,
        [=] {
          return Terminal::Screen{live, false, columns, rows};
        },
        [this](std::string_view text) { written_ += text; });
  }
  std::string written_;
  Task task_{find_lab("linger.undecided"), Family::inet};
  Task other_{find_lab("trouble.wait"), Family::inet6};
};

TEST_F(TerminalTest, ALineForEachFinishedLabWhereItIsNoTerminal) {
  Terminal terminal = make(false);
  terminal.progress({Progress::Kind::started, &task_, {}, {}});
  terminal.tick();
  EXPECT_EQ(written_, "");
  LabResult done = result(Family::inet, Verdict::confirmed);
  done.took = 210ms;
  terminal.finished(task_, done);
  EXPECT_EQ(written_, "ok linger.undecided inet confirmed 210.0 ms\n");
}

TEST_F(TerminalTest, LiveLinesSayWhoWaitsForWhatAndGoAway) {
  Terminal terminal = make(true);
  terminal.progress({Progress::Kind::started, &task_, {}, {}});
  terminal.progress({Progress::Kind::waiting, &other_, "TIME_WAIT to end", os::now() + 42500ms});
  terminal.tick();
  EXPECT_THAT(written_, HasSubstr("0 of 2 done, 2 running\x1b[K\n"));
  EXPECT_THAT(written_, HasSubstr("trouble.wait inet6           43 s  TIME_WAIT to end\x1b[K\n"));
  std::string once = written_;
  terminal.tick();
  EXPECT_EQ(written_, once) << "not more often than ten times a second";
  terminal.clear();
  EXPECT_EQ(written_, once + "\x1b[3F\x1b[J");
}

TEST_F(TerminalTest, DrawsOverTheOldLinesAndNotWhatIsThereAlready) {
  Terminal terminal = make(true);
  terminal.progress({Progress::Kind::waiting, &task_, "a timer", os::now() - 1s});
  terminal.tick();
  written_.clear();
  std::this_thread::sleep_for(110ms);
  terminal.tick();
  EXPECT_EQ(written_, "");
  terminal.progress({Progress::Kind::finished, &task_, {}, {}});
  std::this_thread::sleep_for(110ms);
  terminal.tick();
  EXPECT_EQ(written_, "\x1b[2F0 of 2 done, 0 running\x1b[K\n\x1b[J");
}

TEST_F(TerminalTest, NeverMoreThanFits) {
  Terminal terminal = make(true, 20, 5);
  std::vector<LabInfo> many;
  for (const LabInfo& lab : labs()) many.push_back(lab);
  std::vector<Task> tasks;
  for (const LabInfo& lab : many)
    for (Family family : {Family::inet, Family::inet6}) tasks.push_back({&lab, family});
  for (const Task& task : tasks)
    terminal.progress({Progress::Kind::waiting, &task, "a long name of a thing", os::now() + 5s});
  terminal.tick();
  EXPECT_LT(std::count(written_.begin(), written_.end(), '\n'), 5);
  EXPECT_THAT(written_, HasSubstr("more"));
  for (size_t begin = 0, end; (end = written_.find('\n', begin)) != written_.npos; begin = end + 1)
    EXPECT_LT(report::width(written_.substr(begin, end - begin)), 20u + sizeof "\x1b[K" - 1);
}

TEST(Probe, WhateverBecomesOfItIsAnAnswer) {
  Probe probe;
  probe.ask = [] { return std::string("a note"); };
  EXPECT_TRUE(ask(probe).yes);
  EXPECT_EQ(ask(probe).note, "a note");
  probe.ask = []() -> std::string { throw std::runtime_error("not here"); };
  EXPECT_FALSE(ask(probe).yes);
  EXPECT_EQ(ask(probe).note, "not here");
  probe.ask = []() -> std::string { abort(); };
  EXPECT_FALSE(ask(probe).yes);
  EXPECT_THAT(ask(probe).note, HasSubstr("killed by SIGABRT"));
}

}  // namespace
}  // namespace twlab::cli
