// A part of the work of a run, for several machines.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lab/runner.h"

namespace twlab::cli {

struct Shard {
  size_t index = 1, count = 1;  // "1/1": all
};

// "2/3"; none when it is anything else than I/N with 1 <= I <= N <= 10000.
std::optional<Shard> parse_shard(std::string_view text);

// What the machine is busy with while the task runs: a lab that waits leaves room for others, a
// heavy one does not.
Duration load(const Task& task);

// Each task is in one shard out of `count`, the same whenever the tasks are the same; the shards'
// loads differ by not more than that of one task.
std::vector<Task> take(std::span<const Task> tasks, Shard shard);

}  // namespace twlab::cli
