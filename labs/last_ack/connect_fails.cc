// A client whose last ACK was lost connects again from the same port while the server is still in
// LAST_ACK. The documents: without timestamps the server answers RST and connect() fails; with
// timestamps it ignores the SYN, repeats its FIN, gets an RST for that, and the SYN repeated after
// 1 s connects. In truth any SYN gets a challenge ACK at once (RFC 5961; tcp_validate_incoming in
// net/ipv4/tcp_input.c), which the client answers with an RST, and it repeats its SYN at once too
// (tcp_rcv_synsent_state_process). Only when that ACK is lost it goes as the story tells: the
// control.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Attempt {
  std::string name;
  bool timestamps = false, ack_lost = false;
  std::optional<Lab::RelayedKernels> net{};
  Tuple tuple{};
  Relay::RuleId silence = 0;
  std::optional<Socket> socket{};
  std::optional<Pending> connecting{};
  std::optional<Result> connected{};
  EventId since = 0;
};

void only_port(Host& client) {
  client.set("net.ipv4.ip_local_port_range", "40000 40000");
}

void make(Lab& lab, Attempt& one) {
  Host& client = lab.host(one.name);
  Host& server = lab.host(one.name + "-srv");
  only_port(client);
  client.set("net.ipv4.tcp_tw_reuse", "1");
  for (Host* host : {&client, &server})
    host->set("net.ipv4.tcp_timestamps", one.timestamps ? "1" : "0");
  // Nothing reuses a TIME_WAIT without timestamps. "If TIME_WAIT is short": then there is none.
  if (!one.timestamps) client.set("net.ipv4.tcp_max_tw_buckets", "0");
  one.net.emplace(lab.relay(client, server));
}

// The server is left in LAST_ACK, and hears nothing more from the client.
void lose_last_ack(Lab& lab, Attempt& one) {
  auto& [client, server, relay, from_client, from_server] = *one.net;
  auto [near, far] = lab.connect(client, server);
  one.tuple = near.tuple();
  near.shutdown(SHUT_WR);
  far.recv();  // EOF
  lab.await_state(client, one.tuple, FIN_WAIT_2);
  one.silence = relay.drop(from_client, {}, Relay::always);
  far.close();
  lab.await_state(client, one.tuple, one.timestamps ? TIME_WAIT : CLOSED);
  near.close();
}

// Waits until the FIN was repeated after more than 0.7 s (tcp_tw_reuse wants a second to have
// passed) and its next repetition, after twice that time, is due in 0.6 s: before the SYN is
// repeated.
void connect_again(Lab& lab, Attempt& one) {
  std::vector<Seen> fins;
  auto slow = [&] {
    fins = lab.trace(one.net->server, one.tuple.reversed());
    std::erase_if(fins, [](const Seen& seen) {
      return !seen.outgoing || *seen.segment.flags != (FIN | ACK);
    });
    return fins.size() > 1 && fins.back().time - fins[fins.size() - 2].time > 700ms;
  };
  if (!lab.until(slow, 5s)) throw Unexpected("the server does not repeat its FIN");
  Duration gap = fins.back().time - fins[fins.size() - 2].time;
  lab.wait(fins.back().time + 2 * gap - 600ms - os::now(), "the FIN to be due in 0.6 s");
  if (one.net->server.state(one.tuple.reversed()) != LAST_ACK) throw Unexpected("no LAST_ACK");
  one.net->relay.cancel(one.silence);
  if (one.ack_lost) one.net->relay.drop(one.net->from_server, {.flags = ACK}, Relay::always);
  one.since = lab.mark(one.name + ": the client connects again");
  one.socket.emplace(one.net->client.socket());
  one.connecting.emplace(one.socket->start_connect(one.net->server.at(5000)));
}

const Seen* find(const std::vector<Seen>& seen, bool outgoing, Flags flags, EventId after = 0) {
  for (const Seen& one : seen)
    if (one.id > after && one.outgoing == outgoing && wire::matches({.flags = flags}, one.segment))
      return &one;
  return nullptr;
}

const std::string kRepeated = "5. the SYN is repeated, after";

bool after_one_second(Section& section, const std::string& what, const Seen& syn,
                      const Seen* again) {
  return section.within(what, again ? again->time - syn.time : 0s, 950ms, 1300ms,
                        "1 s, and an eighth and a tenth late", {syn.id, again ? again->id : 0});
}

