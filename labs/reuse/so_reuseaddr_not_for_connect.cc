// Whether SO_REUSEADDR on a client's socket lets it reuse a TIME_WAIT, with tcp_tw_reuse at 0. When
// the kernel chooses the port it does not. But a socket that was bound to the port first reuses it
// at once: inet_hash_connect() then hands tcp_twsk_unique() no place for the old socket, and that
// function asks for tcp_tw_reuse and the second's delay only when there is one.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Case {
  std::string name;
  uint16_t port;            // local
  bool bound;               // to the port first; otherwise the kernel chooses it, from one
  bool old_option, option;  // SO_REUSEADDR on the old socket and on the new one
  const char* tw_reuse;     // when connecting again
  const char* timestamps = "1";
};

Socket open(Host& client, const Case& one, bool option) {
  client.set("net.ipv4.ip_local_port_range", fmt::format("{0} {0}", one.port));
  Socket socket = client.socket();
  if (option) socket.set_option(SOL_SOCKET, SO_REUSEADDR, 1);
  return socket;
}

// A connection of the client, which it closes first.
void close_one(Lab& lab, Host& client, Host& server, const Case& one) {
  client.set("net.ipv4.tcp_timestamps", one.timestamps);
  Socket socket = open(client, one, one.old_option);
  if (one.bound) socket.need(socket.bind(client.at(one.port)));
  Socket& listener = lab.listener(server);
  socket.need(socket.connect(server.at(5000)));
  Socket accepted = listener.accept();
  lab.into_time_wait(client, socket, accepted);
}

// One more connection of the same endpoints: the call that failed, or the connect.
Result connect_again(Host& client, Host& server, const Case& one) {
  client.set("net.ipv4.tcp_timestamps", one.timestamps);
  client.set("net.ipv4.tcp_tw_reuse", one.tw_reuse);
  Socket socket = open(client, one, one.option);
  if (one.bound) {
    Result bind = socket.bind(client.at(one.port));
    if (!bind.ok()) return bind;
  }
  return socket.connect(server.at(5000));
}

std::string show(const Result& result) {
  return fmt::format("{} {}", result.name,
                     result.ok() ? "succeeds" : net::errno_name(result.error));
}

// What a server whose connection is in TIME_WAIT gets from bind when it is started again.
Result bind_again(Lab& lab, Host& client, Host& server, uint16_t port, bool option) {
  std::vector<int> options;
  if (option) options.push_back(SO_REUSEADDR);
  lab.ended_server(client, server, server.at(port), options);
  return server.socket().serve(server.at(port), options);
}

}  // namespace

LAB(reuse_so_reuseaddr_not_for_connect,
    {.name = "reuse.so-reuseaddr-not-for-connect",
     .story =
         "A client's socket with SO_REUSEADDR connects from a port that is in TIME_WAIT towards "
         "that server, with tcp_tw_reuse 0: the port chosen by the kernel, and bound first. "
         "Beside it a server binds again, and each setting is tried on both.",
     .claims = {"reuse.so-reuseaddr-not-for-connect", "reuse.not-the-same"},
     .control = "tcp_tw_reuse 1 connects; with neither setting nothing is allowed",
     .needs = 2200ms}) {
  auto [client, server] = lab.two_kernels();
  client.set("net.ipv4.tcp_tw_reuse", "0");
  const Case cases[] = {
      {"the kernel chooses the port, the option on the new socket", 40000, false, false, true, "0"},
      {"the kernel chooses the port, the option on both", 40001, false, true, true, "0"},
      {"bound first, the option on the new socket", 40002, true, false, true, "0"},
      {"bound first, the option on both", 40003, true, true, true, "0"}};
  const Case setting{"tcp_tw_reuse 1 alone", 40004, false, false, false, "1"};
  const Case neither{"neither", 40005, false, false, false, "0"};
  const Case bare{
      "bound first, the option on both, no timestamps", 40006, true, true, true, "0", "0"};
  for (const Case& one : cases) close_one(lab, client, server, one);
  for (const Case& one : {setting, neither, bare}) close_one(lab, client, server, one);
  lab.wait(2100ms, "the first second of TIME_WAIT, by a clock of whole seconds, to pass");

  Section& option = lab.section("SO_REUSEADDR and tcp_tw_reuse 0");
  std::vector<Result> results;
  std::string reused;
  for (const Case& one : cases) {
    const Result& result = results.emplace_back(connect_again(client, server, one));
    option.is(one.name, !result.ok(), "refused", show(result), {result.id});
    if (result.ok()) reused += fmt::format("{}{}", reused.empty() ? "" : ", ", one.name);
  }

  Section& control = lab.control("tcp_tw_reuse 1, and nothing that allows it");
  Result by_setting = connect_again(client, server, setting);
  control.equal("connect, tcp_tw_reuse 1 alone", show(by_setting), "connect succeeds",
                {by_setting.id});
  Result by_neither = connect_again(client, server, neither);
  control.equal("connect with neither", show(by_neither), "connect EADDRNOTAVAIL", {by_neither.id});
  Result without = connect_again(client, server, bare);
  control.equal(bare.name, show(without), "connect EADDRNOTAVAIL", {without.id});

  Section& different = lab.section("what each of the two allows");
  client.set("net.ipv4.tcp_timestamps", "1");
  client.set("net.ipv4.ip_local_port_range", "50000 50999");
  server.set("net.ipv4.tcp_tw_reuse", "1");
  Result bind_setting = bind_again(lab, client, server, 6000, false);
  server.set("net.ipv4.tcp_tw_reuse", "0");
  Result bind_option = bind_again(lab, client, server, 6001, true);
  different.is(
      "connect, the kernel choosing the port", by_setting.ok() != results[1].ok(),
      "one of the two allows it",
      fmt::format("tcp_tw_reuse: {}; SO_REUSEADDR: {}", show(by_setting), show(results[1])),
      {by_setting.id, results[1].id});
  different.is(
      "bind of a server", bind_setting.ok() != bind_option.ok(), "one of the two allows it",
      fmt::format("tcp_tw_reuse: {}; SO_REUSEADDR: {}", show(bind_setting), show(bind_option)),
      {bind_setting.id, bind_option.id});
  Section& nothing = lab.control("with neither");
  Result bind_neither = bind_again(lab, client, server, 6002, false);
  nothing.equal("connect", show(by_neither), "connect EADDRNOTAVAIL", {by_neither.id});
  nothing.equal("bind of a server", show(bind_neither), "bind EADDRINUSE", {bind_neither.id});

  lab.judge("reuse.so-reuseaddr-not-for-connect", option, control)
      .because(reused.empty() ? "refused in all four cases"
                              : "with tcp_tw_reuse 0 it connects all the same when " + reused);
  lab.judge("reuse.not-the-same", different, nothing);
}
