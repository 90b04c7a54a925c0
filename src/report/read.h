// A run from the files that write.h describes.
//
// Whatever is missing, cut short or foreign throws: std::system_error for a file that cannot be
// read, std::runtime_error for its contents, each in one line that names the file.
#pragma once

#include <filesystem>

#include "report/run.h"

namespace twlab::report {

// The summary alone: recordings have no events. For --expect.
Run read_results(const std::filesystem::path& results_json);

// One recording, from the output folder. `repetition` is that of repetitions().
Recording read_recording(const std::filesystem::path& out, const LabResult& result, int repetition);

// With the recordings, from the output folder: all that the reports are made from.
Run read_run(const std::filesystem::path& out);

}  // namespace twlab::report
