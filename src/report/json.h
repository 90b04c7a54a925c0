// Results and recordings as bytes: CBOR between processes, JSON in files. schema.md describes the
// files. Every reader checks whatever it reads and throws std::runtime_error, one line that names
// the file and the place in it, when it is anything else than what the writer writes.
#pragma once

#include <string>
#include <string_view>

#include "lab/result.h"
#include "report/run.h"

namespace twlab::report {

// Lossless, frames' bytes and event ids included; for the way from a lab's process to the runner.
// A recording that was decoded must not be added to: it no longer knows its last event id.
std::string encode(const LabResult& result);
LabResult decode(std::string_view cbor);

// The summary of a run: everything but the events of the recordings.
std::string results_json(const Run& run);
Run parse_results(std::string_view json, const std::string& file);

// The recording of one result, lossless. Bytes that are no text are written as hexadecimal digits.
std::string recording_json(const LabResult& result);
// Throws also when it is the recording of another lab or family.
Recording parse_recording(std::string_view json, const std::string& file, const LabResult& owner);

}  // namespace twlab::report
