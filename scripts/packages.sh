# Debian packages; sourced by setup.
# shellcheck shell=bash disable=SC2034

# To build and run the labs.
run_packages=(
  build-essential g++ cmake ninja-build pkg-config
  libpcap-dev libtins-dev libcli11-dev libmnl-dev libnftables-dev libbpf-dev libelf-dev libarchive-dev zlib1g-dev
  libpcap-dev libtins-dev libcli11-dev libmnl-dev libnftables-dev libbpf-dev libelf-dev libarchive-dev
  nettle-dev
  nlohmann-json3-dev libfmt-dev libkainjow-mustache-dev
  # CPack asks it which files of a package have dependencies.
  file
  # Other kernels: to run them, and to verify what fetch-kernels downloads.
  qemu-system-x86 debian-archive-keyring
)
# To test them besides: tshark reads the captures back, the clang tools check the sources; what checks
# the manual page, the completions and the formats.
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev tshark python3 git ccache
  # The report in a browser.
  chromium chromium-driver python3-selenium
  man-db mandoc zsh python3-jsonschema libxml2-utils
# To test them besides: tshark reads the captures back, scripts in the shell use ss, the clang tools
# check the sources.
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev tshark iproute2 python3 git ccache
  clang-14 clang-format-14 clang-tidy-14
)
