// Captures as files: pcapng with interface names and the lab's words as comments, or classic pcap.
//
// libpcap reads pcapng and writes none, hence by hand (draft-ietf-opsawg-pcapng). Both writers give
// the same bytes for the same frames on every machine: little-endian, nothing about time or host.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "wire/frame.h"

namespace twlab::wire {

struct CaptureInterface {
  std::string name;         // of the host whose link end it is
  std::string description;  // its addresses; may be empty
};

// Frames are written in the order given, with nanoseconds, direction and comment; a decisive
// frame's comment begins with "▶ decides: ". Each frame's `interface` must be an index into
// `interfaces`. `comment` is the whole file's; may be empty. A comment of more than 65535 bytes is
// cut there.
std::string pcapng(const std::vector<CaptureInterface>& interfaces,
                   std::span<const Frame* const> frames, const std::string& comment);

// For readers that know no pcapng. Interfaces, directions and comments are lost: a frame captured
// at both ends of a link appears twice unless only the frames of one end are given.
std::string classic_pcap(std::span<const Frame* const> frames);

}  // namespace twlab::wire
