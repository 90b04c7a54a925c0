// A namespace in which nobody has changed anything has the kernel's own setting
// (tcp_sk_init() puts it there, whatever the first namespace has); with it a SYN offers timestamps.
// The testbed's hosts have settings pinned, so a namespace without pinned ones is asked.
#include "lab/lab.h"
using namespace twlab;

namespace {

// The SYN that the client sends with this setting.
Seen syn(Lab& lab, Lab::Kernels hosts, const std::string& value, uint16_t port) {
  hosts.client.set("net.ipv4.tcp_timestamps", value);
  Connection connection = lab.connect(hosts.client, hosts.server, port);
  return first(lab.trace(hosts.client, connection.client.tuple()), {.flags = SYN});
}

}  // namespace

LAB(timestamps_on_by_default,
    {.name = "timestamps.on-by-default",
     .story = "tcp_timestamps is read in a fresh namespace; with the same value a client connects, "
              "and its SYN is looked at.",
     .claims = {"timestamps.on-by-default"},
     .control = "tcp_timestamps 0: the SYN has none",
     .needs = 100ms}) {
  auto hosts = lab.two_kernels();
  std::string value = lab.default_of("net.ipv4.tcp_timestamps");
  EventId read = lab.note(Note::Kind::setting,
                          fmt::format("a fresh namespace: net.ipv4.tcp_timestamps = {}", value));

  Section& on = lab.section("the kernel's default");
  on.is("tcp_timestamps in a fresh namespace", value != "0", "1 (or 2: without random offsets)",
        value, {read});
  Seen offered = syn(lab, hosts, value, 5000);
  on.equal("a SYN with it has a timestamp", offered.segment.tsval.present(), true, {offered.id});

  Section& off = lab.control("tcp_timestamps 0");
  Seen bare = syn(lab, hosts, "0", 5001);
  off.equal("a SYN with it has a timestamp", bare.segment.tsval.present(), false, {bare.id});

  lab.judge("timestamps.on-by-default", on, off);
}
