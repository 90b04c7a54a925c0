#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "os/address.h"
#include "os/clock.h"
#include "os/error.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/loop.h"
#include "os/process.h"
#include "os/signals.h"

namespace twlab::os {
namespace {

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}
UniqueFd open_null() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

TEST(UniqueFd, ClosesOnce) {
  UniqueFd fd = open_null();
  int number = fd.get();
  UniqueFd other = std::move(fd);
  EXPECT_FALSE(fd);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(is_open(number));
  other.reset();
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MoveAssignmentClosesWhatWasHeld) {
  UniqueFd a = open_null(), b = open_null();
  int first = a.get(), second = b.get();
  a = std::move(b);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(a.get(), second);
}

TEST(UniqueFd, SurvivesAssignmentToItself) {
  UniqueFd fd = open_null();
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(Child, SelfMoveAndMoveAssignment) {
  auto wait_forever = [] { return pause(); };
  Child a = Child::spawn(wait_forever), b = Child::spawn(wait_forever);
  pid_t first = a.pid(), second = b.pid();
  Child& same = a;
  a = std::move(same);
  EXPECT_EQ(a.pid(), first);
  a = std::move(b);
  EXPECT_EQ(a.pid(), second);
  EXPECT_EQ(kill(first, 0), -1) << "it was killed and reaped";
  EXPECT_FALSE(a.try_wait());
}

TEST(Child, StatusAndItsText) {
  EXPECT_EQ(show_wait_status(Child::spawn([] { return 3; }).wait()), "exit status 3");
  EXPECT_EQ(show_wait_status(Child::spawn([] { return raise(SIGKILL); }).wait()),
            "killed by SIGKILL");
  Child thrower = Child::spawn([]() -> int { throw 1; });
  EXPECT_EQ(WEXITSTATUS(thrower.wait()), 125);
}

TEST(Error, GainsContextAndKeepsItsNumber) {
  try {
    during("making link a", [] { fail(ENOENT, "asking the kernel"); });
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "making link a: asking the kernel: No such file or directory");
    EXPECT_EQ(error.code().value(), ENOENT);
  }
}

TEST(Address, BothFamilies) {
  for (const char* text : {"192.0.2.1", "2001:db8::1"}) EXPECT_EQ(show(Address::parse(text)), text);
  EXPECT_EQ(show(Endpoint{Address::parse("2001:db8::1"), 5000}), "[2001:db8::1]:5000");
  EXPECT_THROW(Address::parse("192.0.2"), std::invalid_argument);
}

TEST(Address, EndpointRoundTrip) {
  for (const char* text : {"192.0.2.1", "2001:db8::1"}) {
    Endpoint end{Address::parse(text), 40000};
    sockaddr_storage storage;
    EXPECT_GT(end.to(storage), 0u);
    EXPECT_EQ(Endpoint::from(storage), end);
  }
}

TEST(Clock, DurationsForPeople) {
  EXPECT_EQ(show(350us), "350 us");
  EXPECT_EQ(show(12300us), "12.3 ms");
  EXPECT_EQ(show(1204ms), "1.204 s");
  EXPECT_EQ(show(60410ms), "60.41 s");
  EXPECT_EQ(show(-1204ms), "-1.204 s");
}

TEST(File, AtomicWriteLeavesNothingBehindOnFailure) {
  auto folder =
      std::filesystem::temp_directory_path() / ("twlab-os-test." + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  write_file_atomically(folder / "a", "new");
  write_file_atomically(folder / "a", "newer");
  EXPECT_EQ(read_file(folder / "a"), "newer");
  // A folder cannot be replaced by a file.
  std::filesystem::create_directories(folder / "b" / "c");
  EXPECT_THROW(write_file_atomically(folder / "b", "x"), std::system_error);
  EXPECT_THROW(write_file_atomically(folder / "none" / "b", "x"), std::system_error);
  auto count = std::distance(std::filesystem::directory_iterator(folder), {});
  EXPECT_EQ(count, 2) << "a, b and no temporary file";
  std::filesystem::remove_all(folder);
}

TEST(File, MemoryFile) {
  UniqueFd fd = memory_file("test");
  write_all(fd.get(), std::string(100000, 'x'), "test");
  EXPECT_EQ(read_all(fd.get(), "test").size(), 100000u);
}

TEST(Loop, WaitsForDescriptorsTimersAndConditions) {
  Loop loop;
  TimerFd timer;
  bool fired = false;
  loop.add(timer.fd(), [&] {
    timer.acknowledge();
    fired = true;
  });
  Time begin = now();
  timer.set(begin + 20ms);
  EXPECT_TRUE(loop.until([&] { return fired; }, begin + 5s));
  EXPECT_GE(now() - begin, 20ms);
  EXPECT_LT(now() - begin, 2s);
  EXPECT_FALSE(loop.until([] { return false; }, now() + 10ms));
}

TEST(SignalFd, GivesSignalsOnceEvenWhereTheyWereIgnored) {
  signal(SIGINT, SIG_IGN);
  {
    SignalFd signals{SIGINT, SIGCHLD};
    EXPECT_FALSE(signals.take());
    raise(SIGINT);
    EXPECT_EQ(signals.take(), SIGINT);
    EXPECT_FALSE(signals.take());
    raise(SIGINT);  // not taken: dropped, or the next line would not be reached
  }
  EXPECT_EQ(signal(SIGINT, SIG_DFL), SIG_IGN);
}

}  // namespace
}  // namespace twlab::os
