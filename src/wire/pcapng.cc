#include "wire/pcapng.h"

#include <cassert>
#include <string_view>
#include <utility>

namespace twlab::wire {
namespace {

constexpr uint16_t kEthernet = 1;          // LINKTYPE_ETHERNET
constexpr uint32_t kSnapLength = 262'144;  // what tcpdump writes; more than any frame here
constexpr size_t kLongestOption = 65'535;

enum BlockType : uint32_t {
  section_header = 0x0a0d0d0a,
  interface_description = 1,
  enhanced_packet = 6
};

// Codes are unique within a block type only (sections 3.5, 4.1, 4.2 and 4.3).
enum OptionCode : uint16_t {
  opt_comment = 1,
  shb_userappl = 4,
  if_name = 2,
  if_description = 3,
  if_tsresol = 9,
  epb_flags = 2,
};

class Writer {
 public:
  void u16(uint16_t n) { little_endian(n, 2); }
  void u32(uint32_t n) { little_endian(n, 4); }
  void bytes(std::string_view b) { out_ += b; }
  void pad() { out_.resize((out_.size() + 3) / 4 * 4); }
  std::string take() { return std::move(out_); }

 private:
  void little_endian(uint32_t n, int size) {
    for (int i = 0; i < size; ++i) out_ += static_cast<char>(n >> 8 * i);
  }
  std::string out_;
};

// At most `limit` bytes, and no UTF-8 character cut in two.
std::string_view shortened(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (text[limit] & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

// The inside of a block; the length at both its ends is known when it is complete.
class Block {
 public:
  Writer& body() { return body_; }

  void option(OptionCode code, std::string_view value) {
    value = shortened(value, kLongestOption);
    body_.u16(code);
    body_.u16(static_cast<uint16_t>(value.size()));
    body_.bytes(value);
    body_.pad();
  }

  // Empty means there is nothing to say, and the option is left out.
  void text(OptionCode code, std::string_view value) {
    if (!value.empty()) option(code, value);
  }

  void append_to(Writer& file, BlockType type) {
    body_.u32(0);  // opt_endofopt
    std::string inside = body_.take();
    auto length = static_cast<uint32_t>(12 + inside.size());
    file.u32(type);
    file.u32(length);
    file.bytes(inside);
    file.u32(length);
  }

 private:
  Writer body_;
};

std::string_view contents(const Frame& frame) {
  return {reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size()};
}

uint64_t nanoseconds(const Frame& frame) {
  return static_cast<uint64_t>(frame.time.time_since_epoch().count());
}

std::string comment_of(const Frame& frame) {
  if (!frame.decisive) return frame.note;
  return frame.note.empty() ? "▶ decides" : "▶ decides: " + frame.note;
}

void write_section_header(Writer& file, const std::string& comment) {
  Block block;
  block.body().u32(0x1a2b3c4d);  // byte-order magic
  block.body().u16(1);           // version 1.0
  block.body().u16(0);
  block.body().u32(0xffffffff);  // section length: not given
  block.body().u32(0xffffffff);
  block.text(opt_comment, comment);
  block.text(shb_userappl, "twlab " TWLAB_VERSION);
  block.append_to(file, section_header);
}

void write_interface(Writer& file, const CaptureInterface& interface) {
  Block block;
  block.body().u16(kEthernet);
  block.body().u16(0);
  block.body().u32(kSnapLength);
  block.text(if_name, interface.name);
  block.text(if_description, interface.description);
  block.option(if_tsresol, "\x09");  // 10^-9 s
  block.append_to(file, interface_description);
}

void write_frame(Writer& file, const Frame& frame) {
  auto size = static_cast<uint32_t>(frame.bytes.size());
  Block block;
  block.body().u32(static_cast<uint32_t>(frame.interface));
  block.body().u32(static_cast<uint32_t>(nanoseconds(frame) >> 32));
  block.body().u32(static_cast<uint32_t>(nanoseconds(frame)));
  block.body().u32(size);  // captured
  block.body().u32(size);  // on the wire
  block.body().bytes(contents(frame));
  block.body().pad();
  block.text(opt_comment, comment_of(frame));
  Writer direction;
  direction.u32(frame.outgoing ? 2 : 1);
  block.option(epb_flags, direction.take());
  block.append_to(file, enhanced_packet);
}

}  // namespace

std::string pcapng(const std::vector<CaptureInterface>& interfaces,
                   std::span<const Frame* const> frames, const std::string& comment) {
  Writer file;
  write_section_header(file, comment);
  for (const CaptureInterface& interface : interfaces) write_interface(file, interface);
  for (const Frame* frame : frames) {
    assert(frame->interface < interfaces.size());
    write_frame(file, *frame);
  }
  return file.take();
}

std::string classic_pcap(std::span<const Frame* const> frames) {
  Writer file;
  file.u32(0xa1b23c4d);  // nanoseconds, unlike 0xa1b2c3d4
  file.u16(2);           // version 2.4
  file.u16(4);
  file.u32(0);  // time zone and accuracy: always 0
  file.u32(0);
  file.u32(kSnapLength);
  file.u32(kEthernet);
  for (const Frame* frame : frames) {
    auto size = static_cast<uint32_t>(frame->bytes.size());
    file.u32(static_cast<uint32_t>(nanoseconds(*frame) / 1'000'000'000));
    file.u32(static_cast<uint32_t>(nanoseconds(*frame) % 1'000'000'000));
    file.u32(size);  // captured
    file.u32(size);  // on the wire
    file.bytes(contents(*frame));
  }
  return file.take();
}

}  // namespace twlab::wire
