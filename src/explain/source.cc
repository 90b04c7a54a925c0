#include "explain/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "explain/header.h"

namespace twlab::explain {
namespace {

// Hostile stamps must not overflow what holds 292 years from 1970 on.
constexpr int64_t latest_second = 9'000'000'000;

std::string link_type(int link) {
  const char* name = pcap_datalink_val_to_name(link);
  const char* description = pcap_datalink_val_to_description(link);
  if (!name) return fmt::format("number {}", link);
  return description ? fmt::format("{} ({})", name, description) : name;
}

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};

}  // namespace

Source::Source(const std::string& path) : name_(path == "-" ? "standard input" : path) {
  std::error_code ignored;
  if (path != "-" && std::filesystem::is_directory(path, ignored))
    throw BadCapture(fmt::format("{}: a folder; a capture is a file", name_));
  std::unique_ptr<FILE, CloseFile> file;
  if (path != "-") {
    file.reset(std::fopen(path.c_str(), "rb"));
    if (!file) throw BadCapture(fmt::format("{}: {}", name_, std::strerror(errno)));
  }
  FILE* stream = file ? file.get() : stdin;
  int first = std::fgetc(stream);
  if (first == EOF) {
    if (std::ferror(stream)) throw BadCapture(fmt::format("{}: {}", name_, std::strerror(errno)));
    throw BadCapture(fmt::format("{}: empty, not even the header of a capture", name_));
  }
  std::ungetc(first, stream);

  char error[PCAP_ERRBUF_SIZE] = {};
  handle_.reset(
      pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error));
  if (!handle_) {
    bool unknown = std::string_view(error).find("unknown file format") != std::string_view::npos;
    throw BadCapture(
        unknown ? fmt::format("{}: neither pcap nor pcapng; a compressed capture goes through a "
                              "pipe: zcat FILE | twlab explain -",
                              name_)
                : fmt::format("{}: {}", name_, error));
  }
  file.release();  // it is the handle's now
  link_ = pcap_datalink(handle_.get());
  if (!can_read(link_))
    throw BadCapture(
        fmt::format("{}: link type {} is not read; Ethernet, Linux cooked (SLL, SLL2), raw IP and "
                    "BSD loopback are",
                    name_, link_type(link_)));
}

std::optional<Source::Frame> Source::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int result = pcap_next_ex(handle_.get(), &header, &bytes);
  if (result == 1) {
    // With nanosecond precision tv_usec holds nanoseconds.
    auto second = std::clamp<int64_t>(header->ts.tv_sec, 0, latest_second);
    auto fraction = std::clamp<int64_t>(header->ts.tv_usec, 0, 999'999'999);
    return Frame{++frames_, Time(std::chrono::seconds(second) + Duration(fraction)), header->len,
                 std::span(bytes, header->caplen)};
  }
  if (result == PCAP_ERROR_BREAK) return {};
  std::string_view error = pcap_geterr(handle_.get());
  bool mixed = error.find("different from the type of the first") != error.npos;
  broken_ = fmt::format("broken after frame {}: {}{}", frames_, error,
                        mixed ? "; a capture of several interfaces is best made with -i any" : "");
  return {};
}

std::string Source::link_name() const {
  return link_type(link_);
}

}  // namespace twlab::explain
