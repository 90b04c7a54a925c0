#!/usr/bin/env bash
# The manual page is clean mdoc and tells all commands: page.sh PAGE TWLAB
set -uo pipefail
page=$1 twlab=$2 failed=0

# Which other pages a machine has is its own matter.
said=$(mandoc -T lint -W style "$page" 2> /dev/null | grep -v "referenced manual not found" ; man --warnings -l "$page" 2>&1 > /dev/null)
if [[ $said ]]; then
  echo "$said"
  failed=1
fi
text=$(MANWIDTH=100 man -l "$page" 2> /dev/null)
for section in NAME SYNOPSIS DESCRIPTION COMMANDS "EXIT STATUS" ENVIRONMENT FILES EXAMPLES "SEE ALSO"; do
  grep -qx "$section" <<< "$text" || { echo "no section $section"; failed=1; }
done

# tells HELP HEADING: all that the help of a command names stands below the heading.
tells() {
  local part word
  part=$(sed -n "/^   $2\$/,/^   [a-z]\|^[A-Z]/p" <<< "$text")
  while read -r word; do
    [[ $word == --help ]] || grep -qe "$word" <<< "$part" || { echo "$2: no $word"; failed=1; }
  done < <(sed -nE 's/^  (-.,)?(--[a-z-]+).*/\2/p' <<< "$1")
}

commands=$("$twlab" --help | sed -nE '/^Subcommands:/,$s/^  ([a-z-]+) .*/\1/p')
[[ $commands == *run*doctor* ]] || { echo "no commands in the help"; failed=1; }
for command in $commands; do
  grep -qx "   twlab $command" <<< "$text" || { echo "no command $command"; failed=1; }
  tells "$("$twlab" "$command" --help)" "twlab $command"
done
exit "$failed"
