#include "lab/crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "lab/lab.h"
#include "net/bulk.h"

namespace twlab {
namespace {

// Connections captured at the beginning of a wave, and again at its end.
constexpr size_t kCaptured = 3;
// Connections that a host dials before it looks after those under way.
constexpr size_t kDialled = 64;
constexpr Duration kPatience = 3s;
// Ports of a range that are laid open at a time.
constexpr unsigned kPiece = 1024;

}  // namespace

Crowd::Crowd(Lab& lab, Host& host, wire::Wire& wire, size_t interface, const net::LinkEnd& host_end,
             const net::LinkEnd& end, const wire::Mac& own, const wire::CrowdOptions& options)
    : lab_(lab),
      host_(host),
      wire_(wire),
      interface_(interface),
      host_end_(host_end),
      crowd_(*end.ns, end.device, own, host_end.mac, options) {
  wire_.loop().add(crowd_.fd(), [this] { crowd_.answer(); });
}

Crowd::~Crowd() {
  wire_.loop().remove(crowd_.fd());
}

Endpoint Crowd::at(uint16_t port) const {
  return {crowd_.options().first, port};
}

Tuple Crowd::tuple(Socket& listener, size_t number) const {
  return {listener.tuple().local, crowd_.endpoint(number)};
}

void Crowd::capture(bool on) {
  if (on == capturing_) return;
  on ? wire_.resume(interface_) : wire_.pause(interface_);
  capturing_ = on;
}

void Crowd::add(CrowdResult& result, const wire::CrowdCount& count) {
  result.opened += count.opened;
  result.established += count.established;
  result.ended += count.ended;
  result.refused += count.refused;
  result.other_port += count.other_port;
}

void Crowd::serve_recorded(Socket& listener) {
  lab_.collect();
  while (listener.readable()) listener.accept().close();
  lab_.collect();
}

void Crowd::uncaptured(CrowdResult& result, const std::function<void()>& body) {
  capture(false);
  net::Traffic before = net::traffic(host_end_);
  Time begin = os::now();
  body();
  result.took = os::now() - begin;
  net::Traffic after = net::traffic(host_end_);
  result.traffic = {after.received - before.received, after.sent - before.sent};
  capture(true);
}

void Crowd::tell(CrowdResult& result, const std::string& what) {
  std::string text = fmt::format("{}: {} opened, {} established, {} ended, {} refused", what,
                                 result.opened, result.established, result.ended, result.refused);
  if (result.uncaptured > 0)
    text += fmt::format(
        "; of these {} in {} without capture ({:.0f}/s; {} frames to the host, {} from it)",
        result.uncaptured, os::show(result.took), result.per_second(), result.traffic.received,
        result.traffic.sent);
  if (uint64_t lost = crowd_.lost()) text += fmt::format("; {} frames lost by the crowd", lost);
  result.id = lab_.note(Note::Kind::remark, text, host_.name());
}

CrowdResult Crowd::wave(Socket& listener, wire::CrowdWave all) {
  listener.need(listener.set_nonblocking(true));
  all.server = listener.tuple().local;
  CrowdResult result;
  bool going = true;  // the host still answers
  auto connect = [&](wire::CrowdWave part, const std::function<void()>& serve) {
    part.first += result.opened;
    wire::CrowdCount count = crowd_.connect(part, all.ending == Ending::none ? nullptr : serve);
    add(result, count);
    going = (all.ending == Ending::none ? count.established : count.ended) == part.count;
  };
  auto captured = [&] {
    wire::CrowdWave few = all;
    few.window = 1;
    few.count = std::min(kCaptured, all.count - result.opened);
    connect(few, [&] { serve_recorded(listener); });
    lab_.until([] { return true; }, 0s);  // takes in the last frames and states
  };
  capture(true);
  captured();
  if (all.count > 2 * kCaptured && going) {
    result.uncaptured = all.count - 2 * kCaptured;
    uncaptured(result, [&] {
      wire::CrowdWave most = all;
      most.count = result.uncaptured;
      connect(most, [&] { net::accept_and_close(listener.raw().fd()); });
    });
  }
  if (going) captured();
  // Whoever closes the listener resets all those that were not accepted.
  if (all.ending == Ending::none) capture(false);
  tell(result, fmt::format("crowd of clients to port {}", all.server.port));
  return result;
}

CrowdResult Crowd::connect(Socket& listener, size_t count, Ending ending) {
  size_t first = used_;
  used_ += count;
  return wave(listener, {.first = first, .count = count, .ending = ending});
}

CrowdResult Crowd::connect_again(Socket& listener, size_t first, size_t count, Ending ending) {
  return wave(listener, {.first = first, .count = count, .ending = ending});
}

void Crowd::dial_one(CrowdResult& result, uint16_t port) {
  Socket socket = host_.socket();
  Result made = socket.connect(at(port));
  result.error = made.error;
  if (!made.ok()) return;
  ++result.opened, ++result.established;
  Tuple tuple = socket.tuple();
  socket.close();
  if (lab_.reaches_state(host_, tuple, TIME_WAIT, kPatience)) ++result.ended;
}

// As many as there are free ports in the range, at most `count`.
void Crowd::dial_many(CrowdResult& result, uint16_t port, size_t count) {
  net::Dialler dialler(host_.ns(), at(port));
  size_t dialled = 0;
  result.error = 0;
  for (Time last = os::now(); os::now() < last + kPatience;) {
    while (result.error == 0 && dialled < count && dialler.under_way() < kDialled) {
      result.error = dialler.dial();
      if (result.error == 0) ++dialled;
    }
    crowd_.answer();
    size_t before = dialler.under_way();
    dialler.hang_up();
    if (dialler.under_way() < before) last = os::now();
    while (crowd_.answer() > 0) {
    }
    if (dialler.under_way() == 0 && (result.error != 0 || dialled == count)) break;
  }
  result.uncaptured += dialled;
  result.opened += dialled;
  result.established += dialler.closed();
  result.ended += dialler.closed();
  result.refused += dialler.failed();
}

CrowdResult Crowd::dial(uint16_t port, size_t count) {
  CrowdResult result;
  auto more = [&] { return result.opened < count && result.error == 0; };
  capture(true);
  for (size_t n = 0; n < kCaptured && more(); ++n) dial_one(result, port);
  if (count > 2 * kCaptured && more())
    uncaptured(result, [&] {
      constexpr const char* kRange = "net.ipv4.ip_local_port_range";
      std::string range = host_.get(kRange);
      unsigned first = 0, last = 0;
      std::istringstream(range) >> first >> last;
      for (unsigned piece = first; piece <= last && result.opened + kCaptured < count;
           piece += kPiece) {
        os::write_sysctl(host_.ns(), kRange,
                         fmt::format("{} {}", piece, std::min(piece + kPiece - 1, last)));
        dial_many(result, port, count - kCaptured - result.opened);
        if (result.error != 0 && result.error != EADDRNOTAVAIL) break;
      }
      os::write_sysctl(host_.ns(), kRange, range);
    });
  if (result.error == EADDRNOTAVAIL) result.error = 0;  // of a piece; the whole range will tell
  while (more()) dial_one(result, port);
  tell(result, fmt::format("connections to port {} of the crowd", port));
  return result;
}

Duration Crowd::visit(Socket& listener, size_t first, size_t count) {
  capture(false);
  wire::CrowdWave wave{.server = listener.tuple().local,
                       .first = first,
                       .count = count,
                       .ending = Ending::crowd_first};
  auto served = crowd_.connect(wave, [&] { net::accept_and_close(listener.raw().fd()); });
  return served.ended == count ? served.took : Duration{};
}

}  // namespace twlab
