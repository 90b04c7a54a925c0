#include "report/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "os/file.h"
#include "report/json.h"
#include "report/matrix_json.h"

namespace twlab::report {
namespace {

constexpr const char* results_name = "results.json";

}  // namespace

Run read_results(const std::filesystem::path& results_json) {
  return parse_results(os::read_file(results_json), results_json.string());
}

Recording read_recording(const std::filesystem::path& out, const LabResult& result,
                         int repetition) {
  auto file = out / recording_file(result, repetition);
  return parse_recording(os::read_file(file), file.string(), result);
}

Run read_run(const std::filesystem::path& out) {
  Run run = read_results(results_file(out));
  auto nth = repetitions(run);
  for (size_t i = 0; i < run.results.size(); ++i)
    run.results[i].recording = read_recording(out, run.results[i], nth[i]);
  return run;
}

std::vector<std::filesystem::path> kernel_folders(const std::filesystem::path& out) {
  std::vector<std::filesystem::path> folders;
  if (!std::filesystem::is_directory(out)) return folders;
  std::error_code unreadable;  // then it is somebody else's
  for (const auto& entry : std::filesystem::directory_iterator(out))
    if (std::filesystem::exists(entry.path() / results_name, unreadable))
      folders.push_back(entry.path());
  std::ranges::sort(folders);
  auto own = out / results_name;
  if (!folders.empty() && std::filesystem::exists(own) && !is_matrix_json(os::read_file(own)))
    folders.clear();
  return folders;
}

std::filesystem::path results_file(const std::filesystem::path& path) {
  if (std::filesystem::is_regular_file(path)) return path;
  auto folders = kernel_folders(path);
  if (folders.empty()) return path / results_name;
  std::string names;
  for (const auto& folder : folders) names += (names.empty() ? "" : ", ") + folder.string();
  throw std::runtime_error(
      fmt::format("{} has results of several kernels: name one of {}", path.string(), names));
}

Matrix read_matrix(const std::filesystem::path& out) {
  std::vector<PlacedRun> runs;
  for (const auto& folder : kernel_folders(out))
    runs.push_back({read_run(folder), folder.filename().string()});
  return make_matrix(std::move(runs));
}

}  // namespace twlab::report
