// Timestamps are in use in a connection when both SYNs carry them (RFC 7323): with one side's
// tcp_timestamps at 0 the SYN+ACK has none, and neither has any later segment of either side.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Count {
  Seen syn, answer;
  size_t later = 0, stamped = 0;  // segments after these two, and those with a timestamp
  Section::Evidence ids{};
};

// A connection with data both ways and a close, and which of its segments have timestamps.
Count talk(Lab& lab, Lab::Kernels hosts, uint16_t port) {
  auto [client, server] = lab.connect(hosts.client, hosts.server, port);
  client.send("question");
  server.recv();
  server.send("answer");
  client.recv();
  lab.into_time_wait(hosts.server, server, client);
  auto trace = lab.trace(hosts.client, client.tuple());
  Count made{.syn = first(trace, {.flags = SYN}), .answer = first(trace, {.flags = SYN | ACK})};
  for (const Seen& seen : trace) {
    if (has(*seen.segment.flags, SYN)) continue;
    ++made.later;
    if (seen.segment.tsval.present()) ++made.stamped;
    made.ids.push_back(seen.id);
  }
  return made;
}

void none(Section& section, const Count& count, bool in_syn) {
  section.equal("the SYN has a timestamp", count.syn.segment.tsval.present(), in_syn,
                {count.syn.id});
  section.equal("the SYN+ACK has a timestamp", count.answer.segment.tsval.present(), false,
                {count.answer.id});
  section.equal(fmt::format("of the {} segments after it have timestamps", count.later),
                count.stamped, 0u, count.ids);
}

}  // namespace

LAB(timestamps_both_or_none,
    {.name = "timestamps.both-or-none",
     .story =
         "Client and server connect, talk and close while tcp_timestamps is off on the server, "
         "then on the client. The options of every segment are looked at.",
     .claims = {"timestamps.both-or-none"},
     .control = "on at both: every segment has timestamps",
     .needs = 100ms}) {
  auto hosts = lab.two_kernels();
  auto& [client, server] = hosts;
  const std::string setting = "net.ipv4.tcp_timestamps";
  if (!server.has(setting))
    throw NotMeasurable(setting +
                        " is not of a namespace in this kernel: it would act on the whole machine");

  Section& server_off = lab.section("off on the server");
  client.set(setting, "1");
  server.set(setting, "0");
  none(server_off, talk(lab, hosts, 5000), true);

  Section& client_off = lab.section("off on the client");
  server.set(setting, "1");
  client.set(setting, "0");
  none(client_off, talk(lab, hosts, 5001), false);

  Section& both = lab.control("on at both");
  client.set(setting, "1");
  Count count = talk(lab, hosts, 5002);
  both.equal("the SYN+ACK has a timestamp", count.answer.segment.tsval.present(), true,
             {count.answer.id});
  both.equal(fmt::format("of the {} segments after it have timestamps", count.later), count.stamped,
             count.later, count.ids);

  lab.judge("timestamps.both-or-none", {&server_off, &client_off}, both);
}
