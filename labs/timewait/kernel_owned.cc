// Whose is a socket in TIME_WAIT? A process that still holds the descriptor has lost the socket to
// the kernel (inode 0), and killing the process takes nothing away: tcp_time_wait in
// net/ipv4/tcp_minisocks.c puts a small timewait socket, which has no file, in the place of the
// real one.
#include "lab/lab.h"
using namespace twlab;

LAB(timewait_kernel_owned,
    {.name = "timewait.kernel-owned",
     .story =
         "A process owns a server's two connections. One of them gets to TIME_WAIT (the server "
         "shut it down first, then the client closed), the other stays ESTABLISHED. Owner and "
         "state of both are looked at before and after the process is killed.",
     .claims = {"timewait.kernel-owned"},
     .control = "the ESTABLISHED connection of the same process: it has an inode that the process "
                "holds, and is closed with it",
     .needs = 0s}) {
  auto [client, server] = lab.two_kernels();
  auto [near, far] = lab.connect(client, server, 5000);
  auto [near2, far2] = lab.connect(client, server, 5001);
  Tuple ended = far.tuple(), open = far2.tuple();
  far.need(far.shutdown(SHUT_WR));
  lab.await_state(server, ended, FIN_WAIT_2);
  uint32_t inode = server.find(ended)->inode, inode2 = server.find(open)->inode;
  Process& process = lab.process(server, {&far, &far2});
  if (!process.owns(inode) || !process.owns(inode2))
    throw Unexpected("the process does not hold both sockets");
  near.recv();  // EOF
  near.close();
  lab.await_state(server, ended, TIME_WAIT);

  Section& owned = lab.section("the connection in TIME_WAIT");
  owned.equal(
      fmt::format("inode in TIME_WAIT, the process living (in FIN_WAIT_2 it was {})", inode),
      server.find(ended)->inode, 0u);
  Section& other = lab.control("the ESTABLISHED connection");
  other.equal("state while the process lives", net::name(server.state(open)), "ESTABLISHED");
  other.is("inode that the process holds", process.owns(server.find(open)->inode), "an inode",
           fmt::format("{}", server.find(open)->inode));

  EventId killed = lab.mark("the process is killed");
  process.kill();
  near2.recv();  // EOF: by now the kernel has closed what the process had
  Seen fin = first(lab.trace(server, open, killed), {.flags = FIN | ACK});
  auto left = server.find(ended);
  owned.equal("state after the process was killed", net::name(left ? left->state : CLOSED),
              "TIME_WAIT", {fin.id});
  owned.is("its owner now", left && left->inode == 0, "none: inode 0",
           left ? fmt::format("inode {}", left->inode) : "no socket");
  owned.equal("segments that the kill caused on it", lab.trace(server, ended, killed).size(), 0u);
  other.is("state after the process was killed", server.state(open) != ESTABLISHED,
           "not ESTABLISHED: closed by a FIN", std::string(net::name(server.state(open))),
           {fin.id});

  lab.judge("timewait.kernel-owned", owned, other);
}
