// Captures read back, for where recordings are not at hand.
#pragma once

#include <string>
#include <string_view>

#include "lab/result.h"

namespace twlab::report {

// The frames of a pcapng file that twlab wrote, as the events of a recording whose interfaces are
// the result's. `file` is for messages. Throws std::runtime_error, one line that names it, when it
// is anything else, or when frames have been cut out of it (scripts/captures).
Recording read_capture(std::string_view pcapng, const std::string& file, const LabResult& owner);

}  // namespace twlab::report
