// As the first process of a guest: runs the lab that the guest was ordered to. Anywhere else:
// prints the files that a guest needs for that, a line each.
#include <unistd.h>

#include <cstdio>

#include "guest/inside/init.h"
#include "guest/inside/needs.h"
#include "report/json.h"

int main() {
  if (getpid() == 1) twlab::guest::init(twlab::report::encode);
  for (const std::string& file : twlab::guest::needed_files()) std::puts(file.c_str());
}
