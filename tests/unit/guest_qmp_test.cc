// The monitor protocol, spoken with a QEMU that is a few lines of this file.
#include "guest/qmp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "os/clock.h"
#include "os/error.h"

namespace twlab::guest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Lines = std::vector<std::string>;

constexpr const char* greeting = R"({"QMP": {"version": {}, "capabilities": ["oob"]}})";
constexpr const char* done = R"({"return": {}})";
constexpr const char* event = R"({"timestamp": {"seconds": 1}, "event": "RESUME"})";

std::string status(const std::string& word) {
  return R"({"return": {"status": ")" + word + R"("}})";
}

// Says `first`, then answers each command with the next of `answers`, and is gone after the last.
class FakeQemu {
 public:
  FakeQemu(Lines first, std::vector<Lines> answers) {
    int ends[2];
    os::check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "making a socket pair");
    ours_.reset(ends[0]);
    theirs_.reset(ends[1]);
    thread_ = std::jthread([this, first = std::move(first), answers = std::move(answers)] {
      say(first);
      for (const Lines& answer : answers) {
        std::string command;
        for (char c; ::read(theirs_.get(), &c, 1) == 1 && c != '\n';) command += c;
        commands_.push_back(command);
        say(answer);
      }
      theirs_.reset();
    });
  }
  os::UniqueFd socket() { return std::move(ours_); }
  const Lines& commands() {
    if (thread_.joinable()) thread_.join();
    return commands_;
  }

 private:
  void say(const Lines& lines) {
    for (const std::string& line : lines)
      for (char c : line + "\r\n") send(theirs_.get(), &c, 1, MSG_NOSIGNAL);  // never at once
  }
  os::UniqueFd ours_, theirs_;
  Lines commands_;
  std::jthread thread_;
};

Deadline in(Duration duration) {
  return std::chrono::steady_clock::now() + duration;
}

std::string complaint(const std::function<void()>& body) {
  try {
    body();
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(Qmp, GreetsAndPassesOverEvents) {
  FakeQemu qemu({greeting, event},
                {{event, done}, {event, status("inmigrate")}, {status("paused"), event}, {done}});
  Qmp qmp(qemu.socket());
  qmp.greet(in(5s));
  qmp.go_on(in(5s));
  EXPECT_THAT(qemu.commands(), ElementsAre(HasSubstr("qmp_capabilities"), HasSubstr("query-status"),
                                           HasSubstr("query-status"), HasSubstr("cont")));
}

TEST(Qmp, WaitsUntilTheMachineHasStopped) {
  FakeQemu qemu({}, {{status("running")}, {event, status("running")}, {status("guest-panicked")}});
  Qmp(qemu.socket()).await_pause(in(5s));
  EXPECT_EQ(qemu.commands().size(), 3u);
}

TEST(Qmp, SavesAndWaitsUntilItIsDone) {
  FakeQemu qemu({}, {{done}, {done}, {status("setup")}, {status("active")}, {status("completed")}});
  Qmp(qemu.socket()).save(R"(cat > "a file")", in(5s));
  ASSERT_EQ(qemu.commands().size(), 5u);
  EXPECT_THAT(qemu.commands()[1], HasSubstr(R"("exec:cat > \"a file\"")"));
}

TEST(Qmp, ThatCannotSaveSaysSo) {
  FakeQemu qemu({}, {{done}, {done}, {status("failed")}});
  EXPECT_EQ(complaint([&] { Qmp(qemu.socket()).save("cat", in(5s)); }),
            "QEMU cannot save the guest");
}

TEST(Qmp, ARefusalIsGivenInItsOwnWords) {
  FakeQemu qemu({}, {{event, R"({"error": {"class": "GenericError", "desc": "no such thing"}})"}});
  EXPECT_EQ(complaint([&] { Qmp(qemu.socket()).await_pause(in(5s)); }), "QEMU: no such thing");
}

TEST(Qmp, AQemuThatIsGoneIsAnErrorAndNoSignal) {
  FakeQemu at_once({}, {});
  at_once.commands();
  EXPECT_EQ(complaint([&] { Qmp(at_once.socket()).greet(in(5s)); }), "QEMU has ended");
  FakeQemu after_its_greeting({greeting}, {});
  after_its_greeting.commands();
  EXPECT_EQ(complaint([&] { Qmp(after_its_greeting.socket()).greet(in(5s)); }), "QEMU has ended");
  FakeQemu within_a_line({}, {{R"({"return": )"}});
  EXPECT_NE(complaint([&] { Qmp(within_a_line.socket()).await_pause(in(5s)); }), "");
}

TEST(Qmp, NonsenseIsAnError) {
  for (const char* line : {"", "nonsense", "[]", "5", R"({"return": 5})", R"({"error": 5})",
                           R"({"return": {"status": 5}})"}) {
    FakeQemu qemu({}, {{line}});
    EXPECT_THAT(complaint([&] { Qmp(qemu.socket()).await_pause(in(5s)); }), HasSubstr("QEMU"))
        << line;
  }
}

TEST(Qmp, NoAnswerByTheDeadlineIsAnError) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  os::UniqueFd silent(ends[1]);
  Qmp qmp{os::UniqueFd(ends[0])};
  auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(complaint([&] { qmp.greet(in(50ms)); }), "QEMU does not answer");
  EXPECT_EQ(complaint([&] { qmp.await_pause(in(50ms)); }), "QEMU does not answer");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
}

// The deadline counts also while it answers.
TEST(Qmp, AMachineThatNeverStopsIsAnError) {
  FakeQemu qemu({}, std::vector<Lines>(1000, {status("running")}));
  EXPECT_EQ(complaint([&] { Qmp(qemu.socket()).await_pause(in(50ms)); }), "QEMU does not answer");
}

}  // namespace
}  // namespace twlab::guest
