#include "report/ladder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/terminal.h"
#include "os/file.h"
#include "report/read.h"

namespace twlab::cli {
namespace {

using twlab::report::Run;

std::string suggestion(const Run& run, std::string_view lab) {
  const LabResult* nearest = nullptr;
  for (const LabResult& result : run.results)
    if (!nearest || edit_distance(lab, result.lab) < edit_distance(lab, nearest->lab))
      nearest = &result;
  return nearest ? fmt::format("; did you mean '{}'?", nearest->lab) : "";
}

// The first repetition.
const LabResult& find(const Run& run, const std::string& folder, const std::string& lab,
                      const std::vector<Family>& families) {
  bool known = false;
  for (Family family : families)
    for (const LabResult& result : run.results) {
      if (result.lab != lab) continue;
      known = true;
      if (result.family == family) return result;
    }
  if (known)
    throw BadInput(fmt::format("{} did not run in {} with {}", lab, folder, name(families[0])));
  throw BadInput(fmt::format("{} has no lab '{}'{}", folder, lab, suggestion(run, lab)));
}

}  // namespace

int ladder(const Options& options) {
  const std::string &folder = options.names.at(0), &lab = options.names.at(1);
  bool svg = options.file.ends_with(".svg");
  if (!options.file.empty() && !svg && !options.file.ends_with(".txt"))
    throw BadInput(fmt::format("{}: a ladder is written to a file .svg or .txt", options.file));

  Run run = twlab::report::read_results(twlab::report::results_file(folder));
  LabResult result = find(run, folder, lab, options.families);
  result.recording = twlab::report::read_recording(folder, result, 1);
  auto how = twlab::report::ladder_options(result);
  how.standalone = true;
  if (options.file.empty()) Terminal::Screen::of(STDOUT_FILENO).apply(how);
  std::string drawing = svg ? twlab::report::ladder_svg(result.recording, how)
                            : twlab::report::ladder_text(result.recording, how);
  if (options.file.empty())
    fmt::print("{}", drawing);
  else
    os::write_file_atomically(options.file, drawing);
  return success;
}

}  // namespace twlab::cli
