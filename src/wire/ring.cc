#include "wire/ring.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <atomic>

#include "os/error.h"

namespace twlab::wire {
namespace {

constexpr size_t kSlot = 256;  // the kernel's header of each, and the largest handshake frame
constexpr size_t kBlock = 64 * 1024;  // pages are allocated in such blocks

// Accepts TCP with any of SYN, FIN and RST, whole; ignores everything else.
void attach_filter(int fd, Family family) {
  bool inet = family == Family::inet;
  const uint32_t protocol = inet ? 23 : 20, flags = inet ? 47 : 67;
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, protocol),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x07, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  sock_fprog program{std::size(code), code};
  os::check(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
            "attaching a filter to a packet socket");
}

tpacket2_hdr* header(uint8_t* memory, size_t slot) {
  return reinterpret_cast<tpacket2_hdr*>(memory + slot * kSlot);
}

}  // namespace

void Ring::Unmap::operator()(uint8_t* memory) const {
  munmap(memory, size);
}

Ring::Ring(const os::Namespace& ns, const std::string& device, Family family, size_t slots)
    : device_(device), slots_((slots * kSlot + kBlock - 1) / kBlock * (kBlock / kSlot)) {
  os::during("opening a ring on " + device, [&] {
    os::Inside inside(ns);
    // Protocol 0: nothing comes in before it is bound.
    fd_.reset(os::check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "opening a packet socket"));
    attach_filter(fd_.get(), family);
    int version = TPACKET_V2;
    os::check(setsockopt(fd_.get(), SOL_PACKET, PACKET_VERSION, &version, sizeof version),
              "choosing the ring's version");
    tpacket_req request{};
    request.tp_block_size = kBlock;
    request.tp_block_nr = static_cast<unsigned>(slots_ * kSlot / kBlock);
    request.tp_frame_size = kSlot;
    request.tp_frame_nr = static_cast<unsigned>(slots_);
    os::check(setsockopt(fd_.get(), SOL_PACKET, PACKET_RX_RING, &request, sizeof request),
              "making the ring");
    void* memory = mmap(nullptr, slots_ * kSlot, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                        fd_.get(), 0);
    if (memory == MAP_FAILED) os::fail(errno, "mapping the ring");
    memory_ = {static_cast<uint8_t*>(memory), Unmap{slots_ * kSlot}};
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    // Of one protocol only: a socket for all of them would be shown what it sends itself.
    address.sll_protocol = htons(family == Family::inet ? ETH_P_IP : ETH_P_IPV6);
    address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
    os::check(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
              "binding the packet socket");
  });
}

std::span<const uint8_t> Ring::front() const {
  tpacket2_hdr* frame = header(memory_.get(), slot_);
  std::atomic_ref<uint32_t> status(frame->tp_status);
  if (!(status.load(std::memory_order_acquire) & TP_STATUS_USER)) return {};
  return {reinterpret_cast<uint8_t*>(frame) + frame->tp_mac, frame->tp_snaplen};
}

void Ring::pop() {
  std::atomic_ref<uint32_t> status(header(memory_.get(), slot_)->tp_status);
  status.store(TP_STATUS_KERNEL, std::memory_order_release);
  slot_ = slot_ + 1 == slots_ ? 0 : slot_ + 1;
}

bool Ring::wait(Duration limit) const {
  if (!front().empty()) return true;
  pollfd fd{fd_.get(), POLLIN, 0};
  timespec timeout{limit / 1s, (limit % 1s).count()};
  return ppoll(&fd, 1, &timeout, nullptr) == 1;
}

void Ring::queue(size_t size) {
  sizes_[queued_++] = size;
  if (queued_ == kBatch) flush();
}

void Ring::flush() {
  mmsghdr messages[kBatch] = {};
  iovec parts[kBatch];
  for (size_t i = 0; i < queued_; ++i) {
    parts[i] = {&out_[i * room], sizes_[i]};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (size_t done = 0; done < queued_;) {
    int sent = sendmmsg(fd_.get(), messages + done, static_cast<unsigned>(queued_ - done), 0);
    if (sent > 0) {
      done += static_cast<size_t>(sent);
    } else if (errno == ENOBUFS) {
      sched_yield();  // the receiving processor's backlog is full (net.core.netdev_max_backlog)
    } else if (errno != EINTR) {
      os::fail(errno, "sending on " + device_);
    }
  }
  sent_ += queued_;
  queued_ = 0;
}

uint64_t Ring::lost() const {
  tpacket_stats stats{};
  socklen_t size = sizeof stats;
  // Reading sets the kernel's counts back to 0.
  if (getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
    lost_ += stats.tp_drops;
  return lost_;
}

}  // namespace twlab::wire
