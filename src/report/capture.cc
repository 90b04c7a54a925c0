#include "report/capture.h"

#include <stdexcept>

#include "wire/codec.h"

namespace twlab::report {
namespace {

// See wire/pcapng.cc, which writes nothing else.
enum BlockType : uint32_t { section_header = 0x0a0d0d0a, enhanced_packet = 6 };
enum OptionCode : uint16_t { end_of_options = 0, comment = 1, epb_flags = 2 };
constexpr uint32_t sent = 2;

[[noreturn]] void malformed(const std::string& file, const char* what) {
  throw std::runtime_error(file + ": " + what);
}

// The bytes of a block or of a file, taken from the front.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  bool done() const { return bytes_.empty(); }
  std::string_view take(size_t size) {
    if (size > bytes_.size()) malformed(file_, "not a whole pcapng file");
    std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view take_padded(size_t size) { return take((size + 3) / 4 * 4).substr(0, size); }
  uint32_t number(size_t size = 4) {
    uint32_t value = 0;
    for (size_t shift = 0; char byte : take(size))
      value |= uint32_t{static_cast<uint8_t>(byte)} << 8 * shift++;
    return value;
  }

 private:
  std::string_view bytes_;
  const std::string& file_;
};

// Calls `use` with the code and the value of each option.
template <typename Use>
void read_options(Reader& block, Use use) {
  while (!block.done()) {
    uint32_t code = block.number(2), size = block.number(2);
    if (code == end_of_options) return;
    use(code, block.take_padded(size));
  }
}

wire::Frame read_frame(Reader block, const std::string& file) {
  wire::Frame frame;
  frame.interface = block.number();
  uint64_t high = block.number(), low = block.number();
  frame.time = Time(Duration(static_cast<int64_t>(high << 32 | low)));
  uint32_t size = block.number();
  block.number();  // on the wire: the same
  std::string_view bytes = block.take_padded(size);
  frame.bytes.assign(bytes.begin(), bytes.end());
  frame.packet = wire::decode(frame.bytes);
  read_options(block, [&](uint32_t code, std::string_view value) {
    if (code == epb_flags) frame.outgoing = Reader(value, file).number() == sent;
  });
  return frame;
}

void check_header(Reader block, const std::string& file) {
  block.take(16);  // magic, version, length of the section
  read_options(block, [&](uint32_t code, std::string_view value) {
    if (code == comment && value.starts_with("cut: ")) malformed(file, "frames are cut out of it");
  });
}

}  // namespace

Recording read_capture(std::string_view pcapng, const std::string& file, const LabResult& owner) {
  Recording recording;
  recording.interfaces = owner.recording.interfaces;
  for (Reader blocks(pcapng, file); !blocks.done();) {
    uint32_t type = blocks.number(), length = blocks.number();
    if (length < 12) malformed(file, "not a pcapng file");
    Reader block(blocks.take(length - 12), file);
    if (blocks.number() != length) malformed(file, "not a pcapng file");
    if (type == section_header) check_header(block, file);
    if (type != enhanced_packet) continue;
    wire::Frame frame = read_frame(block, file);
    if (frame.interface >= recording.interfaces.size())
      malformed(file, "has an interface that its results.json does not have");
    std::string host = recording.interfaces[frame.interface].host;
    Time time = frame.time;
    recording.add(time, host, std::move(frame));
  }
  return recording;
}

}  // namespace twlab::report
