// What `twlab explain` found, in the forms in which it is shown.
#pragma once

#include <string>

#include "cli/options.h"
#include "explain/analysis.h"
#include "lab/recording.h"

namespace twlab::cli {

// A capture and everything that was found in it.
struct Explained {
  std::string name, link;  // of the file; "EN10MB (Ethernet)"
  uint64_t frames = 0;
  std::string broken;  // why the file could not be read to its end; empty when it was
  explain::Result result;
};

// The findings that `options` asks for, of those connections that it asks for; in 80 columns.
std::string explained_text(const Explained& explained, const Options& options);
// Of the same connections, those without such findings included unless they are not wanted.
std::string explained_json(const Explained& explained, const Options& options);

// As if a lab had recorded the connection, for LadderOptions::one_place. The frames that findings
// rest on are decisive.
Recording recording_of(const explain::Connection& connection, const explain::Drawn& drawn);

// Whether the options want this finding, or this connection.
bool wanted(const explain::Finding& finding, const Options& options);
bool wanted(const explain::Connection& connection, const Options& options);

}  // namespace twlab::cli
