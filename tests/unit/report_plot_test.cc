#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>
#include <set>
#include <stdexcept>

#include "report/html.h"
#include "report/markdown.h"
#include "report/plot.h"
#include "report_fixture.h"
#include "unpacked.h"

namespace twlab::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// All first groups of the expression's matches.
std::vector<std::string> all(const std::string& text, const std::string& expression) {
  std::regex regex(expression);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it)
    found.push_back((*it)[1]);
  return found;
}

std::vector<std::string> ticks(const std::string& svg) {
  return all(svg, "class=\"tick\"[^>]*>([^<]*)<");
}

Plot one_series(std::vector<Plot::Point> points, bool log = false) {
  return {.title = "t",
          .x = {.label = "x"},
          .y = {.label = "y", .log = log},
          .series = {{"s", points}}};
}

TEST(PlotScale, TicksAreAtRoundNumbers) {
  EXPECT_THAT(scale(0, 28232, false).ticks,
              ElementsAre(0, 5000, 10000, 15000, 20000, 25000, 30000));
  EXPECT_THAT(scale(32768, 60999, false).ticks, ElementsAre(0, 20000, 40000, 60000, 80000));
  EXPECT_THAT(scale(0.31, 0.97, false).ticks, ElementsAre(0, 0.2, 0.4, 0.6000000000000001, 0.8, 1));
  EXPECT_THAT(scale(-3, 4, false).ticks, ElementsAre(-4, -2, 0, 2, 4));
  EXPECT_THAT(scale(-90, -10, false).ticks, ElementsAre(-100, -80, -60, -40, -20, 0));
  EXPECT_THAT(scale(41000, 60999, false).ticks,
              ElementsAre(40000, 45000, 50000, 55000, 60000, 65000));
  EXPECT_THAT(scale(60, 61.9, false).ticks, ElementsAre(60, 60.5, 61, 61.5, 62));
  EXPECT_THAT(scale(1e-7, 3e-7, false).ticks.size(), 7u);
  EXPECT_EQ(scale(0, 1e12, false).ticks.back(), 1e12);
}

