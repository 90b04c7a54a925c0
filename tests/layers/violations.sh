#!/usr/bin/env bash
# The layer check fails on each kind of violation, and says where it is; and passes without one.
set -euo pipefail
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/src/{os,net,wire,explain,lab,report,cli} "$tree"/labs/close

# expect FILE INCLUDE yes|no: the check accepts FILE with this one include, or not.
expect() {
  printf '// first line\n#include %s\n' "$2" > "$tree/$1"
  local out accepted=yes
  out=$("$check" "$tree") || accepted=no
  if [[ $accepted != "$3" ]] || { [[ $3 == no ]] && [[ $out != "$1:2: "* ]]; }; then
    echo "$1 including $2: accepted: $accepted, wanted: $3; the check said: $out"
    exit 1
  fi
  rm "$tree/$1"
}

expect src/os/a.h '<vector>' yes
expect src/os/a.h '"net/diag.h"' no
expect src/os/a.h '<net/if.h>' yes
expect src/net/a.cc '"os/fd.h"' yes
expect src/net/a.cc '"wire/frame.h"' no
expect src/wire/a.cc '"net/diag.h"' no
expect src/wire/a.cc '"../net/diag.h"' no
expect src/wire/a.cc '"elsewhere.h"' no
expect src/explain/a.cc '"wire/segment.h"' yes
expect src/explain/a.cc '"report/text.h"' no
expect src/report/a.cc '"explain/analysis.h"' no
expect src/lab/a.cc '"wire/frame.h"' yes
expect src/lab/a.cc '"report/json.h"' no
expect src/report/a.cc '"cli/options.h"' no
expect src/cli/a.cc '"report/json.h"' yes
expect labs/close/a.cc '"lab/lab.h"' yes
expect labs/close/a.cc '"lab/runner.h"' no
expect labs/close/a.cc '<sys/socket.h>' no
touch "$tree/src/lab/lab.h"
expect src/os/a.h '<lab/lab.h>' no
rm "$tree/src/lab/lab.h"
if "$check" "$tree" > /dev/null; then
  echo "an empty tree was accepted"
  exit 1
fi
