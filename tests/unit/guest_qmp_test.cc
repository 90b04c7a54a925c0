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

constexpr const char* stop = R"({"timestamp": {"seconds": 1}, "event": "STOP"})";

std::string migration(const std::string& status) {
  return R"({"event": "MIGRATION", "data": {"status": ")" + status + R"("}})";
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

Qmp qmp_with(FakeQemu& qemu, Duration limit = 5s) {
  return Qmp(qemu.socket(), {.limit = limit});
}

std::string complaint(const std::function<void()>& body) {
  try {
    body();
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(Qmp, GreetsAndRestores) {
  FakeQemu qemu(
      {greeting, event},
      {{event, done}, {done}, {event, done, migration("active"), migration("completed")}, {done}});
  Qmp qmp = qmp_with(qemu);
  qmp.greet();
  qmp.restore(6);
  EXPECT_THAT(qemu.commands(), ElementsAre(HasSubstr("qmp_capabilities"), HasSubstr("events"),
                                           HasSubstr(R"("fd:6")"), HasSubstr("cont")));
}

TEST(Qmp, WaitsUntilTheMachineHasStopped) {
  FakeQemu qemu({event, stop}, {});
  qmp_with(qemu).await_stop();
}

// Also when that comes between a command and its answer.
TEST(Qmp, MissesNoEvent) {
  FakeQemu qemu({greeting}, {{stop, done}});
  Qmp qmp = qmp_with(qemu);
  qmp.greet();
  qmp.await_stop();
}

TEST(Qmp, ReadsABuffer) {
  FakeQemu qemu({}, {{event, R"({"return": "AAFhYgo="})"},
                     {R"({"return": "AAE="})"},
                     {R"({"return": "!"})"},
                     {done}});
  Qmp qmp = qmp_with(qemu);
  EXPECT_EQ(qmp.read_buffer("results", 5), std::string("\0\1ab\n", 5));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(complaint([&] { qmp.read_buffer("results", 5); }),
              "QEMU has not all 5 bytes of results");
}

TEST(Qmp, SavesAndWaitsUntilItIsDone) {
  FakeQemu qemu({}, {{done}, {done}, {migration("setup"), done, migration("completed")}});
  qmp_with(qemu).save(R"(cat > "a file")");
  ASSERT_EQ(qemu.commands().size(), 3u);
  EXPECT_THAT(qemu.commands()[2], HasSubstr(R"("exec:cat > \"a file\"")"));
}

TEST(Qmp, ThatCannotSaveSaysSo) {
  FakeQemu qemu({}, {{done}, {done}, {done, migration("failed")}});
  EXPECT_EQ(complaint([&] { qmp_with(qemu).save("cat"); }),
            "QEMU says no more than that it failed");
}

TEST(Qmp, ARefusalIsGivenInItsOwnWords) {
  FakeQemu qemu({}, {{event, R"({"error": {"class": "GenericError", "desc": "no such thing"}})"}});
  EXPECT_EQ(complaint([&] { qmp_with(qemu).restore(6); }), "QEMU: no such thing");
}

TEST(Qmp, AQemuThatIsGoneIsAnErrorAndNoSignal) {
  FakeQemu at_once({}, {});
  at_once.commands();
  EXPECT_EQ(complaint([&] { qmp_with(at_once).greet(); }), "QEMU ended");
  FakeQemu after_its_greeting({greeting}, {});
  after_its_greeting.commands();
  EXPECT_EQ(complaint([&] { qmp_with(after_its_greeting).greet(); }), "QEMU ended");
  FakeQemu within_a_line({R"({"return": )"}, {});
  EXPECT_NE(complaint([&] { qmp_with(within_a_line).await_stop(); }), "");
}

TEST(Qmp, NonsenseIsAnError) {
  for (const char* line : {"", "nonsense", "[]", "5", R"({"error": 5})", R"({"event": 5})"}) {
    FakeQemu answering({}, {{line}}), telling({line}, {});
    EXPECT_THAT(complaint([&] { qmp_with(answering).restore(6); }), HasSubstr("QEMU")) << line;
    EXPECT_THAT(complaint([&] { qmp_with(telling).await_stop(); }), HasSubstr("QEMU")) << line;
  }
}

TEST(Qmp, NoAnswerByTheDeadlineIsAnError) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  os::UniqueFd silent(ends[1]);
  auto begin = std::chrono::steady_clock::now();
  Qmp qmp(os::UniqueFd(ends[0]), {.limit = 50ms});
  EXPECT_EQ(complaint([&] { qmp.greet(); }), "QEMU gave no answer within 0.05 s");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 50ms);
  EXPECT_EQ(complaint([&] { qmp.await_stop(); }), "QEMU gave no answer within 0.05 s");
}

TEST(Qmp, NobodyWaitsAnyMoreOnceHeIsToldSo) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  os::UniqueFd silent(ends[1]);
  os::Pipe stop;
  stop.write.reset();
  Qmp qmp(os::UniqueFd(ends[0]), {.limit = 60s, .stop = stop.read.get()});
  EXPECT_EQ(complaint([&] { qmp.greet(); }), "QEMU was stopped");
}

// The deadline counts also while it says something.
TEST(Qmp, AMachineThatNeverStopsIsAnError) {
  FakeQemu qemu(Lines(20'000, event), {});
  EXPECT_THAT(complaint([&] { qmp_with(qemu, 50ms).await_stop(); }), HasSubstr("within 0.05 s"));
}

}  // namespace
}  // namespace twlab::guest
