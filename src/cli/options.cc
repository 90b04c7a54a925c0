#include "cli/options.h"

#include <fmt/format.h>
#include <sys/utsname.h>

// Costs seconds to compile: only this and its description may include it.
#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "cli/options_text.h"
#include "cli/shell.h"

namespace twlab::cli {
namespace {

constexpr const char* usage_footer =
    "Every command has --help. Begin with 'twlab doctor', then 'twlab run'.\n"
    "Exit codes: 0 success, 1 verdicts differ, 2 bad input; see 'twlab run --help'.";

constexpr const char* run_footer =
    "Exit codes: 0 every lab reached its verdict (a refuted claim is a verdict),\n"
    "1 a verdict is not the expected one or changed between repetitions, 2 bad input,\n"
    "3 a lab ended in an error, 4 nothing could be measured on this system,\n"
    "130 interrupted.";

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

std::string not_a_shard(const std::string& text) {
  return parse_shard(text) ? "" : "'" + text + "' is not I/N with I from 1 to N, such as 2/3";
}

void add_family(CLI::App& command, std::string& family) {
  command.add_option("--family", family, "inet, inet6 or both (the default)")
      ->check(CLI::IsMember({"inet", "inet6", "both"}))
      ->option_text("FAMILY");
}

// Of one family.
void add_one_family(CLI::App& command, std::string& family) {
  command.add_option("--family", family, "inet (the default) or inet6")
      ->check(CLI::IsMember({"inet", "inet6"}))
      ->option_text("FAMILY");
}

void add_settings(CLI::App& command, std::vector<std::string>& settings) {
  command.add_option("--set", settings, "a sysctl for every host; may be repeated")
      ->option_text("NAME=VALUE")
      ->allow_extra_args(false)
      ->check(not_a_setting);
}

CLI::App* add_watch(CLI::App& app, Options& options, std::string& family,
                    std::vector<std::string>& settings) {
  auto* watch = app.add_subcommand("watch", "Run a lab and show what happens as it does");
  watch->add_option("NAME", options.names, "of a lab, or of a claim that it decides")
      ->required()
      ->option_text(" ");
  add_one_family(*watch, family);
  add_settings(*watch, settings);
  watch->footer(
      "Segments, system calls (where they return) and states of both hosts, and what\n"
      "the lab waits for; at the end the verdict and its checks. Nothing is written.\n"
      "Exit codes: 0 it reached its verdict, 2 bad input, 3 it ended in an error,\n"
      "4 nothing can be measured on this system, 130 interrupted.");
  return watch;
}

CLI::App* add_shell(CLI::App& app, Options& options, std::string& family,
                    std::vector<std::string>& settings) {
  auto* shell =
      app.add_subcommand("shell", "Open a shell, or run a script, on a host of a testbed");
  shell
      ->add_option("TOPOLOGY", options.topology,
                   "pair (the default): client and server on one link;\n"
                   "relay: the same with a relay between them;\n"
                   "nat: clients first and second behind a router, and\na server")
      ->check(CLI::IsMember({"pair", "relay", "nat"}))
      ->option_text(" ");
  shell->add_option("-c", options.commands, "run these commands and end")->option_text("COMMANDS");
  shell->add_option("--host", options.host, "where the shell is (default: client, or first)")
      ->option_text("NAME");
  shell->add_option("-o,--out", options.file, "folder for shell.pcapng, ladder.svg and ladder.txt")
      ->option_text("DIR");
  shell->add_flag("-q,--quiet", options.quiet, "no ladder at the end");
  add_one_family(*shell, family);
  add_settings(*shell, settings);
  shell->prefix_command();
  shell->footer(
      "twlab shell [OPTIONS] TOPOLOGY SCRIPT [ARGUMENT...] runs a script.\n"
      "A person gets $SHELL; -c and a SCRIPT that is not executable go to bash, or to sh\n"
      "where there is none. All links are captured. What still runs in the background\n"
      "when the shell ends is ended with it; then the ladder is printed on standard\n"
      "error. Nothing is left: no process, namespace or file but those of -o. Hosts know\n"
      "one another by name. The exit code is that of the shell; 2 bad input, 3 the testbed\n"
      "broke, 4 nothing can be measured on this system.\n"
      "\nInside, besides what the machine has (ss, tcpdump, nc, ...):\n" +
      shell_manual());
  return shell;
}

void add_run(CLI::App& app, Options& options, std::string& family, std::string& format,
             std::string& shard, std::vector<std::string>& settings) {
  auto* run = app.add_subcommand("run", "Run labs and judge the claims they decide");
  run->add_option("NAME", options.names, "labs, claims, or globs over both (default: all)")
      ->option_text(" ");
  add_family(*run, family);
  run->add_option("-j,--jobs", options.jobs, "how many labs at a time at most")
      ->check(CLI::Range(1, 10000))
      ->option_text("N");
  run->add_option("-o,--out", options.out, "folder for evidence and reports (default: out)")
      ->option_text("DIR");
  run->add_option("--format", format, "what to print: table (the default), tap, junit or\njson")
      ->check(CLI::IsMember({"table", "tap", "junit", "json"}))
      ->option_text("FORMAT");
  run->add_flag("--pcap", options.classic_pcap, "captures as classic pcap instead of pcapng");
  run->add_option("--expect", options.expect,
                  "results.json of a run that must have the same\nverdicts")
      ->option_text("FILE");
  run->add_option("--repeat", options.repeat, "how often; no verdict may change (default: 1)")
      ->check(CLI::Range(1, 100000))
      ->option_text("N");
  run->add_option("--kernel", options.kernels,
                  "run under this kernel in QEMU ('twlab kernels' lists\nthem), 'all' of them, or "
                  "'this' one; may be repeated")
      ->option_text("KERNEL")
      ->allow_extra_args(false);
  run->add_option("--shard", shard,
                  "only the I-th of N parts of the work, the same on every\nmachine; 'twlab merge' "
                  "joins them")
      ->option_text("I/N")
      ->check(not_a_shard);
  run->add_option("--seed", options.seed, "of everything random in guests (default: 1)")
      ->option_text("N");
  run->add_flag("--real-time", options.real_time, "guests do not skip idle time");
  add_settings(*run, settings);
  run->footer(run_footer);
}

CLI::App* add_merge(CLI::App& app, Options& options) {
  auto* merge = app.add_subcommand("merge", "Join output folders of shards or of kernels");
  merge->add_option("DIR", options.names, "output folders of runs")->required()->option_text(" ");
  merge->add_option("-o,--out", options.out, "a new folder (default: out)")->option_text("DIR");
  merge->add_flag("--partial", options.partial, "although shards of the run are missing");
  merge->footer("Exit codes: 0 success, 2 bad input: nothing is written then.");
  return merge;
}

CLI::App* add_diff(CLI::App& app, std::string& a, std::string& b, Options& options) {
  auto* diff = app.add_subcommand("diff", "Compare the verdicts of two runs");
  diff->add_option("A", a, "output folder of a run, or its results.json")
      ->required()
      ->option_text(" ");
  diff->add_option("B", b, "that of another")->required()->option_text(" ");
  diff->add_flag("--segments", options.segments, "compare segments also where verdicts agree");
  diff->footer(
      "For each verdict that differs: the reasons, the first check and the first\n"
      "segment that differ, in relative numbers.\n"
      "Exit codes: 0 no verdict differs, 1 some do, 2 bad input.");
  return diff;
}

CLI::App* add_ladder(CLI::App& app, std::string& folder, std::string& lab, std::string& family,
                     Options& options) {
  auto* ladder = app.add_subcommand("ladder", "Draw what a lab of an earlier run recorded");
  ladder->add_option("DIR", folder, "output folder of the run")->required()->option_text(" ");
  ladder->add_option("LAB", lab, "one of its labs")->required()->option_text(" ");
  ladder->add_option("--family", family, "inet or inet6 (default: the first that ran)")
      ->check(CLI::IsMember({"inet", "inet6"}))
      ->option_text("FAMILY");
  ladder->add_option("-o,--out", options.file, "a file .svg or .txt (default: text, here)")
      ->option_text("FILE");
  return ladder;
}

CLI::App* add_explain(CLI::App& app, std::string& file, std::string& format, uint64_t& drawn,
                      Options& options) {
  auto* explain = app.add_subcommand("explain", "Tell how the connections in a capture ended");
  explain->add_option("FILE", file, "pcap or pcapng from anywhere; - is standard input")
      ->required()
      ->option_text(" ");
  auto* one = explain->add_option("--connection", options.connection, "only the N-th connection")
                  ->check(CLI::PositiveNumber)
                  ->option_text("N");
  explain->add_flag("--findings-only", options.findings_only,
                    "only connections with something worth a look, and\nonly that");
  explain->add_option("--kind", options.kind, "only findings of one kind, such as last-ack-lost")
      ->option_text("KIND");
  explain
      ->add_option("--limit", options.limit,
                   "with more connections than that, only such with\nfindings and at most so "
                   "many; 0: all (default: 50)")
      ->option_text("N");
  explain->add_option("--format", format, "text (the default) or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
  explain->add_option("--ladder", drawn, "draw the N-th connection")
      ->check(CLI::PositiveNumber)
      ->excludes(one)
      ->option_text("N");
  explain->add_option("-o,--out", options.file, "the ladder as a file .svg or .txt")
      ->option_text("FILE");
  explain->footer(
      "For each connection: who closed first, the states of both sides, TIME_WAIT, and\n"
      "findings (*) with frame numbers as Wireshark counts them and the claim that they\n"
      "illustrate ('twlab show CLAIM'). What 'tcpdump -w FILE' writes will do; the\n"
      "payload is not needed (-s 128).\n"
      "Exit codes: 0 success; 2 bad input, also when the file is broken: what could be\n"
      "read of it is explained.");
  return explain;
}

CLI::App* add_serve(CLI::App& app, Options& options) {
  auto* serve = app.add_subcommand("serve", "Be the sample server of timewait-2015");
  serve->add_option("--address", options.address, "to listen on (default: all of IPv4)")
      ->option_text("ADDRESS");
  serve->add_option("--port", options.port, "to listen on (default: 5000)")
      ->check(CLI::Range(1, 65535))
      ->option_text("PORT");
  serve->add_flag("--reuse-address", options.reuse_address,
                  "set SO_REUSEADDR, which the sample server does not");
  serve->footer(
      "Tells every client the time in 26 bytes, waits 10 us and closes: it is the\n"
      "server that keeps the connection in TIME_WAIT. Ctrl-C ends it.");
  return serve;
}

struct Kernels {
  CLI::App *all, *add, *remove;
};

Kernels add_kernels(CLI::App& app, Options& options, std::string& format) {
  auto* kernels = app.add_subcommand("kernels", "List, add or remove kernels for guests");
  kernels->add_option("--format", format, "table (the default), names alone, or json")
      ->check(CLI::IsMember({"table", "names", "json"}))
      ->option_text("FORMAT");
  kernels->require_subcommand(0, 1);
  auto* add = kernels->add_subcommand("add", "Add kernels");
  add->add_option("PATH", options.names,
                  "Debian packages of kernels (those that belong together at\n"
                  "once), a bzImage or vmlinux, or a folder such as /boot")
      ->required()
      ->option_text(" ");
  add->add_option("--modules", options.modules, "lib/modules/RELEASE of an image")
      ->option_text("DIR");
  add->add_flag("--force", options.replace, "replace what is already there");
  auto* remove = kernels->add_subcommand("remove", "Remove a kernel");
  remove->add_option("RELEASE", options.names, "as 'twlab kernels' shows it")
      ->required()
      ->expected(1)
      ->option_text(" ");
  kernels->footer(
      "They are kept in $TWLAB_KERNELS, or else in ~/.cache/twlab/kernels;\n"
      "scripts/fetch-kernels gets those of Debian.");
  return {kernels, add, remove};
}

// Parses, or only describes what it would parse.
Parsed parse(int argc, const char* const* argv, CommandText* described) {
  Options options;
  options.as_typed = joined(argc, argv);
  std::string family = "both", format = "table", shard;
  std::vector<std::string> settings;

  CLI::App app("Checks what is written about TCP's TIME_WAIT against the kernel.", "twlab");
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  auto* list = app.add_subcommand("list", "List the labs or the claims");
  list->add_option("WHAT", options.names, "labs or claims (default: both)")
      ->check(CLI::IsMember({"labs", "claims"}))
      ->option_text(" ")
      ->expected(0, 1);
  std::string list_format = "table";
  list->add_option(
          "--format", list_format,
          "table (the default), names alone, or markdown for the\nwhole catalogue of claims")
      ->check(CLI::IsMember({"table", "markdown", "names"}))
      ->option_text("FORMAT");
  auto* show = app.add_subcommand("show", "Tell all about a claim or a lab");
  show->add_option("NAME", options.names, "of a claim or a lab")->required()->option_text(" ");
  show->add_option("-o,--out", options.out, "folder of the last run (default: out)")
      ->option_text("DIR");
  add_family(*show, family);
  show->footer("Of a claim that was run also the last verdict, its checks and the ladder.");
  add_run(app, options, family, format, shard, settings);
  auto* watch = add_watch(app, options, family, settings);
  auto* shell = add_shell(app, options, family, settings);
  auto* report = app.add_subcommand("report", "Write the reports of an earlier run again");
  report->add_option("DIR", options.names, "its output folder")
      ->required()
      ->expected(1)
      ->option_text(" ");
  auto* merge = add_merge(app, options);
  std::string first, second, ladder_family;
  auto* diff = add_diff(app, first, second, options);
  auto* ladder = add_ladder(app, first, second, ladder_family, options);
  std::string explain_format = "text";
  uint64_t drawn = 0;
  auto* explain = add_explain(app, first, explain_format, drawn, options);
  auto* serve = add_serve(app, options);
  std::string kernels_format = "table";
  Kernels kernels = add_kernels(app, options, kernels_format);
  auto* doctor = app.add_subcommand("doctor", "Tell what this system can and cannot do");
  doctor->footer("Exit codes: 0 labs can run here, 4 they cannot.");
  app.footer(usage_footer);  // now: commands made after it would have it too
  if (described) {
    *described = describe(app, "");
    return {};
  }

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
  if (*explain) {
    options.names = {first};
    if (explain_format == "json") format = explain_format;
    options.draw = drawn > 0;
    if (options.draw) options.connection = drawn;
  }
  if (*ladder && !ladder_family.empty()) family = ladder_family;
  if (family != "both") options.families = {family == "inet" ? Family::inet : Family::inet6};
  const std::map<std::string, Format> formats{
      {"table", Format::table}, {"tap", Format::tap},           {"junit", Format::junit},
      {"json", Format::json},   {"markdown", Format::markdown}, {"names", Format::names}};
  options.format = formats.at(*kernels.all ? kernels_format : *list ? list_format : format);
  for (const std::string& setting : settings) {
    size_t equals = setting.find('=');
    options.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  if (!shard.empty()) options.shard = *parse_shard(shard);
  if (*list) options.command = Command::list;
  if (*show) options.command = Command::show;
  if (*watch) options.command = Command::watch;
  if (*shell) options.command = Command::shell;
  if (*shell) options.names = shell->remaining();
  if (*report) options.command = Command::report;
  if (*merge) options.command = Command::merge;
  if (*diff) options.command = Command::diff;
  if (*ladder) options.command = Command::ladder;
  if (*explain) options.command = Command::explain;
  if (*serve) options.command = Command::serve;
  if (*kernels.all) options.command = Command::kernels;
  if (*kernels.add) options.kernels_action = KernelsAction::add;
  if (*kernels.remove) options.kernels_action = KernelsAction::remove;
  if (*doctor) options.command = Command::doctor;
  return {std::move(options), success};
}

}  // namespace

Parsed parse(int argc, const char* const* argv) {
  return parse(argc, argv, nullptr);
}

CommandText describe_commands() {
  CommandText text;
  parse(0, nullptr, &text);
  return text;
}

}  // namespace twlab::cli
