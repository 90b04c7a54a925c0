#include "report/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "os/error.h"
#include "os/file.h"
#include "report/read.h"
#include "report/write.h"

namespace twlab::report {
namespace {

namespace fs = std::filesystem;

// The results of one kernel in one of the parts.
struct Piece {
  fs::path folder;
  Run run;
};

// A folder beside `out` that becomes it, or goes away.
class Unfinished {
 public:
  explicit Unfinished(fs::path out) : out_(std::move(out)) {
    if (fs::exists(out_) && !(fs::is_directory(out_) && fs::is_empty(out_)))
      throw std::runtime_error(out_.string() + " is there already: name a new folder");
    fs::path parent = fs::absolute(out_).parent_path();
    fs::create_directories(parent);
    std::string name = fs::absolute(out_).string() + ".XXXXXX";
    os::check(mkdtemp(name.data()) ? 0 : -1, "making a folder in " + parent.string());
    folder_ = name;
    // mkdtemp's is for its owner alone.
    fs::permissions(folder_, fs::status(parent).permissions());
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  const fs::path& folder() const { return folder_; }
  void finish() {
    fs::rename(folder_, out_);
    folder_.clear();
  }

 private:
  fs::path out_, folder_;
};

[[noreturn]] void refuse(const Piece& a, const Piece& b, const std::string& what) {
  throw std::runtime_error(fmt::format("{} and {} do not fit together on Linux {}: {}",
                                       a.folder.string(), b.folder.string(), a.run.kernel, what));
}

void check_alike(const Piece& a, const Piece& b) {
  auto need = [&](const auto& x, const auto& y, const char* what) {
    if (x != y) refuse(a, b, fmt::format("{} {} and {}", what, x, y));
  };
  need(a.run.program_version, b.run.program_version, "made by twlab");
  if (a.run.program_version != TWLAB_VERSION)
    refuse(a, b,
           fmt::format("made by twlab {}, and this is " TWLAB_VERSION, a.run.program_version));
  need(a.run.machine, b.run.machine, "machines");
  need(a.run.classic_pcap ? "pcap" : "pcapng", b.run.classic_pcap ? "pcap" : "pcapng", "captures");
  need(a.run.root ? "root" : "no root", b.run.root ? "root" : "no root", "run by");
  const auto &x = a.run.guest, &y = b.run.guest;
  if (x.has_value() != y.has_value()) refuse(a, b, "one ran in a guest, the other did not");
  if (!x) return;
  need(x->source, y->source, "kernels");
  need(x->emulator, y->emulator, "emulators");
  need(x->seed, y->seed, "seeds");
  need(x->program_sha256, y->program_sha256, "programs inside, by their SHA-256,");
  need(x->initramfs_sha256, y->initramfs_sha256, "libraries or modules, by their SHA-256,");
  need(x->image_sha256, y->image_sha256, "images, by their SHA-256,");
  need(x->command_line, y->command_line, "command lines of QEMU:");
  need(x->real_time ? "real" : "skipping idle", y->real_time ? "real" : "skipping idle", "time");
}

// Of one lab and family, all repetitions in their order.
using Repetitions = std::vector<size_t>;
using Test = std::pair<std::string, Family>;

std::map<Test, Repetitions> tests_of(const Run& run) {
  std::map<Test, Repetitions> tests;
  for (size_t i = 0; i < run.results.size(); ++i)
    tests[{run.results[i].lab, run.results[i].family}].push_back(i);
  return tests;
}

std::vector<std::string> evidence(const LabResult& result, int repetition, const Run& run) {
  return {recording_file(result, repetition), capture_file(result, repetition, run.classic_pcap)};
}

bool same_verdicts(const LabResult& a, const LabResult& b) {
  return a.error == b.error &&
         std::ranges::equal(a.verdicts, b.verdicts, [](const auto& x, const auto& y) {
           return x.claim == y.claim && x.verdict == y.verdict;
         });
}

bool same(const Piece& a, const Repetitions& of_a, const Piece& b, const Repetitions& of_b) {
  if (of_a.size() != of_b.size()) return false;
  for (size_t i = 0; i < of_a.size(); ++i) {
    const LabResult &x = a.run.results[of_a[i]], &y = b.run.results[of_b[i]];
    if (!same_verdicts(x, y)) return false;
    for (const auto& file : evidence(x, static_cast<int>(i) + 1, a.run))
      if (os::read_file(a.folder / file) != os::read_file(b.folder / file)) return false;
  }
  return true;
}

// The results of all pieces, as one run whose evidence is in `folder`.
Run join(const std::vector<Piece>& pieces, const fs::path& folder) {
  Run run = pieces.front().run;
  run.results.clear();
  run.shard.reset();
  std::map<Test, std::pair<const Piece*, Repetitions>> all;
  for (const Piece& piece : pieces) {
    if (&piece != &pieces.front()) {
      check_alike(pieces.front(), piece);
      run.begin = std::min(run.begin, piece.run.begin);
      run.took = std::max(run.took, piece.run.took);
      run.interrupted |= piece.run.interrupted;
      if (run.trouble.empty()) run.trouble = piece.run.trouble;
      if (piece.run.command != pieces.front().run.command) run.command += "; " + piece.run.command;
    }
    for (const auto& [test, results] : tests_of(piece.run)) {
      auto [at, added] = all.try_emplace(test, &piece, results);
      const auto& [other, its] = at->second;
      if (!added && !same(*other, its, piece, results))
        refuse(*other, piece,
               fmt::format("both have {} ({}), and with other evidence", test.first,
                           twlab::name(test.second)));
    }
  }
  for (const auto& [test, owned] : all) {
    const auto& [piece, results] = owned;
    for (size_t i = 0; i < results.size(); ++i) {
      LabResult result = piece->run.results[results[i]];
      int repetition = static_cast<int>(i) + 1;
      for (const auto& file : evidence(result, repetition, run)) {
        fs::create_directories((folder / file).parent_path());
        fs::copy_file(piece->folder / file, folder / file);
      }
      result.recording = read_recording(folder, result, repetition);
      run.results.push_back(std::move(result));
    }
  }
  if (pieces.size() > 1) {
    run.claims.clear();
    run.labs.clear();
    run.topics.clear();
    describe(run);
  }
  return run;
}

// Of parts that are shards each has to be there: what a missing one would have judged is missing in
// the whole without a word.
void check_complete(const std::map<std::string, std::vector<Piece>>& kernels) {
  std::map<size_t, fs::path> folders;  // by the shard's index
  const Piece* first = nullptr;
  for (const auto& [kernel, pieces] : kernels)
    for (const Piece& piece : pieces) {
      if (!piece.run.shard) continue;
      if (!first) first = &piece;
      if (piece.run.shard->count != first->run.shard->count)
        throw std::runtime_error(
            fmt::format("{} is a shard of {}, and {} one of {}: they are not of one run",
                        first->folder.string(), first->run.shard->count, piece.folder.string(),
                        piece.run.shard->count));
      folders.emplace(piece.run.shard->index, piece.folder);
    }
  std::vector<size_t> missing;
  for (size_t i = 1; first && i <= first->run.shard->count; ++i)
    if (!folders.contains(i)) missing.push_back(i);
  if (!missing.empty())
    throw std::runtime_error(fmt::format(
        "shard {} of {} is missing: name its folder too, or merge what is there with --partial",
        fmt::join(missing, ", "), first->run.shard->count));
}

}  // namespace

void merge(const std::vector<fs::path>& parts, const fs::path& out, bool partial) {
  std::map<std::string, std::vector<Piece>> kernels;
  bool plain = true;
  for (const auto& part : parts) {
    auto folders = kernel_folders(part);
    plain &= folders.empty();
    if (folders.empty()) folders = {part};
    for (const auto& folder : folders) {
      Run run = read_results(results_file(folder));
      std::string kernel = run.kernel;
      kernels[kernel].push_back({folder, std::move(run)});
    }
  }
  plain &= kernels.size() == 1;
  if (!partial) check_complete(kernels);

  Unfinished unfinished(out);
  std::vector<PlacedRun> runs;
  for (const auto& [kernel, pieces] : kernels) {
    fs::path folder = plain ? unfinished.folder() : unfinished.folder() / kernel;
    fs::create_directories(folder);
    Run run = join(pieces, folder);
    write_summary(run, folder);
    if (!plain) runs.push_back({std::move(run), kernel});
  }
  if (!plain) write_summary(make_matrix(std::move(runs)), unfinished.folder());
  unfinished.finish();
}

}  // namespace twlab::report
