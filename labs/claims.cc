// The catalogue: what the documents say, paraphrased, one statement to an entry. Whether it is so
// is for the labs to find out; a statement stands here also where another document, or the kernel,
// contradicts it. After it comes what a kernel's answer depends on, where a lab has shown that.
// Section names are the documents' own, so that they can be found there.
#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/lab.h"

namespace twlab {
namespace {

constexpr std::string_view kldp = "kldp", timewait = "timewait-2015", cse = "cse-2016",
                           states = "states-2020", analysis = "analysis-2021", beyond = "beyond";

const Document kDocuments[] = {
    {kldp, "a KLDP forum answer, quoting Unix Network Programming"},
    {timewait, "the long article, with kernel 4.1 source and tcpdump transcripts"},
    {cse, "close, TIME_WAIT and the linger option"},
    {states, "the eleven states, CLOSE_WAIT and TIME_WAIT"},
    {analysis, "delayed packets, lost last ACK, the three sysctls"},
    {beyond, "what a reader asks next"},
};

Claim claim(std::string_view id, std::vector<Source> sources, std::string_view statement,
            std::string_view why = "") {
  return {id, statement, std::move(sources), why};
}

const std::vector<Claim>& catalogue() {
  // Two documents say the same about SO_LINGER, in nearly the same words.
  const std::vector<Source> linger = {{cse, "Linger 옵션"}, {timewait, "링거"}};
  static const std::vector<Claim> all = {
      // close: how a connection ends
      claim("close.four-segments", {{timewait, "종료 과정"}, {cse, ""}},
            "Closing a connection takes four segments: FIN+ACK seq=K ack=L, ACK seq=L "
            "ack=K+1, FIN+ACK seq=L ack=K+1, and ACK seq=K+1 ack=L+1 (the article's list has "
            "seq=K in the last one).",
            "A peer that closes before its delayed ACK is due puts ACK and FIN into one "
            "segment: three in all."),
      claim("close.last-ack-number", {{timewait, "종료 과정"}},
            "The first FIN, with seq 27, is acknowledged by `ack 27` where the textbook has one "
            "more, and the last ACK has seq 28 where the textbook's list has 27: systems and "
            "kernels number a close a little differently, for a reason left open.",
            "The ACK of the 26 octets is still on its way when the FIN goes out: `ack 27` "
            "answers the data, and the FIN is answered by `ack 28`."),
      claim("close.active-closer-keeps-time-wait",
            {{kldp, ""}, {timewait, ""}, {cse, ""}, {states, ""}, {analysis, ""}},
            "The side that closes first, and only that side, is left in TIME_WAIT."),
      claim("close.passive-path", {{states, ""}, {kldp, ""}},
            "The side that closes second goes through CLOSE_WAIT and LAST_ACK to CLOSED and "
            "keeps nothing of the connection."),
      claim("close.simultaneous", {{timewait, "쌍방"}, {states, ""}},
            "If both sides close at the same moment, both pass through CLOSING and both are "
            "left in TIME_WAIT."),
      claim("close.simultaneous-needs-crossing-acks", {{timewait, "쌍방"}},
            "For both sides to be left in TIME_WAIT it is not enough that their FINs cross: "
            "the two ACKs must happen to cross as well, and mostly only one side sends one, so "
            "that only one side is left in it.",
            "Each side acknowledges the other's FIN on its own (tcp_fin() in FIN_WAIT_1), and "
            "CLOSING and FIN_WAIT_2 both end in TIME_WAIT, in whatever order ACKs and FINs "
            "come."),
      claim("close.fin-acked-at-once", {{timewait, "재시도"}},
            "The first FIN is acknowledged at once, because the peer's kernel does that and not "
            "its application.",
            "tcp_fin() switches quick acknowledgements off, so that the ACK waits for the "
            "delayed-ACK timer, unless the route has quickack 1."),
      claim("close.active-closer-is-sender", {{states, ""}},
            "The side that closes first is the side that sent the traffic, the requester.",
            "The kernel's path through the closing states does not depend on who sent data."),
      claim("close.eleven-states", {{states, "TCP State"}},
            "TCP has eleven states, from no connection (CLOSED) to both sides closing at once "
            "(CLOSING), and each is left by the segment, call or time-out that it waits for.",
            "SYN_SENT does not take the bare ACK of its SYN that the document's table names, "
            "but SYN and ACK together (RFC 9293 section 3.10.7.3)."),

      // timewait: what the state is
      claim("timewait.sixty-seconds", {{timewait, "본론"}, {timewait, "타임아웃"}},
            "TIME_WAIT lasts 60 seconds on Linux.",
            "TCP_TIMEWAIT_LEN is a constant; the kernel's timer wheel ends it later by up to "
            "an eighth and never earlier."),
      claim("timewait.two-minutes", {{states, ""}},
            "TIME_WAIT lasts 2MSL, which is about two minutes.",
            "TCP_TIMEWAIT_LEN is a constant, 60 s."),
      claim("timewait.one-to-four-minutes", {{kldp, ""}},
            "TIME_WAIT lasts 2MSL, which is one to four minutes."),
      claim("timewait.not-configurable", {{timewait, ""}},
            "No setting changes how long TIME_WAIT lasts.",
            "TCP_TIMEWAIT_LEN is a constant; tcp_max_tw_buckets only decides whether there is "
            "a TIME_WAIT at all."),
      claim("timewait.fin-timeout-irrelevant", {{timewait, "틀린 정보"}},
            "tcp_fin_timeout does not change how long TIME_WAIT lasts."),
      claim("timewait.kernel-owned", {{timewait, "종료 과정"}},
            "The kernel owns a socket in TIME_WAIT: it belongs to no process and outlives the "
            "one that made it.",
            "tcp_time_wait() puts a small timewait socket, which has no file, in the place of "
            "the real one."),
      claim("timewait.blocks-restart", {{timewait, ""}},
            "A server that is started again cannot bind its port (\"Address already in use\") "
            "until the last TIME_WAIT on it is gone.",
            "bind passes only if the new socket and the one in TIME_WAIT both have "
            "SO_REUSEADDR (inet_bind_conflict())."),
      claim("timewait.answers-late-fin", {{kldp, ""}, {cse, ""}, {analysis, ""}},
            "If the last ACK is lost, the peer repeats its FIN and the socket in TIME_WAIT "
            "acknowledges it again.",
            "tcp_timewait_state_process() acknowledges it and starts the 60 s anew, as RFC "
            "9293 section 3.10.7.4 wants."),
      claim("timewait.without-it-rst", {{kldp, ""}},
            "Without TIME_WAIT the peer's repeated FIN would be answered with an RST."),
      claim("timewait.same-tuple-blocked", {{kldp, ""}},
            "While TIME_WAIT lasts the same two endpoints cannot be connected again: the next "
            "connection takes another local port.",
            "For a bound socket tcp_twsk_unique() does not ask for tcp_tw_reuse: with "
            "SO_REUSEADDR and timestamps the TIME_WAIT is taken over at once."),
      claim("timewait.exhausts-sockets", {{cse, ""}, {timewait, "intro"}},
            "Many sockets in TIME_WAIT use up the sockets of a system until connections time "
            "out.",
            "A server needs no port for them; a client that has none left is told so at once "
            "(EADDRNOTAVAIL of __inet_hash_connect()), and no SYN is sent that could time out."),
      claim("timewait.server-needs-nothing", {{timewait, "TL;DR"}},
            "A server needs no setting at all because of TIME_WAIT."),
      claim("timewait.next-port-plus-one", {{kldp, ""}},
            "The connection that follows one in TIME_WAIT takes the next local port: 1500, "
            "then 1501.",
            "__inet_hash_connect() goes up by a random number of steps of two, and begins "
            "elsewhere for each destination."),
      claim("timewait.old-duplicate-corrupts", {{timewait, ""}, {analysis, "그림 1"}, {kldp, ""}},
            "Without the protection of TIME_WAIT a delayed segment whose sequence number "
            "happens to fit can be accepted into the next connection and corrupt its data.",
            "Since RFC 5961 the acknowledgment number must fit as well (tcp_ack()), which the "
            "documents do not know."),
      claim("timewait.misfit-dropped", {{analysis, ""}},
            "In most cases a delayed segment does not fit the window of the next connection "
            "and is dropped."),
      claim("timewait.reusable", {{states, ""}},
            "A connection in TIME_WAIT can be reused, one in CLOSE_WAIT cannot."),
      claim("timewait.memory", {{timewait, "자원 할당"}},
            "A socket in TIME_WAIT takes 168 bytes: 40,000 of inbound connections take under "
            "10 MB, and outbound ones 2.5 MB more.",
            "Connections that go out have a bind bucket each, and since Linux 6.1 one more for "
            "port and address (inet_bind2_bucket)."),
      claim("timewait.no-slowdown", {{timewait, ""}, {cse, ""}},
            "Tens of thousands of sockets in TIME_WAIT do not slow a server down.",
            "They stand in the table in which every segment is looked up "
            "(__inet_lookup_established()): it depends on how long its chains are."),
      claim("timewait.ninety-thousand", {{timewait, ""}},
            "One server port can have about 90,000 sockets in TIME_WAIT; the article counts "
            "89,262.",
            "Past tcp_max_tw_buckets inet_twsk_alloc() gives none; a machine with little "
            "memory allows fewer by default."),

      // last-ack: the last ACK is lost
      claim("last-ack.syn-gets-rst", {{timewait, ""}, {analysis, "그림 2"}},
            "A socket that is stuck in LAST_ACK answers a new SYN with an RST.",
            "Kernels before 3.6 sent an RST for a SYN within the window; since RFC 5961 "
            "tcp_validate_incoming() sends a challenge ACK for any SYN and leaves the state "
            "alone."),
      claim("last-ack.connect-fails", {{timewait, ""}, {analysis, ""}},
            "A client that connects again to a peer stuck in LAST_ACK gets an error.",
            "The client answers the challenge ACK with an RST, which ends LAST_ACK, and "
            "repeats its SYN at once (tcp_rcv_synsent_state_process())."),
      claim("last-ack.timestamps-recover", {{timewait, "타임스탬프"}},
            "With timestamps a peer in LAST_ACK ignores the new SYN and repeats its FIN, the "
            "client in SYN_SENT answers with an RST, LAST_ACK ends, and the SYN repeated "
            "after 1 s connects.",
            "Since RFC 5961 any SYN gets a challenge ACK at once (tcp_validate_incoming()); it "
            "goes as told only when that ACK is lost."),

      // ports: sockets, ports and their limits
      claim("ports.server-not-limited-to-65535", {{timewait, "틀린 정보"}},
            "One server port can hold more than 65,535 sockets."),
      claim("ports.range-irrelevant-to-server", {{timewait, "틀린 정보"}},
            "ip_local_port_range does not limit how many connections a server accepts.",
            "An accepted socket has the listener's port (inet_csk_clone_lock()) and needs "
            "none."),
      claim("ports.server-uses-one-port", {{timewait, ""}},
            "All accepted sockets use the listening port, and no other port of the server "
            "appears on the wire."),
      claim("ports.five-tuple", {{timewait, ""}},
            "A socket is its five-tuple: one local port can be in TIME_WAIT towards one "
            "destination port and ESTABLISHED towards another at the same time."),
      claim("ports.limited-by-descriptors", {{timewait, ""}},
            "What limits the number of open sockets is the number of file descriptors.",
            "What has no descriptor is not counted: connections in TIME_WAIT, and those that "
            "wait to be accepted."),
      claim("ports.default-range", {{timewait, ""}},
            "The default range of local ports is 32768 to 61000, about 30,000 ports.",
            "Since Linux 4.2 the range ends at 60999: it was made to begin on an even and end "
            "on an odd port."),
      claim("ports.thirty-thousand-servers", {{timewait, "자원 할당"}},
            "With about 30,000 local ports one host can be connected to about 30,000 servers "
            "at a time.",
            "A port can be used towards any number of destinations at once."),
      claim("ports.exhaustion", {{timewait, "재사용 2"}, {cse, ""}},
            "When every local port towards a destination is in TIME_WAIT, connect fails with "
            "\"Cannot assign requested address\".",
            "__inet_hash_connect() looks for a port that is free towards this destination."),
      claim("ports.other-destination", {{timewait, "재사용 3"}},
            "A client that has no local port left for one destination port can still connect "
            "to another."),
      claim("ports.sustained-rate", {{timewait, ""}},
            "N local ports carry N/60 connections a second to one destination without any "
            "setting: 500 a second with 30,000 ports.",
            "TIME_WAIT may last up to 4 s longer than 60 s (timer wheel), which is 7 % fewer."),
      claim("ports.sequential", {{timewait, "재사용 1"}, {kldp, ""}},
            "Ephemeral ports rise one after another from connection to connection.",
            "A newer kernel's connect() goes up by a random number of steps of two, from a "
            "start that a hash gives each destination (__inet_hash_connect())."),
      claim("ports.random-start", {{timewait, "바인드"}},
            "A bind to port 0 starts at a random port of the range and goes up by one until "
            "it finds a free port, wrapping round at the end.",
            "inet_csk_find_open_port() goes up by twos and tries the ports of one parity "
            "first."),
      claim("ports.reuse-flag", {{timewait, "바인드"}},
            "The flag that the choice of a port tests (sk_reuse) is set by tcp_tw_reuse.",
            "SO_REUSEADDR sets sk_reuse (sk_setsockopt()); bind never looks at tcp_tw_reuse."),
      claim("ports.scan-costs-nothing", {{timewait, "바인드"}},
            "Since a change of 2009 the search for a free port slows nothing down, however "
            "full the range is."),
      claim("ports.reuse-skips-scan", {{timewait, "바인드"}},
            "With tcp_tw_reuse the kernel takes the next port at once instead of searching "
            "for a free one."),

      // reuse: a TIME_WAIT socket taken over
      claim("reuse.server-accepts-syn", {{timewait, "재사용 1"}},
            "A server's socket in TIME_WAIT is reopened by a new SYN from the same endpoint, "
            "as RFC 1122 allows, and no setting is needed for it.",
            "tcp_timewait_state_process() wants a newer timestamp or a sequence number above "
            "the one it expects, and no older timestamp: stricter than RFC 6191."),
      claim("reuse.client-needs-tw-reuse", {{timewait, "재사용 2"}},
            "A client whose local ports are all in TIME_WAIT can connect again once "
            "tcp_tw_reuse is 1.",
            "tcp_twsk_unique() looks at the setting only a second after the close."),
      claim("reuse.newer-timestamp", {{timewait, "타임스탬프"}},
            "A socket in TIME_WAIT is reused only with a timestamp newer than the last one of "
            "the old connection.",
            "tcp_twsk_unique() asks whether the old connection had timestamps and whether a "
            "second has passed, and looks at no timestamp."),
      claim("reuse.compares-timestamps", {{timewait, "타임스탬프"}},
            "What decides about reuse is the new connection's timestamp compared with the "
            "last one of the old connection.",
            "tcp_twsk_unique() compares only times of the kernel's clock; timestamps are "
            "compared on the other side, when a SYN comes in (tcp_timewait_state_process())."),
      claim("reuse.both-sides-timestamps", {{timewait, "타임스탬프"}},
            "Reuse needs timestamps switched on at both sides.",
            "tcp_twsk_unique() asks for tw_ts_recent_stamp, which the old connection has only "
            "when both sides used timestamps."),
      claim("reuse.client-only", {{timewait, "TL;DR"}, {timewait, "결론"}},
            "tcp_tw_reuse is a setting for clients: on the server it changes nothing.",
            "A server's TIME_WAIT is taken over by tcp_timewait_state_process(), which never "
            "looks at the setting."),
      claim("reuse.not-for-bind", {{timewait, "소켓 옵션"}},
            "tcp_tw_reuse does not let a server bind a port that has connections in "
            "TIME_WAIT.",
            "The setting is read only where connect looks for a local port "
            "(tcp_twsk_unique())."),
      claim("reuse.so-reuseaddr-restarts", {{timewait, "소켓 옵션"}},
            "SO_REUSEADDR lets a server start again at once although connections of its port "
            "are in TIME_WAIT.",
            "bind wants the option of both sockets (inet_bind_conflict()): a server without it "
            "when the connections were made cannot be restarted by adding it."),
      claim("reuse.so-reuseaddr-takes-back", {{timewait, "소켓 옵션"}},
            "With SO_REUSEADDR the server that binds takes the socket in TIME_WAIT back from "
            "the kernel.",
            "inet_csk_bind_conflict() only lets the bind pass; the TIME_WAIT stays beside the "
            "new listener."),
      claim("reuse.so-reuseaddr-not-for-connect", {{timewait, "소켓 옵션"}},
            "SO_REUSEADDR on a client's socket does not let it reuse a connection in "
            "TIME_WAIT.",
            "A socket that was bound to the port first reuses it at once: tcp_twsk_unique() "
            "then asks neither for tcp_tw_reuse nor for the second's delay."),
      claim("reuse.not-the-same", {{timewait, "틀린 정보"}},
            "tcp_tw_reuse and SO_REUSEADDR are different things."),
      claim("reuse.off-by-default", {{timewait, "TL;DR"}},
            "tcp_tw_reuse is off by default and has to be set to 1 by hand.",
            "Since Linux 4.19 the default is 2: on for loopback addresses (tcp_twsk_unique())."),
      claim("reuse.safe", {{timewait, "타임스탬프"}},
            "With timestamps reuse is safe against both problems that TIME_WAIT is there for: "
            "the old duplicate and the lost last ACK.",
            "PAWS drops the old duplicate by its timestamp; newer kernels drop one whose "
            "acknowledgment does not fit without timestamps too (tcp_ack())."),

      // timestamps
      claim("timestamps.on-by-default", {{timewait, ""}}, "tcp_timestamps is on by default.",
            "tcp_sk_init() puts the kernel's default into each new namespace, whatever the "
            "first one has."),
      claim("timestamps.both-or-none", {{timewait, "타임스탬프"}},
            "If the server has timestamps switched off, its SYN+ACK carries none and no later "
            "segment of either side does.",
            "Timestamps are in use when both SYNs carry them (RFC 7323)."),
      claim("timestamps.paws-drops-duplicate", {{timewait, ""}},
            "With timestamps an old duplicate whose sequence number fits is dropped, because "
            "its timestamp is old.",
            "PAWS (tcp_paws_discard()) comes before the checks of sequence and acknowledgment "
            "numbers."),

      // recycle: tcp_tw_recycle, and where the settings are
      claim("recycle.exists", {{timewait, ""}, {analysis, ""}},
            "The kernel has the setting tcp_tw_recycle, recommended between directly "
            "connected hosts.",
            "Linux 4.12 has removed it."),
      claim("settings.proc-path", {{analysis, ""}},
            "tcp_timestamps, tcp_tw_reuse and tcp_tw_recycle are files under /proc/net/ipv4."),
      claim("recycle.short-time-wait", {{timewait, "재활용"}},
            "With tcp_tw_recycle TIME_WAIT lasts 3.5 retransmission time-outs, computed as "
            "3.5 s, instead of 60 s.",
            "Linux 4.12 has removed the setting."),
      claim("recycle.nat-drops-syn", {{timewait, ""}, {analysis, "그림 3"}},
            "With tcp_tw_recycle, of the hosts behind one source NAT the one whose timestamps "
            "are behind has its SYNs dropped.",
            "The kernel kept one newest timestamp for each address (tcp_peer_is_proven()), "
            "until Linux 4.12."),

      // fin: FIN_WAIT_1 and FIN_WAIT_2
      claim("fin.timeout-is-fin-wait-2", {{timewait, "타임아웃"}},
            "tcp_fin_timeout sets how long FIN_WAIT_2 lasts, 60 s by default.",
            "Only an orphan has the time-out: for a socket that is merely shut down "
            "tcp_rcv_state_process() starts no timer."),
      claim("fin.timeout-ninety", {{timewait, "타임아웃"}},
            "With tcp_fin_timeout at 90 FIN_WAIT_2 spends 30 s on the keepalive timer and 30 "
            "s on the timewait timer, and a FIN after 45 s gives a TIME_WAIT of another 60 s.",
            "What exceeds 60 s is counted twice: tcp_rcv_state_process() sets the keepalive "
            "timer to 90 - 60, then tcp_keepalive_timer() the timewait timer to 90 - 60 again."),
      claim("fin.ninety-recommended", {{timewait, "결론"}},
            "90 is a better value for tcp_fin_timeout than the default.",
            "The kernel waits twice for what exceeds 60 s, and for the 60 s not at all: 61 "
            "waits for 2 s, 75 for 30 s, 90 for 60 s like the default."),
      claim("fin.stands-in-for-time-wait", {{timewait, "타임아웃"}, {timewait, "결론"}},
            "FIN_WAIT_2 on the timewait timer does the same job as TIME_WAIT.",
            "FIN_WAIT_2 still awaits the peer's FIN: data and a SYN get an RST that takes the "
            "socket away, and since 6.12 tcp_twsk_unique() does not give it to a new connect() "
            "either."),
      claim("fin.expires-straight-to-closed", {{timewait, ""}},
            "When the time of FIN_WAIT_2 runs out the socket is closed at once.",
            "Up to 60 s FIN_WAIT_2 runs on a timewait timer (tcp_time_wait() with state "
            "FIN_WAIT2), beyond that on the keepalive timer first."),
      claim("fin.expires-into-time-wait", {{states, ""}},
            "When the time of FIN_WAIT_2 runs out the socket goes into TIME_WAIT.",
            "Up to 60 s that time runs on a timewait timer (tcp_time_wait() with state "
            "FIN_WAIT2); a real TIME_WAIT would last 60 s and acknowledge a FIN."),
      claim("fin.affected-by-linger", {{timewait, "타임아웃"}},
            "The linger option affects how long FIN_WAIT_2 lasts.",
            "tcp_fin_time() takes the socket's linger2, which TCP_LINGER2 sets; SO_LINGER only "
            "says how long close() waits."),
      claim("fin.wait-1-eight-retries", {{timewait, "재시도"}},
            "A FIN that nobody answers is repeated up to 8 times.",
            "Since 3.10 a loss probe goes out before the first of eight time-outs "
            "(tcp_send_loss_probe()): nine repetitions."),
      claim("fin.wait-1-two-minutes", {{timewait, "재시도"}},
            "An unanswered FIN is repeated after 2 s, then 5 s, 10 s and so on up to a last "
            "wait of 55 s; after about two minutes in all the socket is gone.",
            "Each wait is twice the one before: no series that ends at 55 s can begin with 2, "
            "5 and 10 s."),
      claim("fin.wait-1-tunable", {{timewait, "재시도"}},
            "No setting is known that controls how often and for how long an unanswered FIN "
            "is repeated; the article looked for one and left it open.",
            "tcp_write_timeout() asks tcp_orphan_retries, and what a time-out is; tcp_retries2 "
            "counts only while a process still has the socket."),
      claim("fin.wait-1-peer-host", {{timewait, "결론"}},
            "FIN_WAIT_1 that lasts means that the peer's host does not answer, FIN_WAIT_2 "
            "that its application does not close.",
            "A shut window keeps the FIN behind the data, in FIN_WAIT_1, although the peer's "
            "kernel answers every probe."),

      // close-wait
      claim("close-wait.forever", {{states, ""}},
            "CLOSE_WAIT has no time-out: it stays until the application closes."),
      claim("close-wait.outlives-fin-wait-2", {{states, ""}},
            "CLOSE_WAIT stays while the other side's FIN_WAIT_2 runs out."),
      claim("close-wait.only-exit-or-restart", {{states, ""}},
            "Only ending the process or restarting the network removes a CLOSE_WAIT that the "
            "application does not close.",
            "Sockets belong to the namespace and not to an interface; an RST, keepalive and "
            "sock_diag do remove it."),
      claim("close-wait.starves-server", {{states, ""}},
            "With enough sockets in CLOSE_WAIT a server stops working.",
            "Each keeps a descriptor, up to RLIMIT_NOFILE."),
      claim("close-wait.holds-port", {{states, ""}},
            "The port of a socket in CLOSE_WAIT stays taken.",
            "As with TIME_WAIT, a bind passes if both sockets have SO_REUSEADDR "
            "(inet_csk_bind_conflict())."),

      // linger: SO_LINGER
      claim("linger.off-by-default", linger,
            "SO_LINGER is off by default (l_onoff=0), and close then sends the normal four "
            "segments."),
      claim("linger.zero-rst", linger, "With SO_LINGER {1,0} close sends an RST at once.",
            "__tcp_close() calls tcp_disconnect(), which sends the RST itself and empties the "
            "write queue."),
      claim("linger.zero-discards", linger,
            "With SO_LINGER {1,0} close throws away the data that are not yet sent."),
      claim("linger.zero-peer-reset", linger,
            "When a socket with SO_LINGER {1,0} is closed, its peer gets \"Connection reset "
            "by peer\".",
            "The peer may still read what had reached it: tcp_reset() sets its error, and "
            "leaves its receive queue alone."),
      claim("linger.zero-no-time-wait", linger,
            "A close with SO_LINGER {1,0} leaves no TIME_WAIT on either side."),
      claim("linger.zero-unprotected", linger,
            "After a close with SO_LINGER {1,0} nothing protects the next connection from old "
            "segments.",
            "With timestamps PAWS drops them (tcp_paws_discard())."),
      claim("linger.positive-blocks", linger,
            "With SO_LINGER {1,N} and data not yet sent, close blocks for up to N seconds.",
            "__tcp_close() waits until the FIN is acknowledged or N seconds are over."),
      claim("linger.positive-graceful", linger,
            "With SO_LINGER {1,N} the connection is closed normally if that is done within N "
            "seconds."),
      claim("linger.positive-rst-at-end", linger,
            "With SO_LINGER {1,N} an RST is sent when the N seconds are over.",
            "__tcp_close() then lets the socket go as any close does: an orphan that goes on "
            "probing and delivers when it can."),
      claim("linger.nonblocking", linger,
            "With SO_LINGER {1,N} close does not block if the socket is non-blocking.",
            "inet_release() takes the time from sk_lingertime alone and never looks at "
            "O_NONBLOCK; only for an exiting process it is 0."),

      // Beyond the documents
      claim("beyond.rfc1337", {{beyond, ""}},
            "An RST ends a TIME_WAIT early unless tcp_rfc1337 is 1.",
            "Only an RST with just the number that is expected next, and with no older "
            "timestamp, ends it (tcp_timewait_state_process())."),
      claim("beyond.bucket-overflow", {{beyond, ""}},
            "Past tcp_max_tw_buckets no further socket is kept in TIME_WAIT, and a counter "
            "tells how many were dropped.",
            "inet_twsk_alloc() then gives none, tcp_time_wait() counts it, and the connection "
            "is simply gone."),
      claim("beyond.unread-data-rst", {{beyond, ""}},
            "close with received data still unread sends an RST instead of a FIN.",
            "RFC 2525 section 2.17 wants it; tcp_close() counts it in TCPAbortOnClose."),
      claim("beyond.reuse-delay", {{beyond, ""}},
            "tcp_tw_reuse_delay (Linux 6.14 and later) moves the limit of one second before "
            "which tcp_tw_reuse takes no TIME_WAIT over.",
            "tcp_twsk_unique() compares it with the time since the socket entered the state."),
      claim("beyond.time-wait-restart", {{beyond, ""}},
            "A repeated FIN starts the 60 s of TIME_WAIT again, and no other segment does.",
            "tcp_timewait_state_process() restarts the timer for nearly everything that "
            "carries an ACK, and for whatever PAWS rejects; not for an RST."),
      claim("beyond.keepalive-close-wait", {{beyond, ""}},
            "Keepalive ends a CLOSE_WAIT whose peer is gone.",
            "tcp_keepalive_timer() works in CLOSE_WAIT as in ESTABLISHED; the application "
            "still holds the descriptor."),
      claim("beyond.challenge-ack", {{beyond, ""}},
            "In every state a SYN or an ACK outside the window is answered with an ACK that "
            "changes nothing, at a limited rate, and an RST there with nothing.",
            "In TIME_WAIT tcp_timewait_state_process() takes a SYN with a newer timestamp for a "
            "new connection, wherever its sequence number is."),
      claim("beyond.reuseport", {{beyond, ""}},
            "SO_REUSEPORT lets a server bind a port that has connections in TIME_WAIT, as "
            "SO_REUSEADDR does.",
            "A TIME_WAIT remembers both options, and bind wants the same one of both sockets "
            "(inet_bind_conflict())."),
      claim("beyond.bind-no-port", {{beyond, ""}},
            "With IP_BIND_ADDRESS_NO_PORT a client that binds its source address runs out of "
            "ports for each destination on its own and not for all together.",
            "Without it bind must choose a port before it knows the destination "
            "(inet_csk_get_port()); with it connect chooses (__inet_hash_connect())."),
      claim("beyond.nat-port-reuse", {{beyond, ""}},
            "A NAT that gives a port to another connection within 60 s makes its SYN meet the "
            "TIME_WAIT of the previous one at the server, and that connection is delayed or "
            "fails.",
            "The two clients' timestamp clocks decide: a newer SYN connects at once; an older "
            "one gets an ACK, whose RST in answer ends the TIME_WAIT before the SYN is "
            "repeated."),
  };
  return all;
}

}  // namespace

std::span<const Document> documents() {
  return kDocuments;
}

std::span<const Claim> claims() {
  return catalogue();
}

const Claim* find_claim(std::string_view id) {
  auto found = std::ranges::find(catalogue(), id, &Claim::id);
  return found == catalogue().end() ? nullptr : &*found;
}

}  // namespace twlab
