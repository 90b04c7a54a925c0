// Labs of a guest in trouble, and one that compares its clocks.
#include <fmt/format.h>
#include <sys/io.h>
#include <unistd.h>
#include <x86intrin.h>

#include <thread>

#include "lab/lab.h"

namespace twlab {
namespace {

// QEMU's real-time clock (MC146818), which counts by itself and is no part of the kernel's
// timekeeping; the guest's first process may use ports.
int rtc_register(uint8_t number) {
  outb(number, 0x70);
  int decimal = inb(0x71);  // two digits
  return decimal / 16 * 10 + decimal % 16;
}
Duration rtc() {
  return std::chrono::minutes(rtc_register(2)) + std::chrono::seconds(rtc_register(0));
}

Duration monotonic() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec);
}

struct Reading {
  Duration rtc, monotonic, realtime, tsc, frame, time_wait_left;
};

}  // namespace

LAB(clocks, {.name = "test.clocks",
             .story = "Reads every clock there is at three ticks of the machine's real-time clock.",
             .claims = {"test.clocks"},
             .control = "a reading one second later is another",
             .needs = 60s}) {
  constexpr Duration sleep = 40s, rest = 9'900ms, between_looks = 100us;
  auto hosts = lab.two_kernels();
  Connection talking = lab.connect(hosts.client, hosts.server, 5000);
  Socket& client = talking.client;
  auto [closed, passive] = lab.connect(hosts.client, hosts.server, 5001);
  Tuple waiting = lab.into_time_wait(hosts.client, closed, passive);

  auto read_at_tick = [&] {
    Reading now{};
    for (Duration before = rtc(); (now.rtc = rtc()) == before;) {
      timespec t{0, between_looks.count()};
      nanosleep(&t, nullptr);
    }
    now.monotonic = monotonic();
    now.realtime = os::now().time_since_epoch();
    now.tsc = Duration(__rdtsc());  // of 1 GHz
    EventId mark = lab.mark("a tick of the real-time clock");
    client.need(client.send("tick"));
    now.time_wait_left = hosts.client.find(waiting)->timer_left;
    talking.server.recv();
    now.frame = first(lab.trace(hosts.client, client.tuple(), mark), {.flags = PSH | ACK})
                    .time.time_since_epoch();
    return now;
  };
  auto compare = [](Section& section, const Reading& a, const Reading& b, Duration apart) {
    auto within = [&](const char* what, Duration got, Duration slack, const char* why) {
      section.within(what, got, apart - slack, apart + slack, why);
    };
    const char* looks = "looks are 100 us and a timer's slack apart";
    section.equal("real-time clock", os::show((b.rtc - a.rtc + 1h) % 1h), os::show(apart));
    within("CLOCK_MONOTONIC", b.monotonic - a.monotonic, 1ms, looks);
    within("CLOCK_REALTIME", b.realtime - a.realtime, 1ms, looks);
    within("TSC", b.tsc - a.tsc, 1ms, looks);
    within("captured frames", b.frame - a.frame, 2ms, "system calls lie between");
    within("TIME_WAIT's timer", a.time_wait_left - b.time_wait_left, 9ms, "two jiffies of 4 ms");
  };

  Section& apart = lab.section("fifty seconds");
  Reading a = read_at_tick();
  Duration begin = monotonic();
  std::this_thread::sleep_for(sleep);
  apart.within("a sleep", monotonic() - begin, sleep, sleep + 1ms, "a timer's slack is 50 us");
  lab.wait(rest, "the rest of fifty seconds");
  Reading b = read_at_tick();
  compare(apart, a, b, 50s);
  Section& later = lab.control("one second");
  compare(later, b, read_at_tick(), 1s);
  lab.judge("test.clocks", apart, later);
}

// A setting that all kernels have in the first namespace alone stands for those that old ones have
// there.
LAB(shared_setting, {.name = "test.shared",
                     .story = "Changes a setting that all hosts have in common.",
                     .claims = {"test.shared"},
                     .control = "two hosts that want different values"}) {
  const std::string orphans = "net.ipv4.tcp_max_orphans";
  auto [client, server] = lab.two_kernels();
  std::string before = client.get(orphans);
  Section& section = lab.section("set at one host");
  client.set(orphans, "1234");
  section.equal("read at the other", server.get(orphans), "1234");
  section.equal("what the kernel sets it to", lab.default_of(orphans), before);
  server.set(orphans, "1234");  // the same value is no conflict
  Section& control = lab.control("another value at the other host");
  std::string refusal;
  try {
    server.set(orphans, "4321");
  } catch (const NotMeasurable& conflict) {
    refusal = conflict.what();
  }
  control.equal("refused", refusal,
                "this kernel has one net.ipv4.tcp_max_orphans for all hosts: it cannot be 1234 at "
                "client and 4321 at server");
  control.equal("the setting", client.get(orphans), "1234");
  lab.judge("test.shared", section, control);
}

LAB(hanging,
    {.name = "test.hang", .story = "Never ends.", .claims = {"test.hang"}, .control = "none"}) {
  for (volatile bool forever = true; forever;) {
  }
}

LAB(panicking, {.name = "test.panic",
                .story = "Ends the guest's first process, without which there is no system.",
                .claims = {"test.panic"},
                .control = "none"}) {
  _exit(1);
}

}  // namespace twlab
