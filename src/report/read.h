// A run from the files that write.h describes.
//
// Whatever is missing, cut short or foreign throws: std::system_error for a file that cannot be
// read, std::runtime_error for its contents, each in one line that names the file.
#pragma once

#include <filesystem>
#include <vector>

#include "report/matrix.h"
#include "report/run.h"

namespace twlab::report {

// The summary alone: recordings have no events. For --expect.
Run read_results(const std::filesystem::path& results_json);

// One recording, from the output folder. `repetition` is that of repetitions().
Recording read_recording(const std::filesystem::path& out, const LabResult& result, int repetition);

// With the recordings, from the output folder: all that the reports are made from.
Run read_run(const std::filesystem::path& out);

// Those folders in an output folder that have results of one kernel each; none when it has results
// of its own, or none at all.
std::vector<std::filesystem::path> kernel_folders(const std::filesystem::path& out);

// The results.json of one run: of its folder, or the file itself. Throws std::runtime_error that
// names the folders when there is one for each of several kernels.
std::filesystem::path results_file(const std::filesystem::path& path);

// All kernels of an output folder that kernel_folders() says to be one, with the recordings.
Matrix read_matrix(const std::filesystem::path& out);

}  // namespace twlab::report
