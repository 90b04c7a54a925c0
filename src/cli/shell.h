// `twlab shell`: the owner of the testbed, and the commands inside that talk to it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "os/fd.h"

namespace twlab::cli {

struct Topology {
  Host* first = nullptr;                // where the shell is unless another host is named
  std::map<const Host*, Host*> facing;  // to whom a host's segments go
  Relay* relay = nullptr;               // null: there is none
  std::map<const Host*, size_t> from;   // for the relay's rules
};

// What a command is answered: text for its standard output, or for its standard error when it
// failed.
struct Reply {
  int exit = 0;
  std::string text;
};

// Does what the commands ask for.
class Session {
 public:
  Session(Lab& lab, Topology topology) : lab_(lab), topology_(std::move(topology)) {}

  // The command and its arguments. Never throws what a bad argument causes.
  Reply handle(const std::vector<std::string>& words);
  // Throws BadInput, naming those that there are.
  Host& find(const std::string& host);

 private:
  struct Rule {
    Relay::RuleId id;
    std::string text;
    bool holds;
  };
  std::string on(const std::vector<std::string>& words);
  std::string inject(const std::vector<std::string>& words);
  std::string relay(const std::vector<std::string>& words);
  std::string add_rule(const std::vector<std::string>& words);
  std::string release(size_t rule);
  std::string ladder(const std::vector<std::string>& words);
  Address address(const std::string& word);

  Lab& lab_;
  Topology topology_;
  std::vector<Rule> rules_;
};

// A socket that the commands connect to; it needs no name until bind_to().
class Channel {
 public:
  // `loop` outlives it.
  explicit Channel(os::Loop& loop);
  ~Channel();
  // In the process that has the folder: makes the socket's file there.
  void bind_to(const std::string& folder) const;
  int fd() const { return listener_.get(); }

  bool asked() const { return !requests_.empty(); }
  // Answers all that wait.
  void answer(const std::function<Reply(const std::vector<std::string>&)>& handle);

 private:
  struct Request {
    os::UniqueFd asker;
    std::vector<std::string> words;
  };
  void accept();
  void read(int asker);

  os::Loop& loop_;
  os::UniqueFd listener_;
  std::map<int, os::UniqueFd> askers_;  // that have not asked yet
  std::vector<Request> requests_;
};

// Asks the owner of the testbed, from within its shell, whose folder it is. Throws when there is
// none any more.
Reply ask(const std::string& folder, const std::vector<std::string>& words);

// When the program was started under the name of one of the shell's commands: does what it says and
// returns the exit code.
std::optional<int> shell_command(int argc, char** argv);

// The names under which the program is one of them.
const std::vector<std::string>& shell_commands();

// What all of them say of themselves.
std::string shell_manual();

// Debian's package of a program that people need here, or "" when it is there or unknown.
std::string package_of_missing(const std::string& program);

}  // namespace twlab::cli
