// A testbed to play in: its owner, the first process of the shell's PID namespace, and the shell.
//
// The owner has the testbed and waits. Its child is the first process of a PID namespace: with it
// the kernel ends everything in there, and it ends with its owner. It holds what is reached below
// /proc: a folder in memory with the commands, the socket to the owner, and the hosts' namespaces.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "cli/cli.h"
#include "cli/probe.h"
#include "cli/shell.h"
#include "cli/terminal.h"
#include "os/error.h"
#include "os/file.h"
#include "os/private_folder.h"
#include "os/process.h"
#include "os/signals.h"
#include "os/user.h"
#include "report/ladder.h"
#include "report/write.h"

namespace twlab::cli {
namespace {

// A Ctrl-C is for the shell; who is still there then does not want to end.
constexpr Duration after_interrupt = 2s;

Topology build(Lab& lab, const std::string& name) {
  if (name == "nat") {
    auto [first, second, router, server] = lab.two_clients_behind_nat();
    return {&first,
            {{&first, &server}, {&second, &server}, {&server, &router}, {&router, &server}},
            nullptr,
            {}};
  }
  if (name == "relay") {
    auto [client, server, relay, from_client, from_server] = lab.two_kernels_relayed();
    return {&client,
            {{&client, &server}, {&server, &client}},
            &relay,
            {{&client, from_client}, {&server, from_server}}};
  }
  auto [client, server] = lab.two_kernels();
  return {&client, {{&client, &server}, {&server, &client}}, nullptr, {}};
}

// The terminal, when the shell is for a person: it is given to the shell and taken back.
class Foreground {
 public:
  Foreground() : owned_(tcgetpgrp(STDIN_FILENO) == getpgrp()) {
    if (owned_) tcgetattr(STDIN_FILENO, &before_);
  }
  // In the shell's process, which becomes the leader of a group of its own.
  void give() const {
    if (!owned_) return;
    setpgid(0, 0);
    take_for(getpgrp());
  }
  // Whatever was killed meanwhile may have left it in any state.
  void take_back() const {
    if (!owned_) return;
    take_for(getpgrp());
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }

 private:
  // Who is in the background may do this only while SIGTTOU is blocked.
  static void take_for(pid_t group) {
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTTOU);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    tcsetpgrp(STDIN_FILENO, group);
    sigprocmask(SIG_SETMASK, &before, nullptr);
  }

