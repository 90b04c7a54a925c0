// Whether a server that binds with SO_REUSEADDR takes its socket in TIME_WAIT back from the kernel:
// whether that socket is gone then, or has an owner. inet_csk_bind_conflict() only lets the bind
// pass, and only if the old socket had the option too; the TIME_WAIT stays beside the new listener.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Restart {
  Tuple old;
  Socket listener;  // the new one
  Result bind;
  std::string seen;  // of the TIME_WAIT socket afterwards
};

using Options = std::vector<int>;

// A server with one connection, which it closes first, ends; another one binds the port.
Restart restart(Lab& lab, Host& client, Host& server, uint16_t port, const Options& before,
                const Options& after) {
  Tuple old = lab.ended_server(client, server, server.at(port), before);
  Socket second = server.socket();
  Result bind = second.serve(server.at(port), after);
  auto socket = server.find(old);
  std::string seen = socket ? fmt::format("{}, {}", net::name(socket->state),
                                          socket->inode ? "owned by a process" : "no owner")
                            : "gone";
  return {old, std::move(second), bind, seen};
}

}  // namespace

LAB(reuse_so_reuseaddr_takes_back,
    {.name = "reuse.so-reuseaddr-takes-back",
     .story = "A server with a connection in TIME_WAIT is started again, with every combination of "
              "SO_REUSEADDR on the old and the new listener, and the socket is looked for.",
     .claims = {"reuse.so-reuseaddr-takes-back"},
     .control = "a new SYN from the client: then the socket is taken over and has an owner",
     .needs = 0ms}) {
  auto [client, server] = lab.two_kernels();
  const Options without, option{SO_REUSEADDR};

  Section& taken = lab.section("SO_REUSEADDR on both listeners");
  Restart both = restart(lab, client, server, 5000, option, option);
  taken.equal("bind", net::errno_name(both.bind.error), "0", {both.bind.id});
  taken.is("the socket that was in TIME_WAIT", both.seen.find("no owner") == std::string::npos,
           "gone, or owned by a process", both.seen, {both.bind.id});

  Section& only_new = lab.section("SO_REUSEADDR on the new listener alone");
  Restart late = restart(lab, client, server, 5001, without, option);
  only_new.equal("bind", net::errno_name(late.bind.error), "0", {late.bind.id});

  Section& control = lab.control("what takes it over, and what does not bind");
  for (bool before : {false, true}) {
    Restart plain =
        restart(lab, client, server, before ? 5003 : 5002, before ? option : without, without);
    control.equal(
        fmt::format("bind without SO_REUSEADDR, the old listener with{} it", before ? "" : "out"),
        net::errno_name(plain.bind.error), "EADDRINUSE", {plain.bind.id});
  }
  Socket again = client.socket();
  again.set_option(SOL_SOCKET, SO_REUSEADDR, 1);
  again.need(again.bind(both.old.remote));
  Result connected = again.connect(server.at(5000));
  Socket accepted = both.listener.accept();
  auto socket = server.find(both.old);
  control.is("after a new SYN from the same port, the socket", socket && socket->inode != 0,
             "owned by a process",
             socket ? fmt::format("{}, inode {}", net::name(socket->state), socket->inode) : "gone",
             {connected.id});

  lab.judge("reuse.so-reuseaddr-takes-back", taken, control)
      .because(fmt::format("after bind and listen with SO_REUSEADDR the old socket is {}; when the "
                           "old listener had no SO_REUSEADDR, bind returns {}",
                           both.seen, net::errno_name(late.bind.error)));
}
