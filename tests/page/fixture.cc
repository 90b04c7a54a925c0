// page_fixture FOLDER: reports for the browser tests, in FOLDER/single and FOLDER/matrix; what the
// labs say in FOLDER/hostile is meant to break out of the page.
#include <fmt/format.h>
#include <filesystem>

#include "../unit/report_fixture.h"
#include "report/write.h"

using namespace twlab;
using namespace twlab::report;

namespace {

Run run_on(const std::string& kernel, Verdict second) {
  Run run = small_run();
  run.kernel = kernel;
  run.guest = GuestText{"a package 1-1", "an emulator", 1, false};
  run.claims.push_back({"same.claim", "It is always so.", {{"other", "", "Another book"}}});
  run.results[0].verdicts[1].verdict = second;
  for (Family family : {Family::inet, Family::inet6})
    run.results.push_back(result("same.lab", family, "same.claim", Verdict::refuted, "it is not"));
  return run;
}

Run hostile() {
  const std::string evil =
      "</script><script>window.broken = 1</script><img src=x onerror=\"window.broken = 1\">'\"";
  Run run = small_run();
  run.kernel = run.command = run.claims[0].statement = run.labs[0].story = run.labs[0].control =
      evil;
  run.claims[0].sources[0] = {evil, evil, evil};
  run.topics = {
      {Topic::Kind::disagreement, evil, {{"close.one"}, {evil}}, {evil, evil, evil}, evil}};
  LabResult& r = run.results[0];
  r.error = r.verdicts[0].reason = r.sections[0].title = evil;
  r.sections[0].checks[0] = {evil, evil, evil, evil, evil, Outcome::fails, {}};
  r.recording.settings[evil] = evil;
  r.recording.counters[evil][evil] = 1;
  r.recording.interfaces[0].host = evil;
  return run;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: page_fixture FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  write_all(small_run(), folder / "single");
  write_reports(hostile(), folder / "hostile");
  std::vector<PlacedRun> runs;
  for (auto [kernel, verdict] :
       {std::pair{"5.1", Verdict::confirmed}, {"5.2", Verdict::refuted}, {"5.3", Verdict::refuted}})
    runs.push_back({run_on(kernel, verdict), kernel});
  for (const auto& placed : runs) write_all(placed.run, folder / "matrix" / placed.folder);
  write_summary(make_matrix(std::move(runs)), folder / "matrix");
}
