// Whether the endpoints of a TIME_WAIT can be connected again while it lasts, by the client that
// has it: when the kernel chooses the local port, and when the application binds it. In Linux a
// socket that is bound with SO_REUSEADDR takes the TIME_WAIT over at once if the old socket had
// that option and timestamps: for a bound socket tcp_twsk_unique() does not ask for tcp_tw_reuse.
//
// "Cannot" is read as: in no way that an application has, with every setting at its default.
#include "lab/lab.h"
using namespace twlab;

namespace {

enum class Bound { no, yes, with_reuseaddr };

void choose_from(Host& client, uint16_t low, uint16_t high) {
  client.set("net.ipv4.ip_local_port_range", fmt::format("{} {}", low, high));
}

struct Attempt {
  Result result;  // of the bind that failed, or of the connect
  Socket socket;
};

Attempt connect(Host& client, Host& server, Bound bound = Bound::no, uint16_t port = 0) {
  Socket socket = client.socket();
  if (bound == Bound::with_reuseaddr) socket.set_option(SOL_SOCKET, SO_REUSEADDR, 1);
  Result result;
  if (bound != Bound::no) result = socket.bind(client.at(port));
  if (result.ok()) result = socket.connect(server.at(5000));
  return {result, std::move(socket)};
}

// Connects and closes first. Returns the client's tuple.
Tuple close_one(Lab& lab, Host& client, Host& server, Bound bound = Bound::no, uint16_t port = 0) {
  Socket& listener = lab.listener(server);
  Attempt attempt = connect(client, server, bound, port);
  attempt.socket.need(attempt.result);
  Socket accepted = listener.accept();
  return lab.into_time_wait(client, attempt.socket, accepted);
}

std::string show(const Result& result) {
  return result.name + (result.ok() ? " succeeds" : " " + net::errno_name(result.error));
}

}  // namespace

LAB(timewait_same_tuple_blocked,
    {.name = "timewait.same-tuple-blocked",
     .story = "A client that has closed first connects to the same server again, with two local "
              "ports to choose from, and from the port that it binds.",
     .claims = {"timewait.same-tuple-blocked"},
     .control = "after TIME_WAIT is over the same endpoints connect",
     .needs = 70s}) {
  auto [client, server] = lab.two_kernels();
  choose_from(client, 40010, 40010);
  Tuple expiring = close_one(lab, client, server);
  Result early = connect(client, server).result;

  Section& chosen = lab.section("the kernel chooses from two ports");
  choose_from(client, 40000, 40001);
  uint16_t one = close_one(lab, client, server).local.port;
  uint16_t other = close_one(lab, client, server).local.port;
  chosen.is("the next connection's local port", other != one, fmt::format("not {}", one),
            std::to_string(other));
  Result none = connect(client, server).result;
  chosen.equal("a third, when both are in TIME_WAIT", show(none), "connect EADDRNOTAVAIL",
               {none.id});

  Section& bound = lab.section("the application binds the port");
  close_one(lab, client, server, Bound::yes, 40020);
  Result plain = connect(client, server, Bound::yes, 40020).result;
  bound.is("without SO_REUSEADDR", !plain.ok(), "refused", show(plain), {plain.id});
  close_one(lab, client, server, Bound::with_reuseaddr, 40021);
  Result reuse = connect(client, server, Bound::with_reuseaddr, 40021).result;
  bound.is("with SO_REUSEADDR, as the old socket", !reuse.ok(), "refused", show(reuse), {reuse.id});

  Section& control = lab.control("before and after the end of TIME_WAIT");
  choose_from(client, 40010, 40010);
  control.equal("while it lasts", show(early), "connect EADDRNOTAVAIL", {early.id});
  lab.await_state(client, expiring, CLOSED, 70s);
  Result late = connect(client, server).result;
  control.equal("after it is gone", show(late), "connect succeeds", {late.id});

  lab.judge("timewait.same-tuple-blocked", {&chosen, &bound}, control)
      .because(fmt::format(
          "read as 'in no way': the kernel chooses {} after {}; bound to the same port: {}, with "
          "SO_REUSEADDR on the old socket and the new one {}",
          other == one ? "the same port" : "another port", one, show(plain), show(reuse)));
}
