// The commands within the shell: on, inject, relay and ladder are this program under other names.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "cli/cli.h"
#include "cli/shell.h"
#include "cli/terminal.h"
#include "os/error.h"
#include "os/process.h"

namespace twlab::cli {
namespace {

constexpr const char* on_help =
    "usage: on HOST COMMAND [ARGUMENT...]\n"
    "Runs the command on another host: in its network namespace, otherwise here.\n"
    "Ends as the command does; 127 when there is none of that name.\n";

constexpr const char* inject_help =
    "usage: inject HOST SEGMENT\n"
    "Puts a TCP segment on HOST's link as if HOST had sent it; its own kernel does\n"
    "not know. Prints what was sent and what came in answer at once.\n"
    "\n"
    "SEGMENT is what tcpdump -n or ladder print of one, or any part of that:\n"
    "  [SOURCE > DESTINATION:] FLAGS WORD...\n"
    "FLAGS are letters of S F R P . U E W or none, in brackets or not. WORDs, in any\n"
    "order, separated by blanks or commas:\n"
    "  seq N[:M]   ack N   win N   mss N   sackOK   wscale N   TS val N ecr N\n"
    "  tsval N   tsecr N   no TS   length N   \"data\" (with \\n \\r \\t \\\\ \\\" \\xNN)\n"
    "SOURCE and DESTINATION are PORT, HOST or HOST.PORT; a HOST may be an address, also\n"
    "one that nobody has. Numbers are those of the header; with a sign, as in seq +1,\n"
    "they are relative to the first SYN, as ladder prints them.\n"
    "\n"
    "What is not said is taken from the last connection that was seen on the link and\n"
    "has the endpoints that are said: its endpoints, what comes next in seq and ack, its\n"
    "window, its timestamps (not for SYN and RST). Without one it is 40000 > 5000 to the\n"
    "other host, seq 1000000 of a SYN, and otherwise 0. Options are absent; the flags of\n"
    "a segment without any are [.]; `length N` alone sends N letters.\n"
    "\n"
    "  inject client 'S seq 1000 tsval 5'\n"
    "  inject server 'R.'                       resets the last connection\n"
    "  inject client '192.0.2.9.4000 > server.80: [S], seq 7, options [mss 1460]'\n";

constexpr const char* relay_help =
    "usage: relay drop|hold [-n N|all] HOST [PATTERN]\n"
    "       relay pass [RULE]\n"
    "       relay [list]\n"
    "       relay clear\n"
    "drop and hold concern the next segment from HOST (the next N, or all) that has\n"
    "everything PATTERN says, in the notation of inject; any, when it says nothing.\n"
    "Of the flags S, F, R and . must all be so, others only where they are named: '.'\n"
    "is also data, '. length 0' is not. Rules are asked in their order.\n"
    "pass lets go what a rule holds, or all rules do. clear does, too, and takes away\n"
    "all rules.\n";

constexpr const char* ladder_help =
    "usage: ladder [--svg]\n"
    "Prints what has happened so far; --svg as a drawing.\n";

bool is_in_path(const std::string& program) {
  std::string path = getenv("PATH") ? getenv("PATH") : "";
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = std::min(path.find(':', begin), path.size());
    if (access((path.substr(begin, end - begin) + "/" + program).c_str(), F_OK) == 0) return true;
    begin = end + 1;
  }
  return false;
}

std::string folder() {
  const char* path = getenv("TWLAB_SHELL");
  if (!path || !*path) throw BadInput("this works only within 'twlab shell'");
  return path;
}

int print(const Reply& reply) {
  std::FILE* out = reply.exit == success ? stdout : stderr;
  fmt::print(out, "{}", reply.text);
  if (std::fflush(out) != 0) os::fail(errno, "writing");
  return reply.exit;
}

int on(std::vector<std::string> words) {
  if (words.size() < 3) throw BadInput("a host and a command are needed (see 'on --help')");
  if (Reply known = ask(folder(), words); known.exit != success) return print(known);
  os::UniqueFd ns(os::check(::open((folder() + "/" + words[1]).c_str(), O_RDONLY | O_CLOEXEC),
                            "opening the network namespace of " + words[1]));
  os::check(setns(ns.get(), CLONE_NEWNET), "entering the network namespace of " + words[1]);
  // For prompts that show the host's name; without it nothing is wrong.
  if (unshare(CLONE_NEWUTS) == 0 && sethostname(words[1].data(), words[1].size()) != 0) errno = 0;
  std::vector<std::string> command(words.begin() + 2, words.end());
  os::become(command);
  int error = errno;
  // A folder of PATH that may not be looked into is no reason to have found it.
  bool missing =
      command[0].find('/') == std::string::npos ? !is_in_path(command[0]) : error == ENOENT;
  if (missing) error = ENOENT;
  std::string package = package_of_missing(command[0]);
  fmt::print(stderr, "on: {}: {}{}\n", command[0], strerror(error),
             package.empty() ? "" : fmt::format("; Debian has it in {}", package));
  return missing ? 127 : 126;
}

int ladder(std::vector<std::string> words) {
  auto screen = Terminal::Screen::of(STDOUT_FILENO);
  if (screen.colour) words.push_back("--colour");
  if (screen.live) words.push_back(fmt::format("--columns={}", screen.columns));
  return print(ask(folder(), words));
}

int forward(std::vector<std::string> words) {
  return print(ask(folder(), words));
}

struct Named {
  const char* name;
  const char* help;
  int (*run)(std::vector<std::string> words);
};

constexpr Named commands[] = {
    {"on", on_help, on},
    {"inject", inject_help, forward},
    {"relay", relay_help, forward},
    {"ladder", ladder_help, ladder},
};

}  // namespace

const std::vector<std::string>& shell_commands() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Named& command : commands) all.emplace_back(command.name);
    return all;
  }();
  return names;
}

std::string shell_manual() {
  std::string text;
  for (const Named& command : commands)
    text += fmt::format("\n{}", std::string_view(command.help).substr(strlen("usage: ")));
  return text;
}

std::optional<int> shell_command(int argc, char** argv) {
  if (argc < 1) return {};
  std::vector<std::string> words(argv, argv + argc);
  words[0] = std::filesystem::path(words[0]).filename();
  auto command = std::ranges::find(commands, words[0], &Named::name);
  if (command == std::end(commands)) return {};
  if (argc > 1 && (words[1] == "--help" || words[1] == "-h")) {
    fmt::print("{}", command->help);
    return success;
  }
  try {
    return command->run(words);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", words[0], error.what());
    return bad_input;
  }
}

std::string package_of_missing(const std::string& program) {
  static const std::map<std::string, std::string> packages{
      {"ss", "iproute2"},     {"ip", "iproute2"},       {"nc", "netcat-openbsd"},
      {"tcpdump", "tcpdump"}, {"ping", "iputils-ping"}, {"curl", "curl"},
      {"nstat", "iproute2"},  {"socat", "socat"},       {"iperf3", "iperf3"},
      {"tshark", "tshark"},   {"nft", "nftables"},      {"ethtool", "ethtool"}};
  auto known = packages.find(program);
  if (known == packages.end()) return "";
  return is_in_path(program) ? "" : known->second;
}

}  // namespace twlab::cli
