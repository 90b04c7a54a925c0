#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/result_text.h"
#include "cli/terminal.h"
#include "report/catalogue.h"
#include "report/ladder.h"
#include "report/read.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

void print_field(std::string_view name, std::string_view text) {
  fmt::print("  {:<9} {}\n", name, twlab::report::wrap(text, 80, "\n            "));
}

void show_claim(const Claim& claim) {
  fmt::print("claim {}\n", claim.id);
  print_field("statement", claim.statement);
  for (const Source& source : claim.sources) {
    auto document = std::find_if(documents().begin(), documents().end(),
                                 [&](auto& d) { return d.name == source.document; });
    std::string text(source.document);
    if (!source.section.empty()) text += fmt::format(", \"{}\"", source.section);
    if (document != documents().end()) text += fmt::format(" ({})", document->title);
    print_field("source", text);
  }
  if (!claim.why.empty()) print_field("why", claim.why);
  for (auto other : twlab::report::opponents(claim.id)) print_field("against", other);
  auto deciding = labs_deciding(claim.id);
  for (const LabInfo* lab : deciding) print_field("lab", lab->name);
  if (deciding.empty()) print_field("lab", "none yet");
}

using twlab::report::Run;

// The runs in the folder, one for each kernel; none where nothing was run into it.
struct Found {
  std::filesystem::path folder;
  Run run;
};

std::vector<Found> find_runs(const std::string& out) {
  namespace report = twlab::report;
  std::vector<Found> found;
  auto folders = report::kernel_folders(out);
  if (folders.empty() && std::filesystem::exists(report::results_file(out)))
    folders.push_back(std::filesystem::is_directory(out)
                          ? std::filesystem::path(out)
                          : std::filesystem::path(out).parent_path());
  for (const auto& folder : folders)
    found.push_back({folder, report::read_results(report::results_file(folder))});
  return found;
}

// What the last run of the claim came to: its verdict under each kernel, and of the first family
// under the last of them the checks and the ladder.
void show_last(std::string_view claim, const Options& options) {
  const Found* last = nullptr;
  const LabResult* result = nullptr;
  auto runs = find_runs(options.out);
  for (const Found& found : runs) {
    auto rows = twlab::report::claim_rows(found.run);
    auto row = std::ranges::find(rows, claim, &twlab::report::ClaimRow::claim);
    if (row == rows.end()) continue;
    for (Family family : options.families)
      if (auto* verdict = row->find(family)) {
        print_field("verdict", fmt::format("{} on Linux {}, {} ({})", name(verdict->verdict),
                                           found.run.kernel, twlab::report::label(family),
                                           twlab::report::show_utc(found.run.begin)));
        if (last == &found && result) continue;
        last = &found;
        result = &found.run.results[verdict->results.front()];
      }
  }
  if (!result) {
    print_field("verdict", fmt::format("none in {}: run 'twlab run {}', or name another folder "
                                       "with -o",
                                       options.out, claim));
    return;
  }
  LabResult whole = *result;
  auto nth = twlab::report::repetitions(last->run);
  auto index = static_cast<size_t>(result - last->run.results.data());
  whole.recording = twlab::report::read_recording(last->folder, whole, nth[index]);
  bool colour = Terminal::Screen::of(STDOUT_FILENO).colour;
  auto how = twlab::report::ladder_options(whole);
  Terminal::Screen::of(STDOUT_FILENO).apply(how);
  fmt::print("\n{}\n{}", show_verdict(whole, claim, colour),
             twlab::report::ladder_text(whole.recording, how));
  fmt::print("\n  again:   {}\n  capture: {}\n", twlab::report::command_for(whole),
             (last->folder / twlab::report::capture_file(whole, nth[index], last->run.classic_pcap))
                 .string());
}

void show_lab(const LabInfo& lab) {
  fmt::print("lab {}\n", lab.name);
  print_field("story", lab.story);
  for (std::string_view claim : lab.claims) print_field("decides", claim);
  print_field("control", lab.control);
  print_field("needs", fmt::format("{:g} s{}", os::seconds(lab.needs),
                                   lab.heavy ? ", and the machine for itself" : ""));
  print_field("file", lab.file);
}

}  // namespace

// A claim and the lab that decides it often share a name: then both are shown.
int show(const Options& options) {
  for (const std::string& name : options.names)
    if (!find_claim(name) && !find_lab(name)) throw BadInput(unknown(name));
  for (const std::string& name : options.names) {
    if (const LabInfo* lab = find_lab(name)) show_lab(*lab);
    if (const Claim* claim = find_claim(name)) {
      show_claim(*claim);
      show_last(claim->id, options);
    }
  }
  return success;
}

}  // namespace twlab::cli
