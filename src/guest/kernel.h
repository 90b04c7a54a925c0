// The kernels that guests can run: a folder with one folder for each, RELEASE/ with the image, the
// few modules that labs need, and kernel.json that describes them.
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twlab::guest {

// What labs need: the first without exception, the second for a masquerading router. Each also what
// it depends on. `dummy` is for interfaces that lead nowhere.
inline const std::vector<std::string> lab_modules{"veth", "inet_diag", "tcp_diag"};
inline const std::vector<std::string> nat_modules{"nf_tables", "nft_ct", "nft_chain_nat",
                                                  "nft_masq"};
inline const std::vector<std::string> other_modules{"dummy"};

struct Module {
  std::string name;
  std::filesystem::path path;        // of the .ko, neither compressed nor signed
  std::vector<std::string> depends;  // names of modules that are kept, too, or built in
};

struct Kernel {
  std::string release;          // "6.1.0-37-cloud-amd64", as uname -r says it
  std::string source;           // "linux-image-… 6.1.140-1" or the path that it was added from
  std::string added;            // the day, UTC: "2026-01-31"
  std::filesystem::path image;  // for QEMU's -kernel
  std::vector<Module> modules;  // by name
  std::set<std::string> builtin;
};

// $TWLAB_KERNELS, or $XDG_CACHE_HOME/twlab/kernels, or ~/.cache/twlab/kernels.
std::filesystem::path kernel_store();

// All that are in the store, the oldest first. Throws std::runtime_error or std::system_error,
// naming the file, when one of them cannot be read.
std::vector<Kernel> kernels();

// By release or the beginning of one that ends with a component: "6.1" is 6.1.0-37-cloud-amd64 and
// not 6.12.8; of several the newest. Throws std::runtime_error that names those known.
Kernel find_kernel(std::string_view name);
// Each once, in the order of their names; "all" is all of them, the oldest first.
std::vector<Kernel> find_kernels(std::span<const std::string> names);

// Modules of those names and what they depend on, in an order in which they load; without those
// that the kernel has built in. A name that it does not have at all is added to `missing`.
std::vector<Module> modules_needed(const Kernel& kernel, std::span<const std::string> names,
                                   std::vector<std::string>* missing = nullptr);

// Takes a kernel out of the store: by its whole release. Throws like find_kernel.
void remove_kernel(std::string_view release);

// Whether it may be the release of a kernel: "6.1.0-37-cloud-amd64", "7.2.13+deb14-amd64".
bool is_release(std::string_view text);

// A JSON object with all of it; paths as they are in it. kernel.json has them relative to its
// folder.
std::string as_json(const Kernel& kernel);
// An array of such objects.
std::string as_json(const std::vector<Kernel>& kernels);

}  // namespace twlab::guest
