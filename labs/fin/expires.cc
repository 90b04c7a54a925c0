// What an orphan becomes when the time of its FIN_WAIT_2 runs out: two documents contradict each
// other. Up to 60 s that time runs on a timewait timer (tcp_time_wait with state FIN_WAIT2), beyond
// on the keepalive timer first; tcp_fin_timeout is 5 on one host and 63 on the other (3 s on each
// timer), so that both ways out are seen. A real TIME_WAIT would last 60 s and acknowledge a FIN.
#include "lab/lab.h"
using namespace twlab;

namespace {

struct Ran {
  std::string name;
  bool fin;  // the peer sends its FIN before the end
  Lab::Orphan orphan;
};

}  // namespace

LAB(fin_expires,
    {.name = "fin.expires",
     .story = "A kernel closes, the hand-made peer acknowledges and sends no FIN until the time of "
              "FIN_WAIT_2 is over; then comes its FIN. tcp_fin_timeout is 5 on one host, 63 on the "
              "other.",
     .claims = {"fin.expires-straight-to-closed", "fin.expires-into-time-wait"},
     .control = "the peer's FIN comes before the end: TIME_WAIT, which acknowledges it",
     .needs = 9s}) {
  std::list<std::pair<Host*, Peer*>> kernels;  // all made first, which takes its time
  for (const char* setting : {"5", "63"}) {
    Host& host = lab.host(fmt::format("timeout-{}", setting));
    host.set("net.ipv4.tcp_fin_timeout", setting);
    kernels.emplace_back(&host, &lab.peer(host, fmt::format("peer-{}", setting)));
  }
  std::list<Ran> runs;
  for (auto [host, peer] : kernels)
    for (bool fin : {false, true})
      runs.push_back({"tcp_fin_timeout = " + host->get("net.ipv4.tcp_fin_timeout"), fin,
                      lab.into_fin_wait_2(*host, *peer, fin ? 6001 : 6000)});
  auto send_fin = [](Ran& run, const char* note) {
    run.orphan.peer.skip();
    run.orphan.peer.send({.flags = FIN | ACK}, note);
    return run.orphan.peer.expect({}, 300ms);
  };
  auto show_answer = [](const Answer& answer) {
    return answer ? wire::show(*answer.segment().flags) : "nothing within 300 ms";
  };

  lab.wait(3500ms, "the time of FIN_WAIT_2 to come near its end");
  Section& control = lab.control("the FIN comes in time");
  for (Ran& run : runs)
    if (run.fin) {
      Answer answer = send_fin(run, "in time");
      control.states(run.name + ": the states since the ACK of the kernel's FIN",
                     lab.path(*run.orphan.host, run.orphan.tuple, run.orphan.since),
                     {FIN_WAIT_2, TIME_WAIT});
      control.either(run.name + ": the answer to a FIN then", show_answer(answer), "[.]",
                     {"[R]", "[R.]"}, {answer ? answer.frame->id : 0});
    }

  lab.watch_until(
      [&] {
        bool left = true;
        for (Ran& run : runs) left = left && run.orphan.host->state(run.orphan.tuple) != FIN_WAIT_2;
        return left;
      },
      6s, "FIN_WAIT_2 to end");
  Section& closed = lab.section("the time runs out: closed at once");
  Section& time_wait = lab.section("the time runs out: into TIME_WAIT");
  for (Ran& run : runs)
    if (!run.fin) {
      auto path = lab.path(*run.orphan.host, run.orphan.tuple, run.orphan.since);
      Answer answer = send_fin(run, "after the end");
      Section::Evidence ids = {answer ? answer.frame->id : 0};
      for (Section* section : {&closed, &time_wait}) {
        bool straight = section == &closed;
        section->states(run.name + ": the states since the ACK of the kernel's FIN", path,
                        {FIN_WAIT_2, straight ? CLOSED : TIME_WAIT});
        section->either(run.name + ": the answer to a FIN then", show_answer(answer),
                        straight ? "[R]" : "[.]", {straight ? "[.]" : "[R]"}, ids);
      }
    }
  lab.judge("fin.expires-straight-to-closed", closed, control);
  lab.judge("fin.expires-into-time-wait", time_wait, control);
}
