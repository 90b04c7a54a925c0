#!/usr/bin/env bash
# What is printed and written is what other programs take: prove, CI servers, JSON Schema.
# formats.sh TWLAB SOURCE_TREE
set -uo pipefail
twlab=$1 root=$2 failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
labs=(close.four-segments recycle.exists)  # one is confirmed anywhere, one absent since Linux 4.12

# expect CODE PATTERN COMMAND...
expect() {
  local code=$1 pattern=$2 said got=0
  shift 2
  said=$("$@" 2>&1) || got=$?
  if ((got != code)) || ! [[ $said =~ $pattern ]]; then
    printf '%s: exit %s (wanted %s and %s), said:\n%s\n' "$*" "$got" "$code" "$pattern" "$said"
    failed=1
  fi
}

run() { "$twlab" run --family inet "$@"; }

run "${labs[@]}" -o first --format junit > junit.xml || failed=1
sed 's/"verdict": "confirmed"/"verdict": "refuted"/' first/results.json > other.json

tap="$twlab run --family inet --format tap"
expect 0 "Result: PASS" prove -e "$tap" "${labs[@]}"
expect 1 "four-segments.*Failed 1/1 subtests.*Result: FAIL" prove -e "$tap --expect other.json" "${labs[@]}"
run "${labs[@]}" --format tap > both.tap
expect 0 "Result: PASS" prove both.tap

run "${labs[@]}" -o second --format junit --expect other.json > failing.xml 2> /dev/null
xsd=$root/tests/lab/junit.xsd
expect 0 validates xmllint --noout --schema "$xsd" junit.xml failing.xml
expect 0 '^0 1$' xmllint --xpath 'concat(//testsuite/@failures, " ", count(//skipped))' junit.xml
expect 0 '^1 expected refuted' \
  xmllint --xpath 'concat(//testsuite/@failures, " ", //failure/@message)' failing.xml

# The same again as of another kernel: side by side they make a matrix.
sed -i "s/\"kernel\": \"$(uname -r)\"/\"kernel\": \"5.4.0-other\"/" second/results.json
"$twlab" merge first second -o both > /dev/null || failed=1
expect 0 '^$' "$root/tests/unit/schema_test.py" "$root/docs/results.schema.json" {first,both}/results.json
exit "$failed"
