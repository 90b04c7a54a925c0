// Since a change of 2009, scanning for a free local port no longer slows anything down; and with
// tcp_tw_reuse the kernel takes the next port at once instead of scanning. connect() goes through
// the range port by port and looks for each among the connections to this destination
// (__inet_hash_connect(), __inet_check_established()), bind() to port 0 likewise
// (inet_csk_find_open_port()): both can only be as quick as the first free port is near.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr size_t kPorts = 28'232;  // 32768 to 60999, the default range
constexpr uint16_t kPort = 80;
constexpr int kRounds = 25;
// Medians of the processor time of 25 calls, taken in turn, agree within this, whatever else the
// machine does: beside three busy loops on two processors 0.65 to 1.31 were seen.
constexpr double kSame = 3;

struct Range {
  std::string name;
  size_t used;  // of its ports in TIME_WAIT
  Lab::KernelAndCrowd client;
  std::vector<Duration> connects{}, binds{};
  std::string connect_error{}, bind_error{};
  EventId connect_id = 0, bind_id = 0;
};

Duration median(std::vector<Duration> all) {
  std::nth_element(all.begin(), all.begin() + all.size() / 2, all.end());
  return all[all.size() / 2];
}

// The processor time of one connect() and one bind(), both of which leave nothing behind.
void measure(Range& range) {
  Socket dialling = range.client.host.socket();
  dialling.set_nonblocking(true);
  Result connect = dialling.connect(range.client.crowd.at(kPort));
  dialling.close();  // in SYN_SENT: no socket is left
  range.connects.push_back(connect.cpu);
  range.connect_error = net::errno_name(connect.error);
  range.connect_id = connect.id;
  Socket binding = range.client.host.socket();
  Result bind = binding.bind(range.client.host.at(0));
  binding.close();
  range.binds.push_back(bind.cpu);
  range.bind_error = net::errno_name(bind.error);
  range.bind_id = bind.id;
}

double ratio(const std::vector<Duration>& a, const std::vector<Duration>& b) {
  return os::seconds(median(a)) / os::seconds(median(b));
}

// A client that is filled further and further, for the plot alone; no further on a busy machine,
// where that would take long.
std::list<Range> more_levels(Lab& lab) {
  std::list<Range> levels;
  auto client = lab.kernel_and_crowd("filling");
  client.host.set("net.ipv4.tcp_tw_reuse", "0");
  if (std::stoul(client.host.get("net.ipv4.tcp_max_tw_buckets")) < kPorts)
    client.host.set("net.ipv4.tcp_max_tw_buckets", std::to_string(kPorts));
  Time begin = os::now();
  for (size_t eighths : {1, 2, 3, 5, 6, 7}) {
    if (os::now() > begin + 4s) break;
    size_t before = client.host.count(TIME_WAIT).count;
    client.crowd.dial(kPort, kPorts * eighths / 8 - before);
    Range& level = levels.emplace_back(
        Range{fmt::format("{} eighths", eighths), client.host.count(TIME_WAIT).count, client});
    for (int round = 0; round < 9; ++round) measure(level);
  }
  return levels;
}

void draw(Lab& lab, std::list<Range>& ranges) {
  Plot plot{.title = "The fuller the range of local ports, the longer the search for a free one",
            .note =
                "Ports in TIME_WAIT towards the destination, taken from the lower end of the "
                "range upwards. Each dot is a call, the lines are the medians. bind() starts "
                "at a random port; connect() near where it was successful last, so that it "
                "searches for long or not at all.",
            .x = {.label = "ports taken", .unit = "%"},
            .y = {.label = "time of one call", .unit = "µs", .log = true},
            .series = {{"connect(), median"},
                       {"bind() to port 0, median"},
                       {.name = "connect()", .line = false},
                       {.name = "bind() to port 0", .line = false}}};
  auto micro = [](Duration time) { return os::seconds(time) * 1e6; };
  for (const Range& range : ranges) {
    double percent = 100.0 * double(range.used) / kPorts;
    plot.series[0].points.push_back({percent, micro(median(range.connects))});
    plot.series[1].points.push_back({percent, micro(median(range.binds))});
    for (Duration time : range.connects) plot.series[2].points.push_back({percent, micro(time)});
    for (Duration time : range.binds) plot.series[3].points.push_back({percent, micro(time)});
  }
  lab.plot(std::move(plot));
}

}  // namespace

