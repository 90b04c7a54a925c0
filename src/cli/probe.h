// What this system can do. Every probe tries the thing itself, in a process of its own that is
// given a deadline, and takes nothing from version numbers.
#pragma once

#include <functional>
#include <span>
#include <string>

namespace twlab::cli {

struct Probe {
  std::string name{};
  std::string purpose{};  // what needs it
  bool needed = false;    // by every lab
  // Tries it; what it returns is worth knowing beside the "yes". Throws when it does not work.
  std::function<std::string()> ask;
  std::string advice{};             // what to do when it does not work
  std::string hangs = "no answer";  // what it means that no answer came in time
};

struct Answer {
  bool yes = false;
  std::string note;  // with a "no": why
};

// In the order in which doctor shows them.
std::span<const Probe> probes();

// Runs the probe in a child. A child that crashes or does not answer in time is a "no".
Answer ask(const Probe& probe);

// Why nothing can be measured here: what is missing of that which every lab needs, with what to do
// about it. Empty when nothing is.
std::string why_unmeasurable();

// Whether virtual machines really run: opens /dev/kvm and lets a machine with one processor run a
// few instructions as a kernel would. Throws std::exception that says how far it came.
std::string ask_kvm();

}  // namespace twlab::cli
