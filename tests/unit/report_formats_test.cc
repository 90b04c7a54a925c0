#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <system_error>

#include "os/file.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/ktap.h"
#include "report/markdown.h"
#include "report/read.h"
#include "report/text.h"
#include "report/write.h"
#include "report_fixture.h"
#include "unpacked.h"

namespace twlab::report {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/twlab-test-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  size_t files() const {
    size_t n = 0;
    for (const auto& entry : fs::recursive_directory_iterator(path)) n += entry.is_regular_file();
    return n;
  }
  fs::path path;
};

// Every tag of the text is closed in the right order; for what we write, not for all XML.
bool well_formed(const std::string& xml) {
  static const std::regex tag(R"(<(/?)([A-Za-z][\w-]*)[^<>]*?(/?)>)");
  std::vector<std::string> open;
  for (std::sregex_iterator it(xml.begin(), xml.end(), tag), end; it != end; ++it) {
    if ((*it)[3].length()) continue;
    if (!(*it)[1].length()) {
      open.push_back((*it)[2]);
    } else {
      if (open.empty() || open.back() != (*it)[2]) return false;
      open.pop_back();
    }
  }
  return open.empty();
}

TEST(Text, MakesAnythingPrintable) {
  const struct {
    std::string in, out;
  } table[] = {
      {"plain \t\n", "plain \t\n"},
      {"né “✔”", "né “✔”"},
      {std::string("a\0b", 3), "a\uFFFDb"},
      {"\x7f\x1b[31m", "\uFFFD\uFFFD[31m"},
      {"\xc2\x85", "\uFFFD"},                  // a C1 control
      {"\xc0\xaf", "\uFFFD\uFFFD"},            // overlong
      {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},  // a surrogate
      {"\xef\xbf\xbf", "\uFFFD\uFFFD\uFFFD"},  // U+FFFF
      {"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"end \xe2\x9c", "end \uFFFD\uFFFD"},  // cut short
  };
  for (const auto& [in, out] : table) EXPECT_EQ(printable(in), out);
}

TEST(Text, ShortensAndWrapsByCodePoints) {
  EXPECT_EQ(shorten("ääää", 4), "ääää");
  EXPECT_EQ(shorten("äääää", 4), "äää…");
  EXPECT_EQ(wrap("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrap("", 7), "");
}

TEST(Ktap, OneLineForEachClaimAndFamily) {
  auto text = lines(ktap(small_run()));
  EXPECT_EQ(text[0], "KTAP version 1");
  EXPECT_EQ(text[1], "1..4");
  std::vector<std::string> results;
  for (const auto& line : text)
    if (line.starts_with("ok") || line.starts_with("not ok")) results.push_back(line);
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[0], "ok 1 close.one.inet");
  EXPECT_EQ(results[2], "ok 3 close.two.inet");  // refuted
  EXPECT_EQ(results[3], "ok 4 close.two.inet6 # SKIP inconclusive: because \\# of it");
}

TEST(Ktap, ErrorsAndUnexpectedVerdictsAreNotOk) {
  report::Run expected = small_run(), run = small_run();
  run.results[0].verdicts[0].verdict = Verdict::error;
  run.results[0].verdicts[0].reason = "the relay\nfell over";
  run.results[1].verdicts[0].verdict = Verdict::inconclusive;
  EXPECT_TRUE(contains(ktap(run), "\nnot ok 1 close.one.inet\n"));
  EXPECT_TRUE(contains(ktap(run), "\nok 2 close.one.inet6 # SKIP"));
  std::string text = ktap(run, &expected);
  EXPECT_TRUE(contains(text, "\nnot ok 2 close.one.inet6\n"));
  EXPECT_TRUE(contains(text, "# expected confirmed, got inconclusive"));
  EXPECT_TRUE(contains(text, "\nok 3 "));
  for (const auto& line : lines(text))
    EXPECT_TRUE(std::regex_match(line, std::regex("KTAP version 1|1\\.\\.4|#.*|(not )?ok \\d .*")))
        << line;
}

TEST(Ktap, NothingRunIsASkippedPlan) {
  EXPECT_TRUE(contains(ktap(report::Run()), "1..0 # SKIP"));
}

TEST(Junit, CountsAndEscapes) {
  report::Run expected = small_run(), run = small_run();
  run.results[0].verdicts[0].verdict = Verdict::refuted;
  run.results[0].verdicts[0].reason = "<got> \"3\" & \x02";
  run.results[1].verdicts[0].verdict = Verdict::error;
  std::string xml = junit(run, &expected);
  EXPECT_TRUE(contains(xml, "tests=\"4\" failures=\"1\" errors=\"1\" time="));
  EXPECT_TRUE(contains(xml, "skipped=\"1\""));
  EXPECT_TRUE(contains(xml, "got refuted: &lt;got&gt; &quot;3&quot; &amp; \uFFFD"));
  EXPECT_TRUE(contains(xml, "timestamp=\"2023-11-14T22:13:20\""));
  EXPECT_TRUE(well_formed(xml.substr(xml.find("?>") + 2)));
}

TEST(Html, IsOneFileThatSaysItAll) {
  std::string page = unpacked(html(small_run()));
  EXPECT_TRUE(contains(page, "data-claim=\"close.one\""));
  EXPECT_TRUE(contains(page, "href=\"close.lab/inet.pcapng\""));
  EXPECT_TRUE(contains(page, "twlab run close.lab --family inet6"));
  EXPECT_TRUE(contains(page, "Closing takes &lt;four&gt; segments"));
  EXPECT_TRUE(contains(page, "net.ipv4.tcp_tw_reuse"));
  EXPECT_TRUE(contains(page, "<g class=\"segment decisive\">"));
}

TEST(Html, EscapesEverythingThatALabSays) {
  const std::string evil = "<img src=x onerror=alert(1)>'\"";
  report::Run run = small_run();
  run.kernel = run.command = run.claims[0].statement = run.labs[0].story = run.labs[0].control =
      evil;
  run.claims[0].sources[0] = {evil, evil, evil};
  auto& r = run.results[0];
  r.error = r.verdicts[0].reason = r.sections[0].title = evil;
  r.sections[0].checks[0] = {evil, evil, evil, evil, evil, Outcome::fails, {}};
  r.recording.settings[evil] = evil;
  r.recording.counters[evil][evil] = 1;
  r.recording.interfaces[0].host = evil;
  EXPECT_FALSE(contains(unpacked(html(run)), "<img"));
  EXPECT_FALSE(contains(markdown(run).substr(0, markdown(run).find("```")), "<img"));
}

TEST(Markdown, TableAndFencedLadder) {
  std::string text = markdown(small_run());
  EXPECT_TRUE(contains(text, "| claim | IPv4 | IPv6 |\n| --- | --- | --- |\n"));
  EXPECT_TRUE(contains(text, "| close.one | ✔ confirmed | ✔ confirmed |\n"));
  EXPECT_TRUE(contains(text, "```text\n"));
  EXPECT_TRUE(contains(text, "\\| or more."));
  EXPECT_FALSE(contains(text, "{{"));
}

TEST(Write, FilesAreReadBack) {
  Folder folder;
  report::Run run = small_run();
  run.results.push_back(run.results[0]);
  write_all(run, folder.path / "new" / "folder");
  report::Run again = read_run(folder.path / "new" / "folder");
  EXPECT_EQ(html(again), html(run));
  EXPECT_EQ(markdown(again), markdown(run));
  EXPECT_TRUE(fs::exists(folder.path / "new/folder/close.lab/inet-2.pcapng"));
  EXPECT_EQ(folder.files(), 3 + 3 * 2u);
}

TEST(Write, ClassicPcapWhereAskedFor) {
  Folder folder;
  report::Run run = small_run();
  run.classic_pcap = true;
  write_all(run, folder.path);
  EXPECT_TRUE(fs::exists(folder.path / "close.lab/inet.pcap"));
  EXPECT_FALSE(fs::exists(folder.path / "close.lab/inet.pcapng"));
  EXPECT_TRUE(contains(unpacked(html(read_run(folder.path))), "close.lab/inet.pcap\""));
}

TEST(Write, AFailureNamesThePathAndLeavesNothing) {
  Folder folder;
  // In the way of the report stands a folder of its name, of the lab's folder a file.
  fs::create_directories(folder.path / "report.html" / "x");
  os::write_file_atomically(folder.path / "close.lab", "");
  for (bool summary : {false, true}) {
    try {
      if (summary)
        write_summary(small_run(), folder.path);
      else
        write_result(small_run().results[0], 1, folder.path, false);
      ADD_FAILURE() << "written";
    } catch (const std::system_error& error) {
      EXPECT_TRUE(contains(error.what(), folder.path.string())) << error.what();
    }
  }
  EXPECT_EQ(folder.files(), 1u);
}

TEST(Write, AFullDiskIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP();
  EXPECT_THROW(prepare_folder("/dev/full/out"), std::system_error);
  EXPECT_THROW(prepare_folder("/proc/twlab"), std::system_error);
}

TEST(Read, AMissingOrForeignFileIsOneClearLine) {
  Folder folder;
  write_all(small_run(), folder.path);
  fs::remove(folder.path / "close.lab/inet6.json");
  EXPECT_THROW(read_run(folder.path), std::system_error);
  EXPECT_NO_THROW(read_results(folder.path / "results.json"));
  fs::copy_file(folder.path / "close.lab/inet.json", folder.path / "close.lab/inet6.json");
  EXPECT_THROW(read_run(folder.path), std::runtime_error);
  EXPECT_THROW(read_run(folder.path / "nowhere"), std::system_error);
}

}  // namespace
}  // namespace twlab::report
