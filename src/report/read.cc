#include "report/read.h"

#include "os/file.h"
#include "report/json.h"

namespace twlab::report {

Run read_results(const std::filesystem::path& results_json) {
  return parse_results(os::read_file(results_json), results_json.string());
}

Recording read_recording(const std::filesystem::path& out, const LabResult& result,
                         int repetition) {
  auto file = out / recording_file(result, repetition);
  return parse_recording(os::read_file(file), file.string(), result);
}

Run read_run(const std::filesystem::path& out) {
  Run run = read_results(out / "results.json");
  auto nth = repetitions(run);
  for (size_t i = 0; i < run.results.size(); ++i)
    run.results[i].recording = read_recording(out, run.results[i], nth[i]);
  return run;
}

}  // namespace twlab::report
