// How fast a crowd brings connections into TIME_WAIT, at a kernel server and at a kernel client.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "lab/lab.h"

using namespace twlab;

namespace {

const LabInfo kInfo{.name = "bench", .story = "", .claims = {}, .control = ""};

// Runs the wave in a fresh testbed; its uncaptured part is what counts.
void measure(benchmark::State& state, const std::function<CrowdResult(Host&, Crowd&)>& wave,
             size_t count) {
  os::isolate();
  double connections = 0, processor = 0;
  auto used = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  };
  for (auto _ : state) {
    Lab lab(kInfo, state.range(0) == 4 ? Family::inet : Family::inet6,
            [](const std::string&, Time) {});
    auto [host, crowd] = lab.kernel_and_crowd();
    host.set("net.ipv4.tcp_max_tw_buckets", "262144");
    double before = used();
    CrowdResult result = wave(host, crowd);
    processor += used() - before;
    if (result.ended != count || host.count(TIME_WAIT).count != count)
      state.SkipWithError("not all connections came into TIME_WAIT");
    state.SetIterationTime(os::seconds(result.took));
    connections += double(result.uncaptured);
  }
  state.counters["connections/s"] = benchmark::Counter(connections, benchmark::Counter::kIsRate);
  // What it would be on an idle machine; the other number falls when others want the processor.
  state.counters["processor us/connection"] = processor / connections * 1e6;
}

}  // namespace

static void server_connections_into_time_wait(benchmark::State& state) {
  measure(
      state,
      [](Host& host, Crowd& crowd) {
        Socket listener = host.listen(5000);
        return crowd.connect(listener, 89'262);
      },
      89'262);
}
BENCHMARK(server_connections_into_time_wait)
    ->Arg(4)
    ->Arg(6)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5);

static void client_connections_into_time_wait(benchmark::State& state) {
  measure(
      state,
      [](Host& host, Crowd& crowd) {
        host.set("net.ipv4.ip_local_port_range", "10000 65535");
        return crowd.dial(80, 40'000);
      },
      40'000);
}
BENCHMARK(client_connections_into_time_wait)
    ->Arg(4)
    ->Arg(6)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5);
