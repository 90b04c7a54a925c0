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

void add_run(CLI::App& app, Options& options, std::string& family, std::string& format,
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
  run->add_option("--format", format, "on standard output: table, tap, junit or json")
      ->check(CLI::IsMember({"table", "tap", "junit", "json"}))
      ->capture_default_str();
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

CLI::App* add_diff(CLI::App& app, std::string& a, std::string& b, Options& options) {
  auto* diff = app.add_subcommand("diff", "Compare the verdicts of two runs");
  diff->add_option("A", a, "output folder of a run, or its results.json")->required();
  diff->add_option("B", b, "that of another")->required();
  diff->add_flag("--segments", options.segments,
                 "also where verdicts agree, the first segment that differs");
  diff->footer(
      "For each verdict that differs: the reasons, the first check and the first segment that\n"
      "differ, in relative numbers. Exit codes: 0 no verdict differs, 1 some do, 2 bad input.");
  return diff;
}

CLI::App* add_ladder(CLI::App& app, std::string& folder, std::string& lab, std::string& family,
                     Options& options) {
  auto* ladder = app.add_subcommand("ladder", "Draw what a lab of an earlier run recorded");
  ladder->add_option("DIR", folder, "output folder of the run")->required();
  ladder->add_option("LAB", lab, "one of its labs")->required();
  ladder->add_option("--family", family, "inet or inet6 (default: the first that ran)")
      ->check(CLI::IsMember({"inet", "inet6"}));
  ladder
      ->add_option("-o,--out", options.file, "file ending in .svg or .txt (default: as text here)")
      ->type_name("FILE");
  return ladder;
}

CLI::App* add_serve(CLI::App& app, Options& options) {
  auto* serve = app.add_subcommand("serve", "Be the sample server of timewait-2015");
  serve->add_option("--address", options.address, "to listen on (default: all of IPv4)");
  serve->add_option("--port", options.port, "to listen on")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  serve->add_flag("--reuse-address", options.reuse_address,
                  "sets SO_REUSEADDR, which the sample server does not");
  serve->footer(
      "Tells every client the time in 26 bytes, waits 10 us and closes, so that it is the server\n"
      "that keeps the connection in TIME_WAIT. Ctrl-C ends it.");
  return serve;
}

}  // namespace

Parsed parse(int argc, const char* const* argv) {
  Options options;
  options.as_typed = joined(argc, argv);
  std::string family = "both", format = "table";
  std::vector<std::string> settings;

  CLI::App app("Checks what is written about TCP's TIME_WAIT against the kernel.", "twlab");
  app.footer(exit_codes);
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  auto* list = app.add_subcommand("list", "List the labs or the claims");
  list->add_option("WHAT", options.names, "labs or claims (default: both)")
      ->check(CLI::IsMember({"labs", "claims"}))
      ->expected(0, 1);
  std::string list_format = "table";
  list->add_option("--format", list_format, "table, or markdown for the whole catalogue of claims")
      ->check(CLI::IsMember({"table", "markdown"}))
      ->capture_default_str();
  auto* show = app.add_subcommand("show", "Tell all about a claim or a lab");
  show->add_option("NAME", options.names, "of a claim or a lab")->required();
  add_run(app, options, family, format, settings);
  auto* report = app.add_subcommand("report", "Write the reports of an earlier run again");
  report->add_option("DIR", options.names, "its output folder")->required()->expected(1);
  std::string first, second, ladder_family;
  auto* diff = add_diff(app, first, second, options);
  auto* ladder = add_ladder(app, first, second, ladder_family, options);
  auto* serve = add_serve(app, options);
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

  if (*diff || *ladder) options.names = {first, second};
  if (*ladder && !ladder_family.empty()) family = ladder_family;
  if (family != "both") options.families = {family == "inet" ? Family::inet : Family::inet6};
  const std::map<std::string, Format> formats{{"table", Format::table},
                                              {"tap", Format::tap},
                                              {"junit", Format::junit},
                                              {"json", Format::json}};
  options.format = formats.at(format);
  for (const std::string& setting : settings) {
    size_t equals = setting.find('=');
    options.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  options.markdown = list_format == "markdown";
  if (*list) options.command = Command::list;
  if (*show) options.command = Command::show;
  if (*report) options.command = Command::report;
  if (*diff) options.command = Command::diff;
  if (*ladder) options.command = Command::ladder;
  if (*serve) options.command = Command::serve;
  if (*doctor) options.command = Command::doctor;
  return {std::move(options), success};
}

}  // namespace twlab::cli
