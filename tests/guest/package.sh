#!/usr/bin/env bash
# The Debian package has all that the program needs where it is installed: package.sh BUILD_FOLDER
set -euo pipefail
build=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "$*" >&2
  exit 1
}

(cd "$build" && cpack -B "$folder" > "$folder/log" 2>&1) || { cat "$folder/log"; exit 1; }
packages=("$folder"/twlab_*_*.deb)
dpkg-deb -x "${packages[0]}" "$folder/root"
dpkg-deb -f "${packages[0]}" Depends | grep -q libpcap || fail "the package depends on no libraries"
cd "$folder"
twlab=$folder/root/usr/bin/twlab share=$folder/root/usr/share
for file in man/man1/twlab.1.gz bash-completion/completions/twlab zsh/vendor-completions/_twlab \
  twlab/results.schema.json doc/twlab/{copyright,changelog.gz,CHANGELOG.md,README.md,docs/claims.md}; do
  [[ -s $share/$file ]] || fail "no $file"
done
[[ $("$twlab" list --format names) == *timewait.sixty-seconds* ]] || fail "no labs"
"$twlab" run close.four-segments --family inet -o here > /dev/null

# The program that runs inside of guests is found, and does.
kernel=$("$twlab" kernels --format names | head -n 1)
[[ $kernel ]] || fail "no kernels: run scripts/fetch-kernels"
"$twlab" run close.four-segments --family inet --kernel "$kernel" -o there > /dev/null
"$twlab" diff here "there/$kernel" > /dev/null || fail "close.four-segments differs under $kernel"

# fetch-kernels finds the program that it was installed with, and fails later, as there is nothing to fetch.
mkdir empty
said=$(HOME=$PWD root/usr/libexec/twlab/fetch-kernels --mirror "file:$PWD/empty" 2>&1) &&
  fail "fetched kernels from an empty folder"
[[ $said == *"no list of packages for bullseye"* ]] || fail "fetch-kernels: $said"
