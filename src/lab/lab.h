// What a lab is written with; the only header that labs include.
//
// A lab builds its testbed, lets real kernel sockets and crafted segments meet on it, adds checks
// to sections and judges its claims from them. It runs in a process of its own, once for each
// family.
#pragma once

// What labs need of the system's: socket options, limits.
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <deque>
#include <functional>
#include <initializer_list>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "lab/claim.h"
#include "lab/crowd.h"
#include "lab/host.h"
#include "lab/process.h"
#include "lab/recording.h"
#include "lab/registry.h"
#include "lab/result.h"
#include "lab/section.h"
#include "lab/shared_settings.h"
#include "lab/socket.h"
#include "lab/surroundings.h"
#include "net/btf.h"
#include "net/slab.h"
#include "os/loop.h"
#include "wire/peer.h"
#include "wire/relay.h"
#include "wire/wire.h"

namespace twlab {

using enum net::TcpState;
using net::Timer;
using wire::absent, wire::has;
using wire::ACK, wire::FIN, wire::Flags, wire::PSH, wire::RST, wire::SYN;
using wire::Answer, wire::Peer, wire::PeerConnection, wire::PeerOptions, wire::Relay, wire::Segment;

// A step on which the rest depends did not go as it must on any kernel: the lab ends with `error`.
struct Unexpected : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// Thrown by a lab: its claims that are not judged yet get this verdict, with the text as reason.
struct FeatureAbsent : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct NotMeasurable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Bytes of something in the kernel, and the note that says so.
struct Size {
  size_t bytes = 0;
  EventId id = 0;
};

// The ports that each address of a crowd has.
struct CrowdPorts {
  uint16_t first = 1024;
  size_t count = 64512;
};

// Two kernel sockets, connected to one another.
struct Connection {
  Socket client, server;
};

// A verdict in the making.
class Judgement {
 public:
  explicit Judgement(ClaimVerdict& verdict) : verdict_(verdict) {}
  // Replaces the reason that was put together from the checks by a sentence, when the claim is
  // confirmed or refuted. Why nothing can be concluded, the checks say best.
  void because(std::string reason) {
    if (verdict_.verdict == Verdict::confirmed || verdict_.verdict == Verdict::refuted)
      verdict_.reason = std::move(reason);
  }
  Verdict verdict() const { return verdict_.verdict; }

 private:
  ClaimVerdict& verdict_;
};

class Lab : private wire::Observer {
 public:
  using Waiting = std::function<void(const std::string& what, Time until)>;
  using Recorded = std::function<void(const Recording&, const Event&)>;
  // `settings` are sysctls that every host gets besides, and instead of, the pinned ones.
  // `recorded` (may be empty) hears of each event, and again when words are put beside it. `first`
  // is where the lab began; it outlives the lab. Null: nothing is known of it.
  Lab(const LabInfo& info, Family family, Waiting waiting, Settings settings = {},
      Recorded recorded = {}, const Surroundings& surroundings = {},
      SharedSettings* first = nullptr);
  ~Lab() override;
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  Family family() const { return family_; }
  const Surroundings& surroundings() const { return surroundings_; }

  // --- testbed -----------------------------------------------------------------------------------
  struct Kernels {
    Host& client;
    Host& server;
  };
  struct RelayedKernels {
    Host& client;
    Host& server;
    Relay& relay;
    size_t from_client, from_server;  // for the relay's rules
  };
  struct KernelAndPeer {
    Host& host;
    Peer& peer;
  };
  struct KernelAndCrowd {
    Host& host;
    Crowd& crowd;
  };

  // Two kernels on one veth pair.
  Kernels two_kernels();
  // Two kernels with the harness between them.
  RelayedKernels two_kernels_relayed();
  // One kernel, and an endpoint driven by hand.
  KernelAndPeer kernel_and_peer(const std::string& host = "server");
  // One kernel, and very many crafted endpoints.
  KernelAndCrowd kernel_and_crowd(const std::string& host = "server");

  struct NattedKernels {
    Host& first;   // two clients, hidden behind
    Host& second;  // the one address
    Host& router;  // of this host
    Host& server;
  };
  // Two clients that a router masquerades, and a server that sees the router's address alone. All
  // three links are captured. Throws NotMeasurable when this kernel can do no NAT.
  NattedKernels two_clients_behind_nat();

