#include "cli/options.h"

#include <fmt/format.h>
#include <sys/utsname.h>

// Costs seconds to compile: nothing else may include it.
#include <CLI/CLI.hpp>

#include "cli/cli.h"

namespace twlab::cli {
namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 every lab reached its verdict (a refuted claim is a verdict), 1 a verdict is "
    "not "
    "the\nexpected one or changed between repetitions, 2 bad input, 3 a lab ended in an error, 4 "
    "nothing could be\nmeasured on this system, 130 interrupted.";

std::string version() {
  utsname system{};
  uname(&system);
  return fmt::format("twlab " TWLAB_VERSION ", {} {}", system.sysname, system.release);
}

std::string joined(int argc, const char* const* argv) {
  std::string line = "twlab";
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    bool plain = !word.empty() && word.find_first_of(" \t\n*?[]'\"$\\;&|<>()") == word.npos;
    line += plain ? " " + word : " '" + word + "'";
  }
  return line;
}

// "net.ipv4.tcp_fin_timeout=5"; CLI11 takes the returned text for an error.
std::string not_a_setting(const std::string& text) {
  size_t equals = text.find('=');
  bool good = equals != text.npos && equals > 0 && equals + 1 < text.size();
  return good ? "" : "'" + text + "' is not NAME=VALUE";
}

void add_run(CLI::App& app, Options& options, std::string& family,
             std::vector<std::string>& settings) {
  auto* run = app.add_subcommand("run", "Run labs and judge the claims they decide");
  run->add_option("NAME", options.names, "labs, claims, or globs over both (default: all)");
  run->add_option("--family", family, "inet, inet6 or both")
      ->check(CLI::IsMember({"inet", "inet6", "both"}))
      ->capture_default_str();
  run->add_option("-j,--jobs", options.jobs, "how many labs at a time at most")
      ->check(CLI::Range(1, 10000));
  run->add_option("-o,--out", options.out, "folder for evidence and reports")
      ->capture_default_str();
  std::map<std::string, Format> formats{{"table", Format::table},
                                        {"tap", Format::tap},
                                        {"junit", Format::junit},
                                        {"json", Format::json}};
  run->add_option("--format", options.format, "on standard output: table, tap, junit or json")
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("TEXT [table]");
  run->add_flag("--pcap", options.classic_pcap, "captures as classic pcap instead of pcapng");
  run->add_option("--expect", options.expect,
                  "results.json of a run whose verdicts to compare with")
      ->type_name("FILE");
  run->add_option("--repeat", options.repeat, "how often; a verdict that changes is an error")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  run->add_option("--set", settings, "a sysctl for every host of every lab, may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->check(not_a_setting);
}

}  // namespace

Parsed parse(int argc, const char* const* argv) {
  Options options;
  options.as_typed = joined(argc, argv);
  std::string family = "both";
  std::vector<std::string> settings;

  CLI::App app("Checks what is written about TCP's TIME_WAIT against the kernel.", "twlab");
  app.footer(exit_codes);
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  auto* list = app.add_subcommand("list", "List the labs or the claims");
  list->add_option("WHAT", options.names, "labs or claims (default: both)")
      ->check(CLI::IsMember({"labs", "claims"}))
      ->expected(0, 1);
  auto* show = app.add_subcommand("show", "Tell all about a claim or a lab");
  show->add_option("NAME", options.names, "of a claim or a lab")->required();
  add_run(app, options, family, settings);
  auto* report = app.add_subcommand("report", "Write the reports of an earlier run again");
  report->add_option("DIR", options.names, "its output folder")->required()->expected(1);
  auto* doctor = app.add_subcommand("doctor", "Tell what this system can and cannot do");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return {{}, app.exit(error)};
    // Without any argument the help says more than "A subcommand is required".
    if (argc < 2) {
      fmt::print(stderr, "{}", app.help());
    } else {
      fmt::print(stderr, "twlab: {} (see twlab --help)\n", error.what());
    }
    return {{}, bad_input};
  }

  if (family != "both") options.families = {family == "inet" ? Family::inet : Family::inet6};
  for (const std::string& setting : settings) {
    size_t equals = setting.find('=');
    options.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  if (*list) options.command = Command::list;
  if (*show) options.command = Command::show;
  if (*report) options.command = Command::report;
  if (*doctor) options.command = Command::doctor;
  return {std::move(options), success};
}

}  // namespace twlab::cli
