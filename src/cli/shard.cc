#include "cli/shard.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace twlab::cli {

constexpr size_t most_shards = 10000;

std::optional<Shard> parse_shard(std::string_view text) {
  Shard shard;
  size_t slash = text.find('/');
  if (slash == text.npos) return {};
  auto number = [](std::string_view digits, size_t& n) {
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  bool good = number(text.substr(0, slash), shard.index) &&
              number(text.substr(slash + 1), shard.count) && shard.index >= 1 &&
              shard.index <= shard.count && shard.count <= most_shards;
  return good ? std::optional(shard) : std::nullopt;
}

Duration load(const Task& task) {
  return 1s + (task.lab->heavy ? task.lab->needs : task.lab->needs / 10);
}

std::vector<Task> take(std::span<const Task> tasks, Shard shard) {
  // The largest first, each to whoever has least to do.
  std::vector<size_t> order(tasks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](size_t i) { return load(tasks[i]); });
  std::vector<Duration> loads(shard.count);
  std::vector<bool> mine(tasks.size());
  for (size_t i : order) {
    auto least = std::ranges::min_element(loads);
    *least += load(tasks[i]);
    mine[i] = static_cast<size_t>(least - loads.begin()) + 1 == shard.index;
  }
  std::vector<Task> taken;
  for (size_t i = 0; i < tasks.size(); ++i)
    if (mine[i]) taken.push_back(tasks[i]);
  return taken;
}

}  // namespace twlab::cli
