// Do tens of thousands of TIME_WAIT sockets slow a server down? They stand in the table in which
// the kernel looks up every segment (__inet_lookup_established()), so they would, were its chains
// long; with as many buckets as a server has they are not. Each server here has a table of its own,
// since hosts otherwise share one and would all be slowed down alike. Rounds are short and the
// servers take turns in each, so that whatever else the machine does meets all of them: what counts
// is the median, over the rounds, of the ratio within a round.
#include <algorithm>

#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr size_t kRounds = 200, kBatch = 64, kAlone = 4;
constexpr size_t kBuckets = 262'144;  // what the kernel gives a machine with 32 GB
constexpr size_t kFew = 2'048;        // a chain has 44 sockets then
constexpr double kTolerance = 1.15;

struct Server {
  Crowd& crowd;
  Socket listener;
  size_t waiting = 0;
  EventId id = 0;
  std::vector<double> batch{}, alone{};  // seconds a connection, by round
};

Server serve(Lab& lab, const std::string& name, size_t buckets, size_t waiting) {
  Host& host = lab.host_with_table(name, buckets);
  host.set("net.ipv4.tcp_max_tw_buckets", "262144");
  Server server{lab.crowd(host), host.listen(5000)};
  server.crowd.connect(server.listener, 3, Ending::crowd_first);  // for the capture
  if (waiting > 0) server.crowd.connect(server.listener, waiting);
  auto counted = host.count(TIME_WAIT, 5000);
  if (counted.count != waiting)
    throw Unexpected(fmt::format("{} in TIME_WAIT at {}", counted.count, name));
  server.waiting = waiting;
  server.id = counted.id;
  return server;
}

// The clients close first, so that the server keeps nothing of them.
double visit(Server& server, size_t first, size_t count) {
  Duration took = server.crowd.visit(server.listener, first, count);
  if (took == 0s) throw Unexpected("the server did not serve all connections");
  return os::seconds(took) / double(count);
}

void measure(Server& server, size_t round) {
  size_t first = 100'000 + round % 50 * 1'000;
  visit(server, first, kBatch / 8);  // its own data come into the caches
  server.batch.push_back(visit(server, first, kBatch));
  double sum = 0;
  for (size_t i = 1; i <= kAlone; ++i) sum += visit(server, first + 200 * i, 1);
  server.alone.push_back(sum / kAlone);
}

double median(std::vector<double> values) {
  auto middle = values.begin() + ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double ratio(const std::vector<double>& many, const std::vector<double>& none) {
  std::vector<double> ratios;
  for (size_t i = 0; i < many.size(); ++i) ratios.push_back(many[i] / none[i]);
  return median(ratios);
}

// Two checks: time of a connection among many, and alone, against the server without TIME_WAITs.
void compare(Lab& lab, Section& section, const Server& many, const Server& none, bool slower) {
  auto check = [&](const char* what, const std::vector<double>& a, const std::vector<double>& b) {
    double by = ratio(a, b);
    EventId id = lab.mark(fmt::format("{}: {:.2f} us with {} TIME_WAITs, {:.2f} us with none", what,
                                      median(a) * 1e6, many.waiting, median(b) * 1e6));
    section.is(fmt::format("{}, {} TIME_WAITs against none, median ratio of {} rounds", what,
                           many.waiting, kRounds),
               slower ? by > kTolerance : by <= kTolerance,
               fmt::format("{} {}", slower ? "more than" : "at most", kTolerance),
               fmt::format("{:.3f}", by), {many.id, none.id, id});
  };
  check("time per connection of 64 at once", many.batch, none.batch);
  check("time from SYN to last ACK of one alone", many.alone, none.alone);
}

// The quickest, then every 5 % of the rounds up to 95 %; in microseconds.
Plot::Series spread(const std::string& name, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  Plot::Series series{.name = name};
  for (size_t percent = 0; percent < 100; percent += 5)
    series.points.push_back({double(percent), times[times.size() * percent / 100] * 1e6});
  return series;
}

Plot::Series rates(const std::string& name, std::initializer_list<const Server*> servers) {
  Plot::Series series{.name = name};
  for (const Server* server : servers)
    series.points.push_back({double(server->waiting), 1 / median(server->batch)});
  return series;
}

}  // namespace

LAB(timewait_no_slowdown,
    {.name = "timewait.no-slowdown",
     .story =
         "Servers with 0, 40,000 and 90,000 TIME_WAITs at their port serve new clients in turns, "
         "64 at once and one alone, in 200 rounds. Tolerated are 15 %: a look-up may touch a "
         "cache line more.",
     .claims = {"timewait.no-slowdown"},
     .control = "the same 90,000 in a table of 2,048 buckets, where every look-up goes through a "
                "chain of 44, against none in such a table: slower than tolerated",
     .needs = 25s,
     .heavy = true}) {
  if (!lab.surroundings().work_takes_time)
    throw NotMeasurable(
        "slower by how much is a matter of caches and memory, which a guest's emulated processor "
        "has "
        "not: there a chain of 44 sockets costs a few instructions each");
  Server none = serve(lab, "none", kBuckets, 0);
  Server some = serve(lab, "some", kBuckets, 40'000);
  Server many = serve(lab, "many", kBuckets, 90'000);
  Server few_none = serve(lab, "few-none", kFew, 0);
  Server few_many = serve(lab, "few-many", kFew, 90'000);

  std::vector<Server*> turns{&none, &some, &many, &few_none, &few_many};
  for (size_t round = 0; round < kRounds; ++round) {
    for (Server* server : turns) measure(*server, round);
    std::rotate(turns.begin(), turns.begin() + 1, turns.end());
  }

  Section& fast = lab.section("a table of 262,144 buckets");
  compare(lab, fast, some, none, false);
  compare(lab, fast, many, none, false);
  Section& slow = lab.control("a table of 2,048 buckets");
  compare(lab, slow, few_many, few_none, true);

  lab.judge("timewait.no-slowdown", fast, slow)
      .because(fmt::format(
          "with 40,000 TIME_WAITs a connection takes {:.3f} times as long as with none, with "
          "90,000 "
          "{:.3f} times ({:.0f} and {:.0f} connections a second); alone {:.3f} and {:.3f} times",
          ratio(some.batch, none.batch), ratio(many.batch, none.batch), 1 / median(many.batch),
          1 / median(none.batch), ratio(some.alone, none.alone), ratio(many.alone, none.alone)));
  lab.plot({.title = "TIME_WAITs slow a server down only when its table is small",
            .note = "64 connections at once, the median of 200 rounds.",
            .x = {.label = "sockets in TIME_WAIT"},
            .y = {.label = "rate", .unit = "connections/s"},
            .series = {rates("a table of 262,144 buckets", {&none, &some, &many}),
                       rates("a table of 2,048 buckets", {&few_none, &few_many})}});
  lab.plot({.title = "How long one connection takes, from SYN to last ACK",
            .note = "One alone, 200 rounds sorted by time: 50 % is the median. The slowest 5 % "
                    "are left out, which tell of the machine's other work.",
            .x = {.label = "rounds that were quicker", .unit = "%"},
            .y = {.label = "time of a connection", .unit = "µs", .log = true},
            .series = {spread("no TIME_WAITs", none.alone), spread("40,000", some.alone),
                       spread("90,000", many.alone),
                       spread("90,000 in a table of 2,048 buckets", few_many.alone)}});
}
