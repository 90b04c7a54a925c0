# Functions to build a preset; sourced by lab and test.
# shellcheck shell=bash

# build PRESET [cmake argument...]: configures and builds, quietly unless it fails. On a terminal
# ninja shows how far it is.
build() {
  local preset=$1 log
  shift
  command -v ccache > /dev/null && set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  log=$(mktemp)
  if ! (cd "$root" && cmake --preset "$preset" "$@") > "$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  local quiet=(--quiet)
  [[ -t 1 ]] && quiet=()
  ninja -C "$root/build/$preset" "${quiet[@]}" >&2
}