  bool owned_;
  termios before_{};
};

bool is_interactive(const Options& options) {
  return !options.commands && options.names.empty();
}

std::string plain_shell() {
  return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}

std::vector<std::string> command_of(const Options& options) {
  std::vector<std::string> command;
  if (options.commands) {
    command = {plain_shell(), "-c", *options.commands};
  } else if (!options.names.empty()) {
    if (access(options.names[0].c_str(), X_OK) != 0) command = {plain_shell()};
  } else {
    const char* shell = getenv("SHELL");
    command = {shell && access(shell, X_OK) == 0 ? shell : plain_shell()};
  }
  command.insert(command.end(), options.names.begin(), options.names.end());
  return command;
}

void check_input(const Options& options) {
  if (options.names.empty()) return;
  const std::string& script = options.names[0];
  if (script.starts_with('-'))
    throw BadInput(fmt::format("'{}' is not known (see 'twlab shell --help')", script));
  if (!options.commands && access(script.c_str(), R_OK) != 0)
    throw BadInput(fmt::format("the script {}: {}", script, strerror(errno)));
}

// A script is found as it was named, and not in PATH.
std::vector<std::string> absolute(std::vector<std::string> command) {
  if (command[0].find('/') == std::string::npos)
    command[0] = std::filesystem::absolute(command[0]).string();
  return command;
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct Owner {
  const Options& options;
  Lab& lab;
  Host& host;
  Session& session;
  Channel& channel;
  os::SignalFd& signals;
  const Foreground& foreground;
  const std::string program;  // this one
  std::string trouble{};      // what the testbed broke with

  // The shell's own process.
  int become_shell(const os::PrivateFolder& folder) const {
    os::check(setns(host.ns().fd(), CLONE_NEWNET), "entering the network namespace");
    if (is_interactive(options)) foreground.give();
    signals.restore_mask();
    if (geteuid() != 0) os::keep_capabilities();
    setenv("TWLAB_SHELL", folder.path().c_str(), 1);
    const char* path = getenv("PATH");
    setenv("PATH", fmt::format("{}:{}", folder.path(), path ? path : "/usr/bin:/bin").c_str(), 1);
    auto command = absolute(command_of(options));
    os::become(command);
    fmt::print(stderr, "twlab: {}: {}\n", command[0], strerror(errno));
    return errno == ENOENT ? 127 : 126;
  }

  std::string names() const {
    std::string text;
    for (const Host& each : lab.hosts())
      text += fmt::format("{} {}\n", show(each.address()), each.name());
    return text;
  }

  // The first process: prepares, starts the shell and waits for it, and for whoever lost its
  // parent.
  int be_first(int ready) const {
    signal(SIGINT, SIG_IGN);
    std::vector<int> kept{ready, channel.fd()};
    for (const Host& each : lab.hosts()) kept.push_back(each.ns().fd());
    os::close_descriptors_except(kept);
    os::PrivateFolder folder(names());
    std::string numbers = folder.path().substr(0, folder.path().rfind('/') + 1);
    for (const Host& each : lab.hosts())
      folder.link(each.name(), numbers + std::to_string(each.ns().fd()));
    for (const std::string& name : shell_commands()) folder.link(name, program);
    folder.link("twlab", program);
    channel.bind_to(folder.path());
    if (sethostname(host.name().data(), host.name().size()) != 0) errno = 0;

    os::Child shell = os::Child::spawn([&] {
      signal(SIGINT, SIG_DFL);
      return become_shell(folder);
    });
    os::write_all(ready, "!", "a pipe");
    for (;;) {
      siginfo_t ended{};
      if (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) != 0 && errno != EINTR) return 125;
      if (ended.si_pid == shell.pid()) return exit_code(shell.wait());
      if (ended.si_pid > 0) waitpid(ended.si_pid, nullptr, 0);
    }
  }

  // Returns what the shell ended with.
  int run() {
    os::Pipe ready;
    os::Child first = os::Child::spawn(
        [&] {
          try {
            return be_first(ready.write.get());
          } catch (const std::exception& error) {
            fmt::print(stderr, "twlab: {}\n", error.what());
            return 125;
          }
        },
        CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS);
    ready.write.reset();
    char byte;
    if (::read(ready.read.get(), &byte, 1) != 1)
      throw BadInput("the shell could not be started: " + os::show_wait_status(first.wait()));

    int exit = lab_error;
    try {
      exit = serve(first);
    } catch (const std::exception& error) {  // somebody may have taken a link away
      first.signal(SIGKILL);
      first.wait();
      trouble = fmt::format("{}; that ended the shell", error.what());
    }
    foreground.take_back();
    if (!trouble.empty()) fmt::print(stderr, "\ntwlab: {}\n", trouble);
    return exit;
  }

  // Answers the commands until the shell has ended.
  int serve(os::Child& first) {
    std::optional<int> status;
    int ended_by = 0;
    Time give_up = Time::max();
    auto end = [&](int signal) {
      ended_by = signal;
      first.signal(SIGKILL);
    };
    lab.loop().add(signals.fd(), [&] {
      while (auto number = signals.take()) {
        if (*number == SIGINT)
          give_up = std::min(give_up, os::now() + after_interrupt);
        else if (*number != SIGCHLD)
          end(*number);
        else if (first.running())
          status = first.try_wait();
      }
    });
    while (!status) {
      lab.watch_until([&] { return status || channel.asked() || os::now() >= give_up; }, 1h, "");
      channel.answer([&](const auto& words) { return session.handle(words); });
      if (os::now() < give_up) continue;
      give_up = Time::max();
      end(SIGINT);
    }
    lab.loop().remove(signals.fd());
    return ended_by ? 128 + ended_by : exit_code(*status);
  }
};

void greet(const Options& options, Lab& lab, const Host& host) {
  std::string hosts;
  for (const Host& each : lab.hosts())
    if (&each != &host)
      hosts +=
          fmt::format("{}{} ({})", hosts.empty() ? "" : ", ", each.name(), show(each.address()));
  fmt::print(stderr,
             "You are on {} ({}). There: {}.\n"
             "  on {} COMMAND       runs it there\n"
             "  inject {} 'S seq 1000'   sends a crafted segment\n{}"
             "  ladder                  what happened so far\n"
             "Each has --help. Ctrl-D ends it{}.\n",
             host.name(), show(host.address()), hosts, lab.hosts().back().name(), host.name(),
             options.topology == "relay"
                 ? "  relay drop client '.'   drops the next segment like that\n"
                 : "",
             options.file.empty() ? " and keeps nothing; -o DIR would" : "");
  for (const char* tool : {"ss", "tcpdump", "nc"})
    if (std::string package = package_of_missing(tool); !package.empty())
      fmt::print(stderr, "Not here: {}; Debian has it in {}.\n", tool, package);
}

// The files in the folder, and the ladder on standard error, as far as that is still there.
void report_on(const Options& options, const LabResult& result) {
  report::LadderOptions how;
  how.standalone = true;
  std::string said;
  if (!options.file.empty()) {
    std::filesystem::path out(options.file);
    os::write_file_atomically(out / "shell.pcapng", report::capture(result, false));
    os::write_file_atomically(out / "ladder.svg", report::ladder_svg(result.recording, how));
    os::write_file_atomically(out / "ladder.txt", report::ladder_text(result.recording, how));
    said = fmt::format("\nshell.pcapng, ladder.svg and ladder.txt are in {}\n", options.file);
  }
  if (!options.quiet && !result.recording.events.empty()) {
    Terminal::Screen::of(STDERR_FILENO).apply(how);
    said = "\n" + report::ladder_text(result.recording, how) + said;
  }
  if (result.recording.frames_lost > 0)
    said += fmt::format("twlab: the capture lost {} frames\n", result.recording.frames_lost);
  std::fputs(said.c_str(), stderr);
}

}  // namespace

