#!/usr/bin/env bash
# What bash offers where: bash.sh COMPLETION TWLAB
set -uo pipefail
# shellcheck source=/dev/null
source "$1"
twlab=$2 failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
mkdir "out put" outer kernels kernels/{6.1.0-1-amd64,6.12.3-cloud}
touch results.json out.svg
export TWLAB_KERNELS=$folder/kernels

# offered WORD...: the last word is being typed, bash cuts the line at = as well.
offered() {
  COMP_WORDS=("$twlab" "$@") COMP_CWORD=$#
  _twlab "$twlab" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd '|'
}

# expect WANTED WORD...
expect() {
  local wanted=$1 got
  shift
  got=$(offered "$@")
  [[ $got == "$wanted" ]] || { echo "twlab $*: wanted $wanted, got $got"; failed=1; }
}

# among WANTED WORD...: it is offered, beside others.
among() {
  local wanted=$1 got
  shift
  got=$(offered "$@")
  [[ "|$got|" == *"|$wanted|"* ]] || { echo "twlab $*: wanted $wanted among $got"; failed=1; }
}

expect run ru
expect "--help|--version|-h" -
for command in $("$twlab" --help | sed -nE '/^Subcommands:/,$s/^  ([a-z-]+) .*/\1/p'); do
  among "$command" ''
  among --help "$command" -
done
expect "--real-time|--repeat" run --re
expect "inet|inet6" run --family ine
expect "json|junit" run --format j
expect "json|junit" run --format = j
expect "json|junit|table|tap" run --format =
expect "table|tap" run close.four-segments --pcap --format ta
expect close.four-segments run close.four
expect timewait.sixty-seconds run --format tap close.four-segments timewait.six
among timewait.two-minutes show ''
expect "" run -j ''
expect "out put|outer" run -o ou
expect "out put|outer" merge outer ou
expect "out put|out.svg|outer" diff results.json out
expect results.json run --expect res
expect "out put|outer" ladder ou
expect close.four-segments ladder outer close.four
expect "claims|labs" list ''
expect "markdown|names|table" list --format ''
expect "add|remove" kernels ''
expect "" kernels remove x
among all run --kernel ''
among net.ipv4.tcp_fin_timeout= run --set net.ipv4.tcp_fin
expect "" run --set net.ipv4.tcp_fin_timeout = 1
expect "--force" kernels add --f
expect "" show -- --he
exit "$failed"
