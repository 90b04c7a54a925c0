#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/probe.h"
#include "report/text.h"

namespace twlab::cli {

int doctor(const Options&) {
  Exit exit = success;
  for (const Probe& probe : probes()) {
    Answer answer = ask(probe);
    const char* indent = "\n                         ";
    auto note = answer.note.empty() ? "" : " (" + twlab::report::one_line(answer.note) + ")";
    fmt::print("{:<20} {:<3}  {}\n", probe.name, answer.yes ? "yes" : "no",
               twlab::report::wrap(probe.purpose + note, 75, indent));
    if (answer.yes) continue;
    fmt::print("                         {}\n",
               twlab::report::wrap("to do: " + probe.advice, 75, indent));
    if (probe.needed) exit = unmeasurable;
  }
  if (exit == unmeasurable) fmt::print("\nNothing can be measured on this system.\n");
  return exit;
}

}  // namespace twlab::cli
