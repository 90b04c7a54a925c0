#include "wire/injector.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "os/error.h"

namespace twlab::wire {

Injector::Injector(const os::Namespace& ns, const std::string& device) : device_(device) {
  os::Inside inside(ns);
  // Protocol 0: receives nothing, so nothing queues up in it.
  fd_.reset(os::check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "opening a packet socket"));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
  os::check(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
            "binding a packet socket to " + device);
}

void Injector::send(std::span<const uint8_t> bytes) {
  os::check(::send(fd_.get(), bytes.data(), bytes.size(), 0), "sending on " + device_);
}

}  // namespace twlab::wire
