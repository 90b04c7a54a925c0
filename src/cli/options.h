// The command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/shard.h"
#include "lab/registry.h"
#include "os/address.h"

namespace twlab::cli {

enum class Command {
  list,
  show,
  run,
  watch,
  shell,
  report,
  merge,
  diff,
  ladder,
  explain,
  serve,
  kernels,
  doctor
};
enum class KernelsAction { list, add, remove };
enum class Format { table, tap, junit, json, markdown, names };

struct Options {
  Command command = Command::run;
  std::string as_typed;  // the whole command line
  // Labs, claims or globs; `list`: what to list; `report`: a folder; `merge`: some; `diff`: two;
  // `ladder`: a folder and a lab; `explain`: a capture; `kernels`: paths or a release; `shell`: a
  // script and its arguments.
  std::vector<std::string> names;
  std::vector<Family> families{Family::inet, Family::inet6};
  Shard shard;      // of the runs of labs, those that this machine makes
  size_t jobs = 0;  // 0: as many as the runner thinks good
  size_t repeat = 1;
  std::string out = "out";
  Format format = Format::table;
  bool classic_pcap = false;
  std::string expect;                // results.json of an earlier run, its folder, or empty
  std::vector<std::string> kernels;  // to run under, as they were named; none: the running one
  uint64_t seed = 1;                 // of guests
  bool real_time = false;            // of guests
  bool partial = false;              // `merge`: without some of the shards
  bool segments = false;             // `diff`: of labs whose verdicts agree, too
  // `ladder`, `explain --ladder`: to be written, empty: standard output; `shell`: the folder for
  // what was recorded, empty: none.
  std::string file;
  uint64_t connection = 0;  // `explain`: only this one; 0: all
  bool draw = false;        // `explain`: draw it
  bool findings_only = false;
  std::string kind;     // `explain`: only findings of this kind; empty: all
  size_t limit = 50;    // `explain`: of connections in the text; 0: none
  std::string address;  // `serve`: to listen on
  uint16_t port = 5000;
  bool reuse_address = false;
  KernelsAction kernels_action = KernelsAction::list;
  std::string modules;                  // `kernels add`: the folder of an image's modules, or empty
  bool replace = false;                 // `kernels add`: what is already there
  bool quiet = false;                   // `shell`: no ladder at the end
  std::string topology = "pair";        // of the shell
  std::string host;                     // where the shell is; empty: the first
  std::optional<std::string> commands;  // for the shell, instead of a script or a person
  Settings settings;                    // sysctls for every host, besides the pinned ones
};

struct Parsed {
  std::optional<Options> options;  // none: help or an error was printed, and `exit` is what is left
  int exit = 0;
};

Parsed parse(int argc, const char* const* argv);

// The command line as data, for the manual page and the completions of shells.
struct OptionText {
  std::vector<std::string> names;    // "-o" and "--out"; of an argument its one name: "DIR"
  std::string value;                 // the word for its value; empty for a flag
  std::string text;                  // one line
  std::vector<std::string> choices;  // the only values that it takes; empty: not from a list
  bool required = false;
  bool repeats = false;  // may be given several times
};
struct CommandText {
  std::string path;  // "kernels add"; of the program itself ""
  std::string text;
  std::string footer;  // as the help prints it
  std::vector<OptionText> options, arguments;
  std::vector<CommandText> commands;
};
CommandText describe_commands();

}  // namespace twlab::cli
