#include "report/read.h"

#include "os/file.h"
#include "report/json.h"

namespace twlab::report {

Run read_results(const std::filesystem::path& results_json) {
  return parse_results(os::read_file(results_json), results_json.string());
}

Run read_run(const std::filesystem::path& out) {
  Run run = read_results(out / "results.json");
  auto nth = repetitions(run);
  for (size_t i = 0; i < run.results.size(); ++i) {
    auto file = out / recording_file(run.results[i], nth[i]);
    run.results[i].recording = parse_recording(os::read_file(file), file.string(), run.results[i]);
  }
  return run;
}

}  // namespace twlab::report
