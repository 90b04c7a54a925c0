#include <fmt/format.h>

#include <map>

#include "cli/explain.h"
#include "net/tcp_state.h"

namespace twlab::cli {
namespace {

using explain::Connection;
using explain::Passed;
using explain::State;

// None for what no capture shows.
std::optional<net::TcpState> kernels(State state) {
  switch (state) {
    case State::SYN_SENT:
      return net::TcpState::SYN_SENT;
    case State::SYN_RECEIVED:
      return net::TcpState::SYN_RECV;
    case State::ESTABLISHED:
      return net::TcpState::ESTABLISHED;
    case State::FIN_WAIT_1:
      return net::TcpState::FIN_WAIT_1;
    case State::FIN_WAIT_2:
      return net::TcpState::FIN_WAIT_2;
    case State::CLOSE_WAIT:
      return net::TcpState::CLOSE_WAIT;
    case State::CLOSING:
      return net::TcpState::CLOSING;
    case State::LAST_ACK:
      return net::TcpState::LAST_ACK;
    case State::TIME_WAIT:
      return net::TcpState::TIME_WAIT;
    case State::CLOSED:
      return net::TcpState::CLOSED;
    case State::unknown:
      break;
  }
  return {};
}

template <typename T>
wire::Option<T> option(const std::optional<T>& value) {
  return value ? wire::Option<T>(*value) : wire::Option<T>(wire::absent);
}

wire::Packet packet(const explain::Header& header) {
  wire::Packet packet{.source = header.source, .destination = header.destination};
  wire::Segment& segment = packet.segment;
  segment.source = header.source.port;
  segment.destination = header.destination.port;
  segment.flags = header.flags;
  segment.seq = header.seq;
  segment.ack = header.ack;
  segment.window = header.window;
  segment.mss = option(header.mss);
  segment.wscale = option(header.wscale);
  segment.tsval = option(header.tsval);
  segment.tsecr = option(header.tsecr);
  segment.length = header.length;
  return packet;
}

std::string host(const Connection& connection, size_t side) {
  return fmt::format("{} {}", role(connection, side), show(connection.ends[side]));
}

}  // namespace

Recording recording_of(const Connection& connection, const explain::Drawn& drawn) {
  std::map<uint64_t, std::string> notes;  // by frame
  for (const auto& finding : connection.findings) {
    if (ordinary(finding.kind)) continue;
    for (uint64_t frame : finding.frames) {
      std::string& note = notes[frame];
      if (note.find(name(finding.kind)) != note.npos) continue;
      note += fmt::format("{}{}", note.empty() ? "" : "; ", name(finding.kind));
    }
  }

  Recording recording;
  for (size_t side : {0, 1})
    recording.interfaces.push_back({host(connection, side), {connection.ends[side].address}});
  std::array<size_t, 2> next{};
  std::array<net::TcpState, 2> before{net::TcpState::CLOSED, net::TcpState::CLOSED};
  auto states_up_to = [&](uint64_t frame, Time time) {
    for (size_t side : {0, 1}) {
      const auto& path = connection.paths[side];
      for (; next[side] < path.size() && path[next[side]].by.frame <= frame; ++next[side]) {
        auto state = kernels(path[next[side]].state);
        if (!state) continue;
        if (!path[next[side]].shown) {
          recording.add(time, host(connection, side),
                        Note{.text = fmt::format("{}?", name(path[next[side]].state))});
          continue;
        }
        Tuple tuple{connection.ends[side], connection.ends[1 - side]};
        recording.add(time, host(connection, side),
                      StateChange{.tuple = tuple, .before = before[side], .state = *state});
        before[side] = *state;
      }
    }
  };
  size_t half = drawn.segments.size() / 2, i = 0;
  for (const Passed& passed : drawn.segments) {
    if (drawn.omitted && i++ == half)
      recording.add(passed.at.time, "",
                    Note{.text = fmt::format("… {} segments more", drawn.omitted)});
    wire::Frame frame;
    frame.time = passed.at.time;
    frame.interface = passed.side;
    frame.outgoing = true;
    frame.id = static_cast<uint32_t>(passed.at.frame);
    frame.packet = packet(passed.header);
    if (auto note = notes.find(passed.at.frame); note != notes.end()) {
      frame.note = note->second;
      frame.decisive = true;
    }
    recording.add(passed.at.time, host(connection, passed.side), std::move(frame));
    states_up_to(passed.at.frame, passed.at.time);
  }
  return recording;
}

}  // namespace twlab::cli
