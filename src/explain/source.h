// A capture read as a stream, frame by frame, with libpcap: pcap or pcapng, a file or standard
// input.
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "os/clock.h"

namespace twlab::explain {

// What is wrong with a capture, naming it; for people.
struct BadCapture : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Source {
 public:
  struct Frame {
    uint64_t number = 0;  // from 1, as Wireshark counts them
    Time time;
    size_t length = 0;               // on the wire
    std::span<const uint8_t> bytes;  // as far as captured; valid until the next call of next()
  };

  // "-" is standard input. Throws BadCapture when it cannot be opened, is empty, is no capture, or
  // has a link type that is not read here.
  explicit Source(const std::string& path);

  // None at the end, be it the file's or that of what can be read of it.
  std::optional<Frame> next();
  // Once next() has given none: why the file could not be read to its end; empty when it was.
  const std::string& broken() const { return broken_; }

  const std::string& name() const { return name_; }  // as given, or "standard input"
  int link() const { return link_; }                 // libpcap's DLT_ number
  std::string link_name() const;                     // "EN10MB (Ethernet)"
  uint64_t frames() const { return frames_; }        // so far

 private:
  struct Close {
    void operator()(pcap_t* handle) const { pcap_close(handle); }
  };
  std::string name_;
  std::unique_ptr<pcap_t, Close> handle_;
  int link_ = 0;
  uint64_t frames_ = 0;
  std::string broken_;
};

}  // namespace twlab::explain
