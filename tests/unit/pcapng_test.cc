#include "wire/pcapng.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

namespace twlab::wire {
namespace {

// A reader of its own, so that a misreading of the format is not made twice by the same code.
uint32_t number(std::string_view data, size_t at, size_t size) {
  uint32_t n = 0;
  std::memcpy(&n, data.substr(at, size).data(), size);  // little-endian, like every machine here
  return n;
}

struct ReadBlock {
  uint32_t type = 0;
  std::string_view body;
};

std::vector<ReadBlock> read_blocks(std::string_view file) {
  std::vector<ReadBlock> blocks;
  while (!file.empty()) {
    EXPECT_GE(file.size(), 12u);
    uint32_t length = number(file, 4, 4);
    EXPECT_EQ(length % 4, 0u);
    EXPECT_GE(length, 12u);
    if (length < 12 || length > file.size()) break;
    EXPECT_EQ(number(file, length - 4, 4), length) << "both lengths of a block are the same";
    blocks.push_back({number(file, 0, 4), file.substr(8, length - 12)});
    file.remove_prefix(length);
  }
  EXPECT_TRUE(file.empty());
  return blocks;
}

std::map<uint32_t, std::string> read_options(std::string_view options) {
  std::map<uint32_t, std::string> read;
  while (options.size() >= 4) {
    uint32_t code = number(options, 0, 2), length = number(options, 2, 2);
    if (code == 0) {
      EXPECT_EQ(options.size(), 4u) << "the end of options ends the block";
      return read;
    }
    read[code] = options.substr(4, length);
    for (char pad : options.substr(4 + length, (4 - length % 4) % 4)) EXPECT_EQ(pad, 0);
    options.remove_prefix(4 + (length + 3) / 4 * 4);
  }
  ADD_FAILURE() << "no end of options";
  return read;
}

struct ReadPacket {
  uint32_t interface, direction;
  uint64_t time;
  std::string bytes, comment;
};

ReadPacket read_packet(std::string_view body) {
  uint32_t captured = number(body, 12, 4);
  EXPECT_EQ(number(body, 16, 4), captured);
  auto options = read_options(body.substr(20 + (captured + 3) / 4 * 4));
  EXPECT_EQ(options[2].size(), 4u);
  return {number(body, 0, 4), number(options[2], 0, 4),
          uint64_t{number(body, 4, 4)} << 32 | number(body, 8, 4),
          std::string(body.substr(20, captured)), options[1]};
}

constexpr uint64_t kTime = 1'700'000'000'123'456'789;

// Frames of every length modulo 4, since blocks are aligned.
std::vector<Frame> sample() {
  std::vector<Frame> frames;
  for (size_t i = 0; i < 5; ++i) {
    Frame frame;
    frame.time = Time(Duration(kTime + i));
    frame.interface = i % 2;
    frame.outgoing = i % 2 == 0;
    frame.bytes.assign(14 + i, static_cast<uint8_t>(0xa0 + i));
    frames.push_back(frame);
  }
  frames[0].note = "forged SYN, TSval last+1";
  frames[1].note = "this is the answer";
  frames[1].decisive = true;
  frames[2].decisive = true;
  return frames;
}

std::vector<const Frame*> pointers(const std::vector<Frame>& frames) {
  std::vector<const Frame*> result;
  for (const Frame& frame : frames) result.push_back(&frame);
  return result;
}

const std::vector<CaptureInterface> kInterfaces = {{"server", "192.0.2.1, 2001:db8::1"},
                                                   {"client", ""}};

std::string contents(const Frame& frame) {
  return std::string(frame.bytes.begin(), frame.bytes.end());
}

TEST(Pcapng, HeaderAndInterfaces) {
  std::string file = pcapng(kInterfaces, {}, "close.four-segments");
  auto blocks = read_blocks(file);
  ASSERT_EQ(blocks.size(), 3u);

  EXPECT_EQ(blocks[0].type, 0x0a0d0d0au);
  EXPECT_EQ(number(blocks[0].body, 0, 4), 0x1a2b3c4du);
  EXPECT_EQ(number(blocks[0].body, 4, 2), 1u);
  EXPECT_EQ(number(blocks[0].body, 6, 2), 0u);
  EXPECT_EQ(blocks[0].body.substr(8, 8), std::string(8, '\xff'));
  auto section = read_options(blocks[0].body.substr(16));
  EXPECT_EQ(section[1], "close.four-segments");
  EXPECT_EQ(section[4], "twlab " TWLAB_VERSION);
  EXPECT_EQ(section.count(2) + section.count(3), 0u) << "nothing about the machine";

  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(blocks[i + 1].type, 1u);
    EXPECT_EQ(number(blocks[i + 1].body, 0, 2), 1u) << "Ethernet";
    auto options = read_options(blocks[i + 1].body.substr(8));
    EXPECT_EQ(options[2], kInterfaces[i].name);
    EXPECT_EQ(options[3], kInterfaces[i].description);
    EXPECT_EQ(options[9], "\x09") << "nanoseconds";
  }
}

TEST(Pcapng, FramesKeepTimePlaceDirectionAndWords) {
  std::vector<Frame> frames = sample();
  std::string file = pcapng(kInterfaces, pointers(frames), "");
  auto blocks = read_blocks(file);
  ASSERT_EQ(blocks.size(), 3 + frames.size());
  EXPECT_EQ(read_options(blocks[0].body.substr(16)).count(1), 0u) << "no comment, no option";

  const char* comments[] = {"forged SYN, TSval last+1", "▶ decides: this is the answer",
                            "▶ decides", "", ""};
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(blocks[3 + i].type, 6u);
    ReadPacket packet = read_packet(blocks[3 + i].body);
    EXPECT_EQ(packet.interface, i % 2);
    EXPECT_EQ(packet.direction, i % 2 == 0 ? 2u : 1u) << "outbound 2, inbound 1";
    EXPECT_EQ(packet.time, kTime + i);
    EXPECT_EQ(packet.bytes, contents(frames[i]));
    EXPECT_EQ(packet.comment, comments[i]);
  }
}

