#include "guest/qmp.h"

#include <poll.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "os/error.h"
#include "os/file.h"

namespace twlab::guest {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// QEMU tells the end of a migration only when asked.
constexpr auto look_interval = 2ms;

}  // namespace

std::string Qmp::read_line(Deadline deadline) {
  for (;;) {
    if (size_t end = unread_.find('\n'); end != unread_.npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd readable{socket_.get(), POLLIN, 0};
    int ready = left.count() > 0 ? ::poll(&readable, 1, static_cast<int>(left.count())) : 0;
    if (ready == 0) throw std::runtime_error("QEMU does not answer");
    if (ready < 0 && errno == EINTR) continue;
    os::check(ready, "waiting for QEMU");
    char buffer[4096];
    ssize_t n = ::read(socket_.get(), buffer, sizeof buffer);
    if (n <= 0) throw std::runtime_error("QEMU has ended");
    unread_.append(buffer, static_cast<size_t>(n));
  }
}

std::string Qmp::execute(const std::string& command, Deadline deadline) {
  os::write_all(socket_.get(), command + "\n", "QEMU's monitor");
  for (;;) {
    json answer = json::parse(read_line(deadline));
    if (answer.contains("event")) continue;
    if (answer.contains("error"))
      throw std::runtime_error("QEMU: " + answer["error"].value("desc", "an error"));
    return answer.value("return", json::object()).dump();
  }
}

std::string Qmp::ask(const std::string& command, const std::string& field, Deadline deadline) {
  return json::parse(execute(json{{"execute", command}}.dump(), deadline)).value(field, "");
}

void Qmp::greet(Deadline deadline) {
  read_line(deadline);
  execute(R"({"execute": "qmp_capabilities"})", deadline);
}

void Qmp::await_pause(Deadline deadline) {
  while (ask("query-status", "status", deadline) == "running")
    std::this_thread::sleep_for(look_interval);
}

void Qmp::save(const std::string& command, Deadline deadline) {
  execute(R"({"execute": "migrate-set-parameters", "arguments": {"max-bandwidth": 100000000000}})",
          deadline);
  execute(json{{"execute", "migrate"}, {"arguments", {{"uri", "exec:" + command}}}}.dump(),
          deadline);
  for (;;) {
    std::string status = ask("query-migrate", "status", deadline);
    if (status == "completed") return;
    if (status == "failed") throw std::runtime_error("QEMU cannot save the guest");
    std::this_thread::sleep_for(look_interval);
  }
}

void Qmp::go_on(Deadline deadline) {
  while (ask("query-status", "status", deadline) == "inmigrate")
    std::this_thread::sleep_for(look_interval);
  execute(R"({"execute": "cont"})", deadline);
}

}  // namespace twlab::guest