  // The pieces of the above. Everything lives as long as the lab.
  Host& host(const std::string& name) { return host_in(name, 0); }
  void link(Host& a, Host& b);
  RelayedKernels relay(Host& client, Host& server);
  Peer& peer(Host& host, const std::string& name = "peer");
  // The host's default route leads there, so each host can have one only.
  Crowd& crowd(Host& host, const CrowdPorts& ports = {});
  // A host with a table of its own for connected sockets, of so many buckets (a power of 2). Hosts
  // otherwise share the machine's. Throws NotMeasurable on kernels that know no such thing (before
  // 6.1, tcp_child_ehash_entries).
  Host& host_with_table(const std::string& name, size_t buckets);
  // Whether this kernel has the sysctl of net.ipv4 at all: also if only in the first namespace.
  bool exists(const std::string& sysctl);
  // What the kernel itself sets it to: in a fresh namespace or, where it has it in the first one
  // alone, when a guest boots. Throws NotMeasurable where a machine's administrator may have
  // changed it; FeatureAbsent when the kernel has none of that name.
  std::string default_of(const std::string& sysctl);

  // A connection between two kernels, through the three-way handshake. The listener is made when
  // the server has none on that port yet.
  Connection connect(Host& client, Host& server, uint16_t port = 5000);
  // Through this listener of the server's.
  Connection connect(Host& client, Host& server, Socket& listener);
  // The listener that connect() made.
  Socket& listener(Host& server, uint16_t port = 5000);
  // Closes the first socket, and the second once it has seen the end; waits until the first is in
  // TIME_WAIT at its host. Returns the first's tuple.
  Tuple into_time_wait(Host& host, Socket& first, Socket& second);
  // A server serves there with these options (Socket::serve), accepts a client, closes first and
  // ends. Returns the tuple of the TIME_WAIT that it leaves.
  Tuple ended_server(Host& client, Host& server, const Endpoint& local,
                     const std::vector<int>& options = {});
  // Waits until the other side has acknowledged the FIN of the host's socket: where
  // into_time_wait() does not fit, before the other side closes (docs/design.md says why). What the
  // socket is then, the lab's checks say.
  void await_fin_acked(Host& host, const Tuple& tuple);
  // A connection of the peer's to the host's port 5000 which the host closes; the peer acknowledges
  // the FIN and sends none of its own. `prepare` gets the host's socket before it is closed.
  struct Orphan {
    Host* host;
    PeerConnection peer;
    Tuple tuple;    // the host's
    Seen begin;     // the acknowledgment, which begins FIN_WAIT_2
    EventId since;  // before that, for path()
  };
  Orphan into_fin_wait_2(Host& host, Peer& peer, uint16_t port,
                         const std::function<void(Socket&)>& prepare = {});

  // Puts a segment on the host's link to the destination, or on its only one, as if the host had
  // sent it: its kernel does not know. What is not said is 0 or absent (wire::encode()). Returns
  // what was sent. Throws std::invalid_argument when no link leads there.
  wire::Packet inject(Host& from, const Tuple& endpoints, const Segment& segment,
                      const std::string& note);

  // A process that owns the sockets from now on; killing it closes them.
  Process& process(Host& host, std::vector<Socket*> sockets);

  // --- waiting: frames are taken in and relayed meanwhile ----------------------------------------
  bool until(const std::function<bool()>& condition, Duration limit,
             const std::function<Time()>& next = {});
  bool until_readable(int fd, Duration limit);
  void wait(Duration duration, const std::string& what);
  // Waits until the host's socket of the tuple is in the state (CLOSED: gone), looking whenever
  // frames come and whenever its timer ends. Returns when that was seen first; throws Unexpected at
  // the limit.
  Time await_state(Host& host, const Tuple& tuple, net::TcpState state, Duration limit = 2s);
  // The same without throwing.
  bool reaches_state(Host& host, const Tuple& tuple, net::TcpState state, Duration limit,
                     Time* when = nullptr);
  // For many sockets whose timers end at different times: looks at all of them whenever one of the
  // timers may have ended, until the condition holds. What was seen is in path().
  bool watch_until(const std::function<bool()>& condition, Duration limit, const std::string& what);
  void collect() { wire_.collect(); }

  // --- what was recorded -------------------------------------------------------------------------
  // An event of its own; what comes later has a higher id.
  EventId mark(const std::string& text = "");
  // The segments of this connection as the host's end of the link saw them, since the mark. `tuple`
  // is the host's own; its frames are those with these two endpoints.
  std::vector<Seen> trace(Host& host, const Tuple& tuple, EventId since = 0);
  // The same with sequence and acknowledgment numbers relative to the connection's first SYN each
  // way, as tcpdump prints them: 0 is the SYN. Numbers whose SYN was not seen stay as they are.
  std::vector<Seen> relative_trace(Host& host, const Tuple& tuple, EventId since = 0);
  // All TCP segments at the host's end since the mark.
  std::vector<Seen> trace(Host& host, EventId since = 0);
  // The states which the host's socket of this tuple was seen to enter since the mark, in order.
  // Two frames that come at once may take it through a state that nobody sees: hold them at a
  // relay.
  // With `timers`, also each other timer that it was seen to run meanwhile.
  std::vector<SeenState> path(Host& host, const Tuple& tuple, EventId since = 0,
                              bool timers = false);
  // Puts words beside a frame; they go into the capture and the ladder.
  void say(EventId frame, const std::string& words);
  EventId note(Note::Kind kind, const std::string& text, const std::string& host = "");
  // Bytes of a kernel struct by the kernel's type information; nothing when it has none of that
  // name. Throws NotMeasurable where there is no type information.
  std::optional<Size> struct_size(const std::string& name);
  // The kernel's cache of such objects; nothing where it may not be read (see net/slab.h).
  std::optional<net::Slab> slab(const std::string& name);
  const Recording& recording() const { return result_.recording; }