int shell(const Options& options) {
  check_input(options);
  if (std::string why = why_unmeasurable(); !why.empty()) {
    fmt::print(stderr, "twlab: nothing can be measured on this system: {}\n", why);
    return unmeasurable;
  }
  if (!options.file.empty()) report::prepare_folder(options.file);
  std::string program = std::filesystem::read_symlink("/proc/self/exe");
  Foreground foreground;
  // As who it is: tcpdump, as root, would want to become another user, which is nobody in there.
  if (!os::may_administer_networks()) os::enter_user_namespace(os::Identity::own);
  os::isolate();
  os::SignalFd signals{SIGCHLD, SIGINT, SIGTERM, SIGHUP};
  const std::string name = "shell." + options.topology;
  LabInfo info{.name = name, .story = "A person's.", .claims = {}, .control = "none"};
  Lab lab(
      info, options.families.front(), [](const std::string&, Time) {}, options.settings);
  try {
    Topology topology = build(lab, options.topology);
    Host& first = *topology.first;
    Session session(lab, std::move(topology));
    Host& host = options.host.empty() ? first : session.find(options.host);
    Channel channel(lab.loop());
    if (is_interactive(options)) greet(options, lab, host);
    Owner owner{options, lab, host, session, channel, signals, foreground, program};
    int exit = owner.run();
    LabResult result;
    if (owner.trouble.empty()) {
      result = lab.finish();
    } else {
      result.recording = lab.recording();
      result.recording.sort();
    }
    result.lab = name;
    report_on(options, result);
    return exit;
  } catch (const NotMeasurable& doubt) {
    fmt::print(stderr, "twlab: {}\n", doubt.what());
    return unmeasurable;
  }
}

}  // namespace twlab::cli
