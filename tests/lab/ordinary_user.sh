#!/usr/bin/env bash
# A lab as an ordinary user: ordinary_user.sh TWLAB. Exits with 77 where nobody else can be become, or
# the system has no user namespaces for ordinary users.
set -euo pipefail
twlab=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
become=()
if ((EUID == 0)); then
  chmod 777 "$folder"
  # The build folder may be one that others cannot read.
  install -m 755 "$twlab" "$folder/twlab"
  twlab=$folder/twlab
  become=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
cd "$folder"
if ! "${become[@]}" unshare --user --net true 2> /dev/null; then
  echo "skipped: no user namespaces for ordinary users here"
  exit 77
fi
"${become[@]}" "$twlab" run close.four-segments reuse.client-only --family both -o out
"${become[@]}" "$twlab" run timewait.answers-late-fin --family inet -o out2
