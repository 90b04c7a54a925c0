#include "cli/cli.h"

int main(int argc, char** argv) {
  return twlab::cli::main(argc, argv);
}
