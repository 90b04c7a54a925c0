#include "wire/capture.h"

#include "os/error.h"

namespace twlab::wire {
namespace {

constexpr int kSnapshot = 2048;   // above the MTU of a veth and its header
constexpr int kBuffer = 4 << 20;  // some 2,000 frames

void require(int result, pcap_t* handle, const std::string& device) {
  if (result < 0) os::fail(EIO, "capturing on " + device + ": " + pcap_geterr(handle));
}

}  // namespace

Capture::Capture(const os::Namespace& ns, const std::string& device) {
  char error[PCAP_ERRBUF_SIZE] = {};
  os::Inside inside(ns);
  handle_.reset(pcap_create(device.c_str(), error));
  if (!handle_) os::fail(EIO, "capturing on " + device + ": " + error);
  pcap_t* handle = handle_.get();
  require(pcap_set_snaplen(handle, kSnapshot), handle, device);
  require(pcap_set_buffer_size(handle, kBuffer), handle, device);
  require(pcap_set_immediate_mode(handle, 1), handle, device);
  require(pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO), handle, device);
  require(pcap_activate(handle), handle, device);
  require(pcap_setnonblock(handle, 1, error), handle, device);
  fd_ = pcap_get_selectable_fd(handle);
}

void Capture::drain(const std::function<void(Time, std::span<const uint8_t>)>& frame) {
  auto give = [](u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
    const auto& wanted =
        *reinterpret_cast<const std::function<void(Time, std::span<const uint8_t>)>*>(user);
    // With nanosecond precision tv_usec holds nanoseconds.
    Time time(std::chrono::seconds(header->ts.tv_sec) + Duration(header->ts.tv_usec));
    wanted(time, {bytes, header->caplen});
  };
  auto* user = const_cast<u_char*>(reinterpret_cast<const u_char*>(&frame));
  int count = 0;
  do {
    count = pcap_dispatch(handle_.get(), -1, give, user);
    require(count, handle_.get(), "a device");
  } while (count > 0);
}

uint64_t Capture::lost() const {
  pcap_stat stat{};
  return pcap_stats(handle_.get(), &stat) == 0 ? stat.ps_drop : 0;
}

}  // namespace twlab::wire