  // --- judging -----------------------------------------------------------------------------------
  Section& section(const std::string& title);
  Section& control(const std::string& title);
  // The claim is confirmed when all checks of the sections hold, refuted when one fails, and
  // inconclusive when one is unclear, or when the control did not come out the other way.
  Judgement judge(const std::string& claim, std::initializer_list<const Section*> sections,
                  const Section& control);
  Judgement judge(const std::string& claim, const Section& section, const Section& control) {
    return judge(claim, {&section}, control);
  }

  // A picture of what was measured, for the report: it decides nothing. Throws
  // std::invalid_argument when it cannot be drawn (see fault()).
  void plot(Plot plot);

  // --- for the pieces above, not for labs --------------------------------------------------------
  const Settings& settings() const { return settings_; }
  // Null where they are not the lab's to change.
  SharedSettings* shared() { return first_ && first_->ours() ? first_ : nullptr; }
  os::Loop& loop() { return loop_; }
  std::list<Host>& hosts() { return hosts_; }
  Result record(Host& host, const net::Call& call);
  void decided_by(EventId id);
  // Of a change of state that was seen late, because the machine held the lab up: how much earlier
  // it may have been. 0 when it was seen in time, or when the event is another.
  Duration seen_late(EventId id);
  os::Wakeup& wakeup() { return wakeup_; }
  // Ends the testbed and gives what was recorded.
  LabResult finish();

 private:
  uint32_t arrived(const wire::Frame& frame) override;
  void annotated(uint32_t id, const std::string& note) override;
  void handled() override;
  Host& host_in(const std::string& name, unsigned subnet);
  void connect_ends(const net::LinkEnd& a, Host& host_a, const Address& address_a,
                    const net::LinkEnd& b, Host& host_b, const Address& address_b);
  size_t open_taps(const std::vector<std::pair<Host*, wire::TapSpec>>& taps);
  void watch(Host& host, const Tuple& tuple);
  void sample();
  void sample(Host& host, const Tuple& tuple, Host::Look& last);
  bool look_until(Host& host, const Tuple& tuple, Duration limit,
                  const std::function<bool(net::TcpState)>& wanted, Time* when = nullptr);
  Event* event(EventId id);
  EventId add(Time time, const std::string& host, decltype(Event::what) what);

  // A host's end of a link to another one.
  struct Attachment {
    Host* host;
    net::LinkEnd end;
    size_t interface;  // of the tap
    net::Mac next;     // the other end's
    Address next_address;
    std::unique_ptr<wire::Injector> injector;  // made when first needed
  };

  const LabInfo& info_;
  Family family_;
  Waiting waiting_;
  Settings settings_;
  Recorded recorded_;
  Surroundings surroundings_;
  SharedSettings* first_;
  Duration realtime_offset_;
  LabResult result_;
  os::Loop loop_;
  os::Wakeup wakeup_;
  os::Namespace harness_;
  std::list<Host> hosts_;
  wire::Wire wire_;
  Tuple touched_;    // of the frame that is being handled, either way round
  Time touched_at_;  // when that frame came
  std::vector<Attachment> attachments_;
  std::vector<Host*> interface_hosts_;  // by Frame::interface; null for a peer's end
  std::list<Peer> peers_;
  std::list<Crowd> crowds_;
  std::list<Relay> relays_;
  std::list<Process> processes_;
  std::map<std::pair<Host*, uint16_t>, Socket> listeners_;
  std::list<Section> sections_;
  std::optional<net::Btf> types_;  // read when first asked for
};

// Defines and registers a lab: LAB(name_as_identifier, {.name = ..., .story = ..., ...}) { body }.
#define LAB(identifier, ...)                                      \
  static void identifier(twlab::Lab& lab);                        \
  static const twlab::Registration registration_##identifier([] { \
    twlab::LabInfo info __VA_ARGS__;                              \
    info.file = __FILE__;                                         \
    info.body = identifier;                                       \
    return info;                                                  \
  }());                                                           \
  static void identifier([[maybe_unused]] twlab::Lab& lab)

}  // namespace twlab
