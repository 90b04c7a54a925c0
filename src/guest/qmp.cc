#include "guest/qmp.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "os/error.h"

namespace twlab::guest {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// QEMU tells the end of a migration only when asked.
constexpr auto look_interval = 2ms;
constexpr const char* query_status = R"({"execute": "query-status"})";

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

std::string Qmp::execute(const std::string& command, const std::string& field, Deadline deadline) {
  std::string line = command + "\n";
  // Not a signal when QEMU is gone, as write() would be.
  if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) != ssize_t(line.size()))
    throw std::runtime_error("QEMU has ended");
  for (;;) {
    std::string text = read_line(deadline);
    try {
      json answer = json::parse(text);
      if (answer.contains("event")) continue;
      if (answer.contains("error"))
        throw std::runtime_error("QEMU: " + answer["error"].at("desc").get<std::string>());
      const json& value = answer.at("return");
      return field.empty() ? "" : value.at(field).get<std::string>();
    } catch (const json::exception&) {
      throw std::runtime_error("QEMU answered '" + text + "'");
    }
  }
}

void Qmp::greet(Deadline deadline) {
  read_line(deadline);
  execute(R"({"execute": "qmp_capabilities"})", "", deadline);
}

void Qmp::await_pause(Deadline deadline) {
  while (execute(query_status, "status", deadline) == "running")
    std::this_thread::sleep_for(look_interval);
}

void Qmp::save(const std::string& command, Deadline deadline) {
  execute(R"({"execute": "migrate-set-parameters", "arguments": {"max-bandwidth": 100000000000}})",
          "", deadline);
  execute(json{{"execute", "migrate"}, {"arguments", {{"uri", "exec:" + command}}}}.dump(), "",
          deadline);
  for (;;) {
    std::string status = execute(R"({"execute": "query-migrate"})", "status", deadline);
    if (status == "completed") return;
    if (status == "failed") throw std::runtime_error("QEMU cannot save the guest");
    std::this_thread::sleep_for(look_interval);
  }
}

void Qmp::go_on(Deadline deadline) {
  while (execute(query_status, "status", deadline) == "inmigrate")
    std::this_thread::sleep_for(look_interval);
  execute(R"({"execute": "cont"})", "", deadline);
}

}  // namespace twlab::guest
