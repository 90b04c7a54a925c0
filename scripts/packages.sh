# Debian packages; sourced by setup.
# shellcheck shell=bash disable=SC2034

# To build and run the labs.
run_packages=(
  build-essential g++ cmake ninja-build pkg-config
  libpcap-dev libtins-dev libcli11-dev libmnl-dev libnftables-dev libbpf-dev libelf-dev libarchive-dev zlib1g-dev
  nettle-dev nlohmann-json3-dev libfmt-dev libkainjow-mustache-dev
  # CPack asks it which files of a package have dependencies.
  file
  # Other kernels: to run them, and to verify what fetch-kernels downloads.
  qemu-system-x86 debian-archive-keyring
)
# To test them besides: tshark reads the captures back, scripts in the shell use ss, a browser shows the
# report; what checks the manual page, the completions and the formats; the clang tools check the sources.
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev tshark iproute2 python3 git ccache
  chromium chromium-driver python3-selenium
  man-db mandoc zsh python3-jsonschema libxml2-utils
  clang-14 clang-format-14 clang-tidy-14
)
