#include "guest/qmp.h"

#include <fmt/format.h>
#include <nettle/base64.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace twlab::guest {
namespace {

using nlohmann::json;

// Tell when it is done; and leave out the memory, which is in a file already.
constexpr const char* capabilities =
    R"({"execute": "migrate-set-capabilities", "arguments": {"capabilities": [)"
    R"({"capability": "events", "state": true}, {"capability": "x-ignore-shared", "state": true}]}})";

std::string migration(const char* command, const std::string& uri) {
  return json{{"execute", command}, {"arguments", {{"uri", uri}}}}.dump();
}

QmpEvent as_event(const json& said) {
  json data = said.value("data", json::object());
  return {said.at("event"), data.value("status", "")};
}

}  // namespace

std::string Qmp::read_line() {
  try {
    return input_.read_line();
  } catch (const Input::Ended& ended) {
    throw std::runtime_error(std::string("QEMU ") + ended.what());
  }
}

// Reads what comes until it is an answer; events are kept.
std::string Qmp::execute(const std::string& command) {
  std::string line = command + "\n";
  // Not a signal when QEMU is gone, as write() would be.
  if (::send(input_.fd(), line.data(), line.size(), MSG_NOSIGNAL) != ssize_t(line.size()))
    throw std::runtime_error("QEMU ended");
  for (;;) {
    std::string text = read_line();
    try {
      json answer = json::parse(text);
      if (answer.contains("event")) {
        events_.push_back(as_event(answer));
        continue;
      }
      if (answer.contains("error"))
        throw std::runtime_error("QEMU: " + answer["error"].at("desc").get<std::string>());
      const json& value = answer.at("return");
      return value.is_string() ? value.get<std::string>() : "";
    } catch (const json::exception&) {
      throw std::runtime_error("QEMU answered '" + text + "'");
    }
  }
}

QmpEvent Qmp::next_event() {
  if (!events_.empty()) {
    QmpEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  std::string text = read_line();
  try {
    return as_event(json::parse(text));
  } catch (const json::exception&) {
    throw std::runtime_error("QEMU answered '" + text + "'");
  }
}

void Qmp::greet() {
  read_line();
  execute(R"({"execute": "qmp_capabilities"})");
}

void Qmp::await_stop() {
  while (next_event().name != "STOP") {
  }
}

void Qmp::await_migration() {
  for (;;) {
    QmpEvent event = next_event();
    if (event.name != "MIGRATION") continue;
    if (event.status == "completed") return;
    if (event.status == "failed") throw std::runtime_error("QEMU says no more than that it failed");
  }
}

void Qmp::save(const std::string& command) {
  execute(capabilities);
  execute(R"({"execute": "migrate-set-parameters", "arguments": {"max-bandwidth": 100000000000}})");
  execute(migration("migrate", "exec:" + command));
  await_migration();
}

void Qmp::restore(int descriptor) {
  execute(capabilities);
  execute(migration("migrate-incoming", fmt::format("fd:{}", descriptor)));
  await_migration();
  execute(R"({"execute": "cont"})");
}

std::string Qmp::read_buffer(const std::string& device, size_t size) {
  std::string encoded =
      execute(json{{"execute", "ringbuf-read"},
                   {"arguments", {{"device", device}, {"size", size}, {"format", "base64"}}}}
                  .dump());
  std::string bytes(BASE64_DECODE_LENGTH(encoded.size()), '\0');
  base64_decode_ctx context;
  base64_decode_init(&context);
  size_t decoded = bytes.size();
  if (!base64_decode_update(&context, &decoded, reinterpret_cast<uint8_t*>(bytes.data()),
                            encoded.size(), encoded.data()) ||
      !base64_decode_final(&context) || decoded != size)
    throw std::runtime_error(fmt::format("QEMU has not all {} bytes of {}", size, device));
  bytes.resize(decoded);
  return bytes;
}

}  // namespace twlab::guest
