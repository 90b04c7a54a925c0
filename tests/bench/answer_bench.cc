// From a crafted segment to the kernel's captured answer: the round trip every lab is made of.
#include <benchmark/benchmark.h>

#include "lab/lab.h"

using namespace twlab;

static void answer_to_a_crafted_segment(benchmark::State& state) {
  os::isolate();
  LabInfo info{.name = "bench", .story = "", .claims = {}, .control = ""};
  Lab lab(info, state.range(0) == 4 ? Family::inet : Family::inet6,
          [](const std::string&, Time) {});
  auto [host, peer] = lab.kernel_and_peer();
  lab.listener(host, 5000);
  auto connection = peer.connect(40000, host.at(5000));
  for (auto _ : state) {
    // An octet that was received before is acknowledged at once, and nothing else happens.
    connection.send({.seq = connection.snd_nxt() - 1, .payload = "x"});
    if (!connection.expect({.flags = ACK})) state.SkipWithError("no answer");
  }
}
BENCHMARK(answer_to_a_crafted_segment)->Arg(4)->Arg(6)->Iterations(300)->Repetitions(9);

static void a_testbed_of_two_kernels(benchmark::State& state) {
  os::isolate();
  LabInfo info{.name = "bench", .story = "", .claims = {}, .control = ""};
  for (auto _ : state) {
    Lab lab(info, Family::inet, [](const std::string&, Time) {});
    benchmark::DoNotOptimize(lab.two_kernels());
  }
}
BENCHMARK(a_testbed_of_two_kernels)->Unit(benchmark::kMillisecond)->Iterations(20)->Repetitions(5);

BENCHMARK_MAIN();
