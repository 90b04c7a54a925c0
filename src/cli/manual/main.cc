// twlab-manual TEMPLATE OUT: fills a template of this folder from the command line's description.
#include <fmt/format.h>

#include <filesystem>

#include "cli/manual/manual.h"
#include "os/file.h"

int main(int argc, char** argv) {
  namespace cli = twlab::cli;
  if (argc != 3) {
    fmt::print(stderr, "usage: twlab-manual TEMPLATE OUT\n");
    return 2;
  }
  try {
    std::string name = std::filesystem::path(argv[1]).filename();
    std::string text = twlab::os::read_file(argv[1]);
    twlab::os::write_file_atomically(argv[2],
                                     cli::fill_manual(name, text, cli::describe_commands()));
  } catch (const std::exception& error) {
    fmt::print(stderr, "twlab-manual: {}\n", error.what());
    return 1;
  }
}
