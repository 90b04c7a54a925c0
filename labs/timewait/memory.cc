// What a TIME_WAIT socket costs: the size of its struct by the kernel's type information, and what
// the allocator really hands out, which is whole cache lines. A connection that comes in shares the
// listener's bind bucket; one that goes out has a port of its own and with it a bucket
// (inet_bind_bucket_create()), since 6.1 one more for port and address (inet_bind2_bucket). 10 MB
// and 2.5 MB are read as 2^20 bytes each, which is the more generous way.
#include <set>

#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr size_t kSockets = 40'000;
constexpr double kMega = 1024.0 * 1024.0;

struct Cost {
  size_t size = 0;   // of the struct
  size_t taken = 0;  // by each, in its slab
  Section::Evidence evidence{};
};

// SLAB_HWCACHE_ALIGN, where the allocator itself cannot be asked.
size_t whole_lines(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

Cost cost(Lab& lab, const std::string& type, const std::string& cache) {
  auto slab = lab.slab(cache);
  std::optional<Size> size;
  try {
    size = lab.struct_size(type);
  } catch (const NotMeasurable&) {
    if (!slab || slab->asked_size == 0) throw;
  }
  Cost cost;
  if (size) {
    cost = {size->bytes, whole_lines(size->bytes), {size->id}};
  } else if (slab) {
    cost.size = slab->asked_size;
  }
  if (slab) cost.taken = slab->object_size;
  return cost;
}

std::string megabytes(size_t bytes) {
  return fmt::format("{:.2f} MB", double(bytes) / kMega);
}

// How many objects more the cache holds than before, as far as that may be known; for the reader
// only, since whatever else the machine does is counted too.
void tell_growth(Lab& lab, const std::string& cache, const std::optional<net::Slab>& before) {
  auto after = lab.slab(cache);
  if (before && after)
    lab.mark(fmt::format("slab {}: {} objects more", cache,
                         int64_t(after->objects) - int64_t(before->objects)));
}

}  // namespace

LAB(timewait_memory,
    {.name = "timewait.memory",
     .story =
         "40,000 connections that come in and 40,000 that go out, left in TIME_WAIT; the bytes "
         "each takes by BTF and, for root, by the slabs that grow.",
     .claims = {"timewait.memory"},
     .control = "40,000 ESTABLISHED sockets take far more than 10 MB",
     .needs = 12s,
     .heavy = true}) {
  bool inet = lab.family() == Family::inet;
  std::string version = inet ? "" : "v6", tw_cache = "tw_sock_TCP" + version;
  Cost socket = cost(lab, "tcp_timewait_sock", tw_cache);

  Section& one = lab.section("one TIME_WAIT socket");
  one.equal("bytes of struct tcp_timewait_sock", socket.size, 168u, socket.evidence);

  auto inbound = lab.kernel_and_crowd("server");
  inbound.host.set("net.ipv4.tcp_max_tw_buckets", "262144");
  Socket listener = inbound.host.listen(5000);
  Section& in = lab.section("40,000 connections that came in");
  auto sockets_before = lab.slab(tw_cache), buckets_before = lab.slab("tcp_bind_bucket");
  CrowdResult came = inbound.crowd.connect(listener, kSockets);
  auto in_wait = inbound.host.count(TIME_WAIT);
  if (in_wait.count != kSockets) throw Unexpected(fmt::format("{} in TIME_WAIT", in_wait.count));
  size_t in_bytes = in_wait.count * socket.taken;
  in.is("they take, in whole cache lines", in_bytes < 10 * kMega, "less than 10 MB",
        megabytes(in_bytes), {came.id, in_wait.id});
  tell_growth(lab, tw_cache, sockets_before);
  tell_growth(lab, "tcp_bind_bucket", buckets_before);

  auto outbound = lab.kernel_and_crowd("client");
  outbound.host.set("net.ipv4.tcp_max_tw_buckets", "262144");
  outbound.host.set("net.ipv4.ip_local_port_range", "10000 65535");
  Section& out = lab.section("40,000 connections that went out");
  Cost bucket = cost(lab, "inet_bind_bucket", "tcp_bind_bucket"), second;
  if (lab.struct_size("inet_bind2_bucket"))
    second = cost(lab, "inet_bind2_bucket", "tcp_bind2_bucket");
  buckets_before = lab.slab("tcp_bind_bucket");
  CrowdResult went = outbound.crowd.dial(80, kSockets);
  auto out_wait = outbound.host.count(TIME_WAIT);
  std::set<uint16_t> ports;
  for (const auto& tw : outbound.host.sockets(1u << unsigned(TIME_WAIT)))
    ports.insert(tw.tuple.local.port);
  if (out_wait.count != kSockets) throw Unexpected(fmt::format("{} in TIME_WAIT", out_wait.count));
  size_t more = ports.size() * (bucket.taken + second.taken);
  out.is(fmt::format("bind buckets of their {} ports ({} + {} bytes each) take besides",
                     ports.size(), bucket.taken, second.taken),
         more <= 2.5 * kMega, "at most 2.5 MB", megabytes(more), {went.id, out_wait.id});
  // The two kinds of bucket are of about one size and mostly share a cache.
  tell_growth(lab, "tcp_bind_bucket", buckets_before);

  Section& control = lab.control("40,000 ESTABLISHED sockets");
  auto full = lab.kernel_and_crowd("full");
  Socket waiting = full.host.listen(5000, 50'000);
  CrowdResult stay = full.crowd.connect(waiting, kSockets, Ending::none);
  auto established = full.host.count(ESTABLISHED);
  Cost whole = cost(lab, inet ? "tcp_sock" : "tcp6_sock", inet ? "TCP" : "TCPv6");
  size_t bytes = established.count * whole.taken;
  control.is("they take", established.count == kSockets && bytes >= 10 * kMega, "10 MB or more",
             megabytes(bytes), {stay.id, established.id});
  control.is("bytes of struct tcp_sock", whole.size > 168, "more than 168",
             fmt::format("{}", whole.size), whole.evidence);

  lab.judge("timewait.memory", {&one, &in, &out}, control)
      .because(fmt::format(
          "struct tcp_timewait_sock has {} bytes and takes {}; {} of them take {}, going out {} "
          "more for bind buckets ({} + {} bytes a port); as many ESTABLISHED ones take {}",
          socket.size, socket.taken, kSockets, megabytes(in_bytes), megabytes(more), bucket.taken,
          second.taken, megabytes(bytes)));
  auto line = [](const std::string& name, double each, size_t sockets) {
    double kilo = each / 1024;
    return Plot::Series{name, {{1, kilo}, {double(sockets), kilo * double(sockets)}}};
  };
  lab.plot(
      {.title = "What sockets take, one and 40,000",
       .note = "Bytes as the allocator hands them out, times the sockets that sock_diag counts; a "
               "port's bind buckets included where connections went out.",
       .x = {.label = "sockets", .log = true},
       .y = {.label = "memory", .unit = "KiB", .log = true},
       .series = {line("ESTABLISHED", double(whole.taken), established.count),
                  line("TIME_WAIT, went out",
                       double(out_wait.count * socket.taken + more) / kSockets, out_wait.count),
                  line("TIME_WAIT, came in", double(socket.taken), in_wait.count)},
       .marks = {{10 * 1024, "10 MB: the claim for 40,000 that came in"}}});
}
