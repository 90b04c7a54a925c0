#!/usr/bin/env bash
# Bad input ends the real program with the right code and one line, before anything runs or is
# written.
set -uo pipefail
twlab=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

# expect CODE PATTERN ARGUMENT...: the exit code, and what the one line on stderr matches.
expect() {
  local code=$1 pattern=$2 said got=0
  shift 2
  said=$("$twlab" "$@" 2>&1 > /dev/null < /dev/null) || got=$?
  if ((got != code)) || ! [[ $said =~ $pattern ]] || [[ $said == *$'\n'* ]]; then
    echo "twlab $*: exit $got (wanted $code), said: $said"
    failed=1
  fi
}

expect 0 '^$' --version
expect 0 '^$' --help
expect 0 '^$' list
expect 0 '^$' list labs
expect 0 '^$' list claims --format markdown
expect 2 "only claims" list labs --format markdown
expect 0 '^$' show close.four-segments
expect 2 "did you mean 'close.four-segments'" show close.four-segment
expect 2 "did you mean 'close.four-segments'" run close.four-segment
expect 2 "no lab or claim matches" run 'nothing.*'
expect 2 "family" run --family ipx
expect 2 "no-such-file" run close.four-segments --expect no-such-file
echo '{"schema": ' > broken.json
expect 2 "broken.json" run close.four-segments --expect broken.json
touch file
expect 2 "file" run close.four-segments --out file/below
expect 2 "no-such-folder" report no-such-folder
expect 2 "results.json" report .
expect 2 "no-such-folder" merge no-such-folder
expect 2 "is not I/N" run close.four-segments --shard 3/2
expect 2 "no-such-folder" diff no-such-folder no-such-folder
expect 2 "broken.json" diff broken.json broken.json
expect 2 "results.json" ladder . close.four-segments
expect 2 "nothing.pdf" ladder . close.four-segments -o nothing.pdf
expect 2 "no-such-file: No such file" explain no-such-file
expect 2 "a folder" explain .
expect 2 "file: empty" explain file
expect 2 "neither pcap nor pcapng" explain broken.json
expect 2 "no finding is called" explain file --kind nothing
expect 2 "ladder" explain file -o x.svg
expect 2 "standard input: empty" explain -
expect 2 "name" serve --address name
expect 2 "did you mean 'close.four-segments'" watch close.four-segment
expect 2 "triangle" shell triangle
expect 2 "no-such-script" shell pair no-such-script
expect 2 "'-x' is not known" shell -x
export TWLAB_KERNELS=$folder/kernels
expect 0 '^$' kernels
expect 0 '^$' kernels --format json
expect 2 "no-such-file" kernels add no-such-file
expect 2 "file: neither a Debian package nor" kernels add file
expect 2 "without a kernel" kernels add .
expect 2 "no kernel '6.1'" kernels remove 6.1
if [[ -w /dev/full ]]; then
  "$twlab" list > /dev/full 2> said
  [[ $? == 2 && $(< said) == *"No space left"* ]] || { echo "a full disk went unnoticed"; failed=1; }
fi
if [[ -e out ]]; then
  echo "something was written"
  failed=1
fi
exit "$failed"
