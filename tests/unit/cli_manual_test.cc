// The manual page and the completions, from a command line made up here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <type_traits>

#include "cli/manual/manual.h"

namespace twlab::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CommandText made_up() {
  CommandText brew;
  brew.path = "brew";
  brew.text = "Makes tea";
  brew.footer = "Not\ncoffee.\n\nInside:\n\n.sugar \\ milk\n  honey";
  brew.options = {
      {{"-h", "--help"}, "", "tells", {}, false, false},
      {{"-s", "--sort"}, "SORT", "[it's] green: or black", {"green", "black"}, true, true}};
  brew.arguments = {{{"FILE"}, "FILE", ".rc is read. Ends \\ here", {}, false, true}};
  CommandText program;
  program.commands = {brew};
  return program;
}

TEST(Manual, EscapesForWhomItIs) {
  std::string_view all =
      "{{#commands}}{{path}}\n{{#options}}{{text}}\n{{/options}}\n\n"
      "{{#arguments}}{{text}}\n{{/arguments}}{{/commands}}";
  EXPECT_EQ(fill_manual("twlab.bash", all, made_up()),
            "brew\ntells\n[it's] green: or black\n.rc is read. Ends \\ here\n");
  EXPECT_EQ(fill_manual("_twlab", all, made_up()),
            "brew\ntells\n\\[it'\\''s\\] green\\: or black\n.rc is read. Ends \\\\ here\n");
  EXPECT_EQ(fill_manual("twlab.1", all, made_up()),
            "brew\ntells\n[it's] green: or black\n\\&.rc is read.\nEnds \\e here\n");
}

TEST(Manual, LeavesTheRestOfAFooterAsItIs) {
  EXPECT_EQ(
      fill_manual("twlab.1", "{{#commands}}{{footer}}|\n{{{roff_rest}}}{{/commands}}", made_up()),
      "Not coffee.|\nInside:\n\\&\n\\&.sugar \\e milk\n  honey");
}

TEST(Manual, SaysWhatCompletesAValue) {
  std::string_view all =
      "{{#commands}}{{#own_options}}{{{zsh_names}}} {{completed_by}}{{#repeats}} "
      "again{{/repeats}}\n"
      "{{/own_options}}{{#arguments}}{{place}} {{completed_by}}{{/arguments}}{{/commands}}";
  EXPECT_EQ(fill_manual("_twlab", all, made_up()),
            "{-s+,--sort=} _twlab_words green black again\n1 _twlab_files");
}

TEST(Manual, RefusesTemplatesThatItDoesNotKnow) {
  EXPECT_THROW(fill_manual("twlab.fish", "", made_up()), std::invalid_argument);
  EXPECT_THROW(fill_manual("twlab.1", "{{#open}}", made_up()), std::logic_error);
}

template <typename T>
const T& named(const std::vector<T>& all, std::string_view name) {
  for (const T& one : all) {
    if constexpr (std::is_same_v<T, CommandText>) {
      if (one.path == name) return one;
    } else {
      if (one.names.back() == name) return one;
    }
  }
  throw std::invalid_argument("nothing is called " + std::string(name));
}

TEST(Description, TellsWhatTheCommandLineTakes) {
  CommandText program = describe_commands();
  EXPECT_EQ(program.path, "");
  const CommandText& run = named(program.commands, "run");
  EXPECT_THAT(run.footer, HasSubstr("Exit codes"));
  ASSERT_EQ(run.arguments.size(), 1u);
  EXPECT_EQ(run.arguments[0].value, "NAME");
  EXPECT_TRUE(run.arguments[0].repeats);
  EXPECT_FALSE(run.arguments[0].required);
  const OptionText& out = named(run.options, "--out");
  EXPECT_THAT(out.names, ElementsAre("-o", "--out"));
  EXPECT_EQ(out.value, "DIR");
  EXPECT_FALSE(out.repeats);
  EXPECT_THAT(named(run.options, "--family").choices, ElementsAre("inet", "inet6", "both"));
  EXPECT_EQ(named(run.options, "--pcap").value, "");
  EXPECT_TRUE(named(run.options, "--set").repeats);
  EXPECT_EQ(named(run.options, "--format").text.find('\n'), std::string::npos);
  const CommandText& remove = named(named(program.commands, "kernels").commands, "kernels remove");
  EXPECT_TRUE(remove.arguments.at(0).required);
}

}  // namespace
}  // namespace twlab::cli
