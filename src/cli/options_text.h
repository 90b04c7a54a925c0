// What CLI11 knows of the command line, as data.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/options.h"

namespace twlab::cli {

// `path`: the command's words before it, "" for the program. Hidden options are left out.
CommandText describe(CLI::App& app, const std::string& path);

}  // namespace twlab::cli
