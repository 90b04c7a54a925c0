#include "report/write.h"

#include <fmt/format.h>

#include "os/file.h"
#include "report/html.h"
#include "report/json.h"
#include "report/markdown.h"
#include "report/matrix_json.h"
#include "wire/pcapng.h"

namespace twlab::report {
namespace {

void make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw std::system_error(error, "creating " + folder.string());
}

}  // namespace

// In the order of the recording, from which the recording's JSON and the ladder count the frames.
std::string capture(const LabResult& result, bool classic_pcap) {
  std::vector<const wire::Frame*> frames;
  for (const auto& event : result.recording.events)
    if (auto* frame = std::get_if<wire::Frame>(&event.what)) frames.push_back(frame);
  if (classic_pcap) return wire::classic_pcap(frames);

  std::vector<wire::CaptureInterface> interfaces;
  for (const auto& interface : result.recording.interfaces) {
    std::string addresses;
    for (const auto& address : interface.addresses)
      addresses += (addresses.empty() ? "" : ", ") + show(address);
    interfaces.push_back({interface.host, addresses});
  }
  return wire::pcapng(interfaces, frames,
                      fmt::format("twlab: {} ({})", result.lab, twlab::name(result.family)));
}

void prepare_folder(const std::filesystem::path& out) {
  make_folders(out);
  auto probe = out / ".twlab-probe";
  os::write_file_atomically(probe, "");
  std::error_code ignored;
  std::filesystem::remove(probe, ignored);
}

void write_result(const LabResult& result, int repetition, const std::filesystem::path& out,
                  bool classic_pcap) {
  make_folders((out / evidence_stem(result, repetition)).parent_path());
  os::write_file_atomically(out / capture_file(result, repetition, classic_pcap),
                            capture(result, classic_pcap));
  os::write_file_atomically(out / recording_file(result, repetition), recording_json(result));
}

void write_reports(const Run& run, const std::filesystem::path& out) {
  make_folders(out);
  os::write_file_atomically(out / "report.html", html(run));
  os::write_file_atomically(out / "report.md", markdown(run));
}

void write_summary(const Run& run, const std::filesystem::path& out) {
  write_reports(run, out);
  os::write_file_atomically(out / "results.json", results_json(run));
}

void write_summary(const Matrix& matrix, const std::filesystem::path& out) {
  os::write_file_atomically(out / "report.html", html(matrix));
  os::write_file_atomically(out / "report.md", markdown(matrix));
  os::write_file_atomically(out / "results.json", results_json(matrix));
}

void write_all(const Run& run, const std::filesystem::path& out) {
  auto nth = repetitions(run);
  for (size_t i = 0; i < run.results.size(); ++i)
    write_result(run.results[i], nth[i], out, run.classic_pcap);
  write_summary(run, out);
}

}  // namespace twlab::report