LAB(ports_scan_costs_nothing,
    {.name = "ports.scan-costs-nothing",
     .story =
         "Clients whose default range is empty, half full, full but for 16 ports, and full of "
         "TIME_WAITs towards one destination connect there and bind to port 0, 25 times in turn. "
         "The full one then with tcp_tw_reuse.",
     .claims = {"ports.scan-costs-nothing", "ports.reuse-skips-scan"},
     .control =
         "two clients with an empty range: the same cost; for tcp_tw_reuse, the same full range "
         "without it",
     .needs = 15s,
     .heavy = true}) {
  std::list<Range> ranges;
  for (auto [name, used] : {std::pair{"empty", size_t(0)},
                            {"empty too", size_t(0)},
                            {"half full", kPorts / 2},
                            {"nearly full", kPorts - 16},
                            {"full", kPorts}}) {
    Range& range = ranges.emplace_back(Range{name, used, lab.kernel_and_crowd(name)});
    Host& host = range.client.host;
    host.set("net.ipv4.tcp_tw_reuse", "0");
    if (std::stoul(host.get("net.ipv4.tcp_max_tw_buckets")) < kPorts)
      host.set("net.ipv4.tcp_max_tw_buckets", std::to_string(kPorts));
    if (used > 0) range.client.crowd.dial(kPort, used);
    size_t waiting = host.count(TIME_WAIT).count;
    if (waiting != used) throw Unexpected(fmt::format("{} of {} in TIME_WAIT", waiting, used));
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Range& range : ranges) measure(range);
    ranges.reverse();  // whoever comes after the full one finds cold caches
  }
  ranges.sort([](const Range& a, const Range& b) { return a.used < b.used; });
  const Range& empty = ranges.front();

  auto compare = [&](Section& section, const Range& range, bool cheap) {
    for (auto [call, times, base, error, id] :
         {std::tuple{"connect()", &range.connects, &empty.connects, &range.connect_error,
                     range.connect_id},
          {"bind() to port 0", &range.binds, &empty.binds, &range.bind_error, range.bind_id}}) {
      double factor = ratio(*times, *base);
      section.is(fmt::format("{}, range {}", call, range.name), (factor <= kSame) == cheap,
                 cheap ? "at most 3 times what it costs with an empty range" : "more than 3 times",
                 fmt::format("{:.1f} times ({} against {}, {})", factor, os::show(median(*times)),
                             os::show(median(*base)), *error),
                 {id});
    }
  };
  Section& same = lab.control("another client with an empty range");
  compare(same, *std::next(ranges.begin()), true);
  Section& scan = lab.section("the fuller the range");
  for (auto range = std::next(ranges.begin(), 2); range != ranges.end(); ++range)
    compare(scan, *range, true);

  Range& full = ranges.back();
  Section& without = lab.control("the full range, without tcp_tw_reuse");
  double before = ratio(full.connects, empty.connects);
  without.is("connect(), range full", before > kSame,
             "more than 3 times what it costs with an empty range",
             fmt::format("{:.0f} times ({})", before, full.connect_error), {full.connect_id});

  lab.wait(1200ms, "the first second of TIME_WAIT, in which tcp_tw_reuse does nothing");
  full.client.host.set("net.ipv4.tcp_tw_reuse", "1");
  auto before_reuse = std::exchange(full.connects, {});
  for (int round = 0; round < kRounds; ++round) measure(full);
  Section& reuse = lab.section("the full range, with tcp_tw_reuse = 1");
  double with = ratio(full.connects, empty.connects);
  reuse.is("connect(), range full", with <= kSame,
           "at most 3 times what it costs with an empty range",
           fmt::format("{:.1f} times ({} against {})", with, os::show(median(full.connects)),
                       os::show(median(empty.connects))),
           {full.connect_id});
  reuse.equal("it begins a connection", full.connect_error, "EINPROGRESS", {full.connect_id});

  lab.judge("ports.scan-costs-nothing", scan, same)
      .because(fmt::format(
          "connect() takes {} of processor time with an empty range, {} with a full one ({:.0f} "
          "times)",
          os::show(median(empty.connects)),
          os::show(Duration(int64_t(before * double(median(empty.connects).count())))), before));
  lab.judge("ports.reuse-skips-scan", reuse, without)
      .because(fmt::format(
          "a full range makes connect() {:.0f} times as long without it, {:.1f} times with it",
          before, with));

  full.connects = std::move(before_reuse);
  full.binds.resize(kRounds);  // without those of the last rounds
  ranges.pop_front();          // one of the two empty ones
  ranges.splice(ranges.end(), more_levels(lab));
  ranges.sort([](const Range& a, const Range& b) { return a.used < b.used; });
  draw(lab, ranges);
}