// The story, each step a check of its own.
void tell(Lab& lab, Section& section, Attempt& one) {
  auto seen = lab.trace(one.net->client, one.tuple, one.since);
  const Seen& syn = first(seen, {.flags = SYN});
  const Seen* fin = find(seen, false, FIN | ACK, syn.id);
  const Seen* ack = find(seen, false, ACK, syn.id);
  const Seen* rst = find(seen, true, RST, syn.id);
  const Seen* again = find(seen, true, SYN, syn.id);
  const Seen* syn_ack = find(seen, false, SYN | ACK, syn.id);
  auto id = [](const Seen* frame) { return frame ? frame->id : 0; };
  auto when = [&](const Seen* frame) {
    return frame ? os::show(frame->time - syn.time) + " after the SYN" : std::string("never");
  };
  section.is("1. the server ignores the SYN: an ACK for it", !ack, "never", when(ack),
             {syn.id, id(ack)});
  section.is("2. the server repeats its FIN", fin != nullptr, "yes", when(fin), {syn.id, id(fin)});
  section.is("3. the client answers the FIN with an RST", fin && rst && rst->id > fin->id,
             "RST after the FIN",
             fmt::format("FIN {}, ACK {}, RST {}", when(fin), when(ack), when(rst)),
             {id(fin), id(rst)});
  auto states = lab.path(one.net->server, one.tuple.reversed(), one.since);
  bool ended = !states.empty() && states.front().state == CLOSED;
  section.is("4. the RST ends LAST_ACK", rst && ended && states.front().id > rst->id,
             "CLOSED after the RST",
             states.empty() ? "still LAST_ACK" : std::string(net::name(states.front().state)),
             {id(rst), states.empty() ? 0 : states.front().id});
  if (!one.ack_lost) after_one_second(section, kRepeated, syn, again);
  section.is("6. SYN+ACK, and connected", syn_ack && one.connected && one.connected->ok(), "yes",
             fmt::format("SYN+ACK {}; {}", when(syn_ack),
                         one.connected ? net::show(*one.connected) : "connect() blocks"),
             {id(syn_ack), one.connected ? one.connected->id : 0});
}

}  // namespace

LAB(last_ack_connect_fails,
    {.name = "last-ack.connect-fails",
     .story =
         "The client closes first, its last ACK is lost, and it connects again from its only port "
         "while the server is in LAST_ACK: without timestamps, with them, and with them while the "
         "server's answer to the SYN is lost.",
     .claims = {"last-ack.connect-fails", "last-ack.timestamps-recover"},
     .control =
         "a peer that does answer with an RST: connect() fails; the answer lost: each step comes",
     .needs = 6s}) {
  Attempt without{"without"}, with{"with", true}, lost{"lost", true, true};
  for (Attempt* one : {&without, &with, &lost}) make(lab, *one);
  auto [host, peer] = lab.kernel_and_peer("refused");
  only_port(host);
  for (Attempt* one : {&without, &with, &lost}) lose_last_ack(lab, *one);

  PeerConnection refusing = peer.open(5000, host.at(40000));
  Socket refused = host.socket();
  Pending connecting = refused.start_connect({peer.address(), 5000});
  for (int syn = 1; syn <= 2; ++syn)
    if (!refusing.expect({.flags = SYN})) throw Unexpected("no SYN, or it is not repeated");
  refusing.send({.flags = RST | ACK}, "what LAST_ACK is said to answer");
  auto answered = connecting.wait(2s);

  for (Attempt* one : {&without, &with, &lost}) connect_again(lab, *one);
  for (Attempt* one : {&without, &with, &lost}) one->connected = one->connecting->wait(4s);

  auto show_result = [](const std::optional<Result>& result) {
    return result ? fmt::format("{} after {}", net::show(*result), os::show(result->took()))
                  : "connect() blocks";
  };
  auto id = [](const std::optional<Result>& result) { return result ? result->id : 0; };
  Section& fails = lab.section("no timestamps");
  fails.is("connect() again", without.connected && !without.connected->ok(), "an error",
           show_result(without.connected), {id(without.connected)});
  Section& refusal = lab.control("with timestamps, and where an RST is the answer");
  refusal.is("connect() again with timestamps", with.connected && with.connected->ok(), "connected",
             show_result(with.connected), {id(with.connected)});
  refusal.is("connect() to a peer that answers with an RST", answered && !answered->ok(),
             "an error", show_result(answered), {id(answered)});
  Section& story = lab.section("timestamps and tcp_tw_reuse = 1, step by step");
  tell(lab, story, with);
  Section& control = lab.control("the same, and the server's ACK for the SYN is lost");
  tell(lab, control, lost);
  auto syns = lab.trace(host, refusing.tuple().reversed());
  after_one_second(control, "5. a SYN to which nothing comes is repeated, after", syns.at(0),
                   &syns.at(1));

  lab.judge("last-ack.connect-fails", fails, refusal)
      .because(fmt::format("without timestamps {}; where an RST came {}",
                           show_result(without.connected), show_result(answered)));
  auto told = [](const Check& check) { return check.outcome == Outcome::holds; };
  auto& steps = story.result().checks;
  lab.judge("last-ack.timestamps-recover", story, control)
      .because(fmt::format("of {} steps {} came as told; with timestamps {}", steps.size(),
                           std::count_if(steps.begin(), steps.end(), told),
                           show_result(with.connected)));
}
