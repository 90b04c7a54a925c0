// A run as files below an output folder:
//
//   results.json  report.html  report.md
//   <lab>/<family>.pcapng (or .pcap)    the capture
//   <lab>/<family>.json                 the recording
//
// Several runs, each in a folder of its own, have above them a results.json, report.html and
// report.md that set them side by side.
//
// Every file appears whole or not at all: it is written under a temporary name and then renamed.
// What cannot be written (disk full, no permission) throws std::system_error with the path.
#pragma once

#include <filesystem>

#include "report/matrix.h"
#include "report/run.h"

namespace twlab::report {

// The capture of a result as a file's bytes.
std::string capture(const LabResult& result, bool classic_pcap);

// Creates the folder, and fails at once where nothing can be written later: a run of minutes must
// not end in that.
void prepare_folder(const std::filesystem::path& out);

// The evidence of one result, for when it is finished. `repetition` counts from 1 for each lab and
// family, in the order in which the results are to stand in Run::results.
void write_result(const LabResult& result, int repetition, const std::filesystem::path& out,
                  bool classic_pcap);

// report.html and report.md.
void write_reports(const Run& run, const std::filesystem::path& out);

// The reports and results.json, which links to the evidence.
void write_summary(const Run& run, const std::filesystem::path& out);

// What stands above the folders of the columns.
void write_summary(const Matrix& matrix, const std::filesystem::path& out);

// All of it.
void write_all(const Run& run, const std::filesystem::path& out);

}  // namespace twlab::report
