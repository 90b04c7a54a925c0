// The commands, and what they end with.
#pragma once

#include <stdexcept>
#include <string>

#include "cli/options.h"

namespace twlab::cli {

enum Exit : int {
  success = 0,        // every lab reached its verdict; a refuted document is a success of the lab
  differs = 1,        // a verdict is not the expected one, or not the same in every repetition
  bad_input = 2,      // on the command line, in a file, or a folder that cannot be written
  lab_error = 3,      // a lab ended in `error`
  unmeasurable = 4,   // nothing could be measured on this system
  interrupted = 130,  // by SIGINT or SIGTERM, as shells say it
};

// What is said in one line and ends the program with Exit::bad_input.
struct BadInput : std::runtime_error {
  using std::runtime_error::runtime_error;
};

int list(const Options& options);
int show(const Options& options);
int run(const Options& options);
int watch(const Options& options);
int shell(const Options& options);
int report(const Options& options);
int merge(const Options& options);
int diff(const Options& options);
int ladder(const Options& options);
int explain(const Options& options);
int serve(const Options& options);
int kernels(const Options& options);
int doctor(const Options& options);

// Parses the command line and runs the command. Never throws.
int main(int argc, char** argv);

}  // namespace twlab::cli