TEST(PlotScale, OneValueHasAnAxisToo) {
  EXPECT_THAT(scale(5, 5, false).ticks, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(scale(0, 0, false).ticks.back(), 1);
  EXPECT_THAT(scale(-5, -5, false).ticks.front(), -5);
  EXPECT_THAT(scale(7, 7, true).ticks, ElementsAre(5, 10));
  EXPECT_THAT(scale(10, 10, true).ticks, ElementsAre(5, 10, 20));
}

TEST(PlotScale, ALogAxisHasPowersOfTen) {
  EXPECT_THAT(scale(3, 40, true).ticks, ElementsAre(2, 5, 10, 20, 50));
  EXPECT_THAT(scale(1.5, 9000, true).ticks, ElementsAre(1, 10, 100, 1000, 10000));
  EXPECT_THAT(scale(0.0002, 0.09, true).ticks, ElementsAre(0.001, 0.01, 0.1));
  EXPECT_LE(scale(1e-12, 1e12, true).ticks.size(), 7u);
  Scale log = scale(1, 10000, true);
  EXPECT_DOUBLE_EQ(log.place(1), 0);
  EXPECT_DOUBLE_EQ(log.place(100), 0.5);
  EXPECT_DOUBLE_EQ(log.place(10000), 1);
}

TEST(PlotScale, EveryValueIsWithinItsAxis) {
  for (bool log : {false, true})
    for (double least = 1e-6; least < 1e6; least *= 3.7)
      for (double by = 1; by < 1e6; by *= 2.9) {
        Scale s = scale(least, least * by, log);
        EXPECT_LE(s.first, least * (1 + 1e-9));
        EXPECT_GE(s.last, least * by * (1 - 1e-9));
        EXPECT_LE(s.ticks.size(), 8u) << least << " " << by;
        EXPECT_GE(s.ticks.size(), 2u) << least << " " << by << " " << log;
      }
}

TEST(PlotScale, NumbersAreShownForPeople) {
  const std::pair<double, const char*> table[] = {{0, "0"},
                                                  {5, "5"},
                                                  {0.25, "0.25"},
                                                  {1.0 / 3, "0.3333"},
                                                  {999, "999"},
                                                  {1000, "1,000"},
                                                  {28232, "28,232"},
                                                  {1234567.8, "1,234,568"},
                                                  {-500, "-500"},
                                                  {-1000, "-1,000"},
                                                  {0.6000000000000001, "0.6"},
                                                  {12.3456, "12.35"},
                                                  {1e-7, "1e-07"},
                                                  {2e20, "2e+20"}};
  for (auto [value, text] : table) EXPECT_EQ(show_number(value), text);
}

TEST(PlotSvg, PutsPointsWhereTheyBelong) {
  std::string svg = plot_svg(one_series({{0, 0}, {5, 50}, {10, 100}}));
  // From the beginning of both axes to their ends, the second in the middle.
  EXPECT_THAT(all(svg, "class=\"line\" d=\"(M96[^\"]*)\""),
              ElementsAre("M96.0 370.0L356.0 220.0L616.0 70.0"));
  EXPECT_THAT(all(svg, "<title>(s: [^<]*)<"), ElementsAre("s: 0, 0", "s: 5, 50", "s: 10, 100"));
  EXPECT_THAT(ticks(svg),
              ElementsAre("0", "20", "40", "60", "80", "100", "0", "2", "4", "6", "8", "10"));
}

TEST(PlotSvg, MillionsAreShort) {
  EXPECT_THAT(ticks(plot_svg(one_series({{1, 1e5}, {2, 2e6}}))),
              ElementsAre("0", "500,000", "1 M", "1.5 M", "2 M", "0", "0.5", "1", "1.5", "2"));
}

TEST(PlotSvg, AMarkHasItsWordWhereThePointsAreNot) {
  Plot plot = one_series({{8, 52}, {9, 52}, {1, 52}, {10, 100}, {10, 46}});
  plot.marks = {{50, "a long word"}};
  // Below the line, at the left.
  EXPECT_THAT(plot_svg(plot), HasSubstr("<text x=\"102\" y=\"238\" class=\"word\" "
                                        "text-anchor=\"start\">a long word</text>"));
}

TEST(PlotSvg, ALogAxisIsEvenInPowersOfTen) {
  std::string svg = plot_svg(one_series({{0, 1}, {5, 100}, {10, 10000}}, true));
  EXPECT_THAT(all(svg, "class=\"line\" d=\"(M96[^\"]*)\""),
              ElementsAre("M96.0 370.0L356.0 220.0L616.0 70.0"));
}

TEST(PlotSvg, SaysInWordsWhatItShows) {
  std::string svg = plot_svg(small_plot());
  EXPECT_THAT(svg, HasSubstr("role=\"img\""));
  EXPECT_THAT(svg, HasSubstr("<title>connect() &amp; the fill level</title>"));
  EXPECT_THAT(svg, HasSubstr("<desc>time of one call (µs) over ports taken (ports); connect(): "
                             "1.5 µs at 0 ports to 400.25 µs at 28,232 ports; "));
  EXPECT_THAT(svg, HasSubstr("a &quot;limit&quot; at 300 µs"));
  EXPECT_THAT(svg, HasSubstr("<title>connect(): 14,116 ports, 20 µs</title>"));
}

TEST(PlotSvg, IsOneElementThatAsksForNothing) {
  std::string svg = plot_svg(small_plot());
  EXPECT_EQ(svg.find("<svg "), 0u);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  for (const char* no : {"<script", "href", "url(", " id=", "<image", "<style", "nan", "inf"})
    EXPECT_THAT(svg, Not(HasSubstr(no)));
}

TEST(PlotSvg, SeriesDifferInMoreThanColour) {
  Plot plot = one_series({{0, 0}, {1, 1}});
  for (const char* name : {"b", "c", "d", "e"}) plot.series.push_back({name, {{0, 1}, {1, 2}}});
  std::string svg = plot_svg(plot);
  auto shapes = all(svg, "class=\"dot\" d=\"M34 [0-9.]+(m[^\"]*)\"");
  EXPECT_EQ(std::set<std::string>(shapes.begin(), shapes.end()).size(), 5u);
  for (int i = 1; i < 5; ++i)
    EXPECT_THAT(std::string(plot_css()),
                HasSubstr(".s" + std::to_string(i) + " .line { stroke-dasharray"));
}

TEST(PlotSvg, EscapesEverything) {
  const std::string evil = "<img src=x onerror=alert(1)>'\"";
  Plot plot{.title = evil,
            .note = evil,
            .x = {evil, evil},
            .y = {evil, evil},
            .series = {{evil, {{1, 1}, {2, 2}}}, {evil}},
            .marks = {{1, evil}, {2, evil, true}}};
  EXPECT_THAT(plot_svg(plot), Not(HasSubstr("<img")));
  report::Run run = small_run();
  run.results[0].plots = {plot};
  run.results[0].recording.events.clear();  // a fence of the ladder's would show it as it is
  run.results.resize(1);
  EXPECT_THAT(unpacked(html(run)), Not(HasSubstr("<img")));
  EXPECT_THAT(markdown(run), Not(HasSubstr("<img")));
}

TEST(PlotSvg, OnePointIsADotWithoutALine) {
  std::string svg = plot_svg(one_series({{3, 7}}));
  EXPECT_THAT(svg, HasSubstr("<title>s: 3, 7</title>"));
  EXPECT_THAT(all(svg, "class=\"line\" d=\"(M96[^\"]*)\""), ElementsAre());
}

TEST(PlotSvg, WhatWasNotMeasuredIsSaid) {
  Plot plot = one_series({{1, 1}, {2, 2}});
  plot.series.push_back({"absent"});
  EXPECT_THAT(plot_svg(plot), HasSubstr(">absent: no points</text>"));
  EXPECT_THAT(plot_svg(one_series({})), HasSubstr(">nothing was measured</text>"));
  EXPECT_THAT(plot_svg(one_series({}, true)), HasSubstr(">nothing was measured</text>"));
  EXPECT_THAT(plot_svg({.title = "no series"}), HasSubstr(">nothing was measured</text>"));
}

TEST(PlotSvg, RefusesWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(plot_svg(one_series({{1, nan}})), std::invalid_argument);
  EXPECT_THROW(plot_svg(one_series({{-HUGE_VAL, 1}})), std::invalid_argument);
  EXPECT_THROW(plot_svg(one_series({{1, 0}}, true)), std::invalid_argument);
  Plot plot = one_series({{1, 1}});
  plot.marks = {{nan, "here", true}};
  EXPECT_THROW(plot_svg(plot), std::invalid_argument);
}

TEST(PlotTable, HasARowForEachX) {
  Plot plot = one_series({{2, 20}, {1, 10}, {2, 21}});
  plot.y.unit = "ms";
  plot.series.push_back({"other", {{3, 30}}});
  PlotTable table = plot_table(plot);
  EXPECT_THAT(table.columns, ElementsAre("x", "s (ms)", "other (ms)"));
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1", "10", ""), ElementsAre("2", "20; 21", ""),
                                      ElementsAre("3", "", "30")));
}

TEST(PlotReports, HaveDrawingNoteAndNumbers) {
  report::Run run = small_run();
  EXPECT_THAT(unpacked(html(run)), Not(HasSubstr("<svg class=\"plot\"")));
  run.results[0].plots = {small_plot()};
  std::string page = unpacked(html(run));
  EXPECT_EQ(all(page, "(<svg class=\"plot\")").size(), 1u);
  EXPECT_THAT(page, HasSubstr("<figcaption>25 calls each</figcaption>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"number\">28,232</td><td class=\"number\">400.25</td>"));
  EXPECT_THAT(page, HasSubstr(std::string(plot_css())));
  EXPECT_THAT(markdown(run), HasSubstr("| 28,232 | 400.25 | 900 |\n"));
}

}  // namespace
}  // namespace twlab::report
