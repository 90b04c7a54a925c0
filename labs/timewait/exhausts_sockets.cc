// Do many TIME_WAITs use up sockets until connections time out? A server needs no port for them and
// goes on accepting, at its default settings, even from a tuple that is in TIME_WAIT
// (tcp_timewait_state_process()). A client does run out of ports, but connect() says so at once
// (EADDRNOTAVAIL of __inet_hash_connect()); no SYN is sent that could time out.
#include "lab/lab.h"
using namespace twlab;

namespace {

constexpr size_t kServed = 60'000, kNew = 2'000, kPorts = 28'232;  // 32768 to 60999
constexpr uint16_t kPort = 80;

// A machine with little memory allows fewer by default.
void make_room(Host& host, size_t sockets) {
  constexpr const char* kBuckets = "net.ipv4.tcp_max_tw_buckets";
  if (std::stoul(host.get(kBuckets)) < sockets) host.set(kBuckets, std::to_string(sockets));
}

// How a connect() came out.
std::string outcome(const Result& result) {
  return result.ok() ? "established" : net::errno_name(result.error);
}

}  // namespace

LAB(timewait_exhausts_sockets,
    {.name = "timewait.exhausts-sockets",
     .story =
         "A server with 60,000 TIME_WAITs gets 2,000 connections from new tuples and 2,000 from "
         "tuples in TIME_WAIT, everything at its default; a client has every port of the "
         "default range in TIME_WAIT to one destination and connects there again.",
     .claims = {"timewait.exhausts-sockets", "timewait.server-needs-nothing"},
     .control =
         "for exhaustion: a client without any TIME_WAIT, whose server does not answer, does "
         "time out; for the server: the client side, where as many stand in the way",
     .needs = 15s,
     .heavy = true}) {
  auto busy = lab.kernel_and_crowd("server");
  make_room(busy.host, kServed + kNew);
  Socket listener = busy.host.listen(5000);
  CrowdResult served = busy.crowd.connect(listener, kServed);
  auto waiting = busy.host.count(TIME_WAIT, 5000);
  if (waiting.count < kServed) throw Unexpected(fmt::format("{} in TIME_WAIT", waiting.count));

  Section& needs_nothing =
      lab.section("a server with 60,000 TIME_WAITs, every setting its default");
  CrowdResult fresh = busy.crowd.connect(listener, kNew);
  needs_nothing.equal("of 2,000 connections from new tuples, served", fresh.ended, kNew,
                      {served.id, waiting.id, fresh.id});
  CrowdResult again = busy.crowd.connect_again(listener, 0, kNew);
  needs_nothing.equal("of 2,000 connections from tuples in TIME_WAIT, served", again.ended, kNew,
                      {again.id});
  needs_nothing.equal("connections it refused", fresh.refused + again.refused, 0u,
                      {fresh.id, again.id});

  auto client = lab.kernel_and_crowd("client");
  make_room(client.host, kPorts);
  CrowdResult made = client.crowd.dial(kPort, kPorts + 1);
  auto used = client.host.count(TIME_WAIT);
  EventId before = lab.mark();
  Socket one_more = client.host.socket();
  Result refused = one_more.connect(client.crowd.at(kPort));
  size_t syns = count(lab.trace(client.host, before), {.flags = SYN});

  Section& exhausts = lab.section("connections time out for TIME_WAITs");
  std::string new_clients = fresh.ended == kNew ? "served" : fresh.refused ? "refused" : "time-out";
  exhausts.either("clients of the server with 60,000", new_clients, "time-out", {"served"},
                  {waiting.id, fresh.id});
  exhausts.either("a client with every port in TIME_WAIT", outcome(refused), "ETIMEDOUT",
                  {"EADDRNOTAVAIL", "established"}, {made.id, used.id, refused.id});

  Section& client_side = lab.control("the client side: 28,232 TIME_WAITs and no port left");
  client_side.equal("TIME_WAIT sockets", used.count, kPorts, {made.id, used.id});
  client_side.equal("connect()", outcome(refused), "EADDRNOTAVAIL", {refused.id});
  client_side.equal("SYNs sent for it", syns, 0u, {refused.id});

  // An accept queue that is full drops SYNs; tcp_syn_retries = 1 gives up after 1 + 2 s.
  Section& time_out = lab.control("a server that does not answer, no TIME_WAIT at all");
  auto [idle, deaf] = lab.two_kernels();
  idle.set("net.ipv4.tcp_syn_retries", "1");
  Socket full = deaf.listen(5000, 0);
  std::vector<Socket> queued;
  queued.push_back(idle.socket());
  queued.back().need(queued.back().connect(deaf.at(5000)));
  Socket late = idle.socket();
  Result timed_out = late.connect(deaf.at(5000), 20s);
  time_out.equal("connect()", outcome(timed_out), "ETIMEDOUT", {timed_out.id});

  lab.judge("timewait.exhausts-sockets", exhausts, time_out)
      .because(fmt::format("a server with {} TIME_WAITs served {} of {} new clients; a client with "
                           "{} of its ports in TIME_WAIT got {} after {}",
                           waiting.count, fresh.ended, kNew, used.count, outcome(refused),
                           os::show(refused.took())));
  lab.judge("timewait.server-needs-nothing", needs_nothing, client_side)
      .because(fmt::format("with {} TIME_WAITs and no setting changed {} of {} new tuples and {} "
                           "of {} in TIME_WAIT were served",
                           waiting.count, fresh.ended, kNew, again.ended, kNew));
}