TEST(Pcapng, TheSameFramesGiveTheSameBytes) {
  EXPECT_EQ(pcapng(kInterfaces, pointers(sample()), "x"),
            pcapng(kInterfaces, pointers(sample()), "x"));
  EXPECT_EQ(classic_pcap(pointers(sample())), classic_pcap(pointers(sample())));
}

TEST(Pcapng, CommentsOfAnyLengthFit) {
  for (size_t length : {1u, 2u, 3u, 4u, 65'535u, 65'536u, 200'000u}) {
    Frame frame;
    frame.note.assign(length, 'n');
    const Frame* frames[] = {&frame};
    std::string file = pcapng({{"a", ""}}, frames, "");
    auto blocks = read_blocks(file);
    ASSERT_EQ(blocks.size(), 3u);
    EXPECT_EQ(read_packet(blocks[2].body).comment.size(), std::min<size_t>(length, 65'535));
  }
}

TEST(Pcapng, CommentsAreCutBetweenCharacters) {
  Frame frame;
  frame.note = "n";
  for (int i = 0; i < 30'000; ++i) frame.note += "▶";
  const Frame* frames[] = {&frame};
  std::string file = pcapng({{"a", ""}}, frames, "");
  EXPECT_EQ(read_packet(read_blocks(file)[2].body).comment.size(), 1 + 65'534 / 3 * 3u);
}

// What libpcap makes of a file.
struct Opened {
  std::unique_ptr<pcap_t, decltype(&pcap_close)> handle{nullptr, pcap_close};
  std::string error;

  explicit Opened(const std::string& bytes) {
    FILE* file = tmpfile();
    fwrite(bytes.data(), 1, bytes.size(), file);
    rewind(file);
    char text[PCAP_ERRBUF_SIZE] = {};
    handle.reset(pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, text));
    error = text;
  }
};

TEST(Pcapng, LibpcapReadsBothFormats) {
  std::vector<Frame> frames = sample();
  for (const std::string& bytes :
       {pcapng(kInterfaces, pointers(frames), "words"), classic_pcap(pointers(frames))}) {
    Opened opened(bytes);
    ASSERT_TRUE(opened.handle) << opened.error;
    EXPECT_EQ(pcap_datalink(opened.handle.get()), DLT_EN10MB);
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    for (size_t i = 0; i < frames.size(); ++i) {
      ASSERT_EQ(pcap_next_ex(opened.handle.get(), &header, &data), 1);
      // With nanosecond precision libpcap puts nanoseconds where tv_usec says otherwise.
      EXPECT_EQ(static_cast<uint64_t>(header->ts.tv_sec) * 1'000'000'000 +
                    static_cast<uint64_t>(header->ts.tv_usec),
                kTime + i);
      ASSERT_EQ(header->caplen, frames[i].bytes.size());
      EXPECT_EQ(header->len, header->caplen);
      EXPECT_EQ(std::memcmp(data, frames[i].bytes.data(), header->caplen), 0);
    }
    EXPECT_EQ(pcap_next_ex(opened.handle.get(), &header, &data), PCAP_ERROR_BREAK);
  }
}

TEST(Pcapng, AClassicFileOfNoFramesIsAHeader) {
  std::string file = classic_pcap({});
  ASSERT_EQ(file.size(), 24u);
  EXPECT_EQ(number(file, 0, 4), 0xa1b23c4du);
  EXPECT_EQ(number(file, 20, 4), 1u);
  EXPECT_TRUE(Opened(file).handle);
}

}  // namespace
}  // namespace twlab::wire
