// The sample server, on the loopback interface of a network namespace of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/cli.h"
#include "net/diag.h"
#include "net/link.h"
#include "net/socket.h"
#include "os/file.h"
#include "os/process.h"

namespace twlab::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

// The command in a child, its output in a file in memory.
struct Server {
  // With so many descriptors at most (0: as many as the test).
  explicit Server(std::vector<std::string> words, rlim_t descriptors = 0)
      : output(os::memory_file("output")), child(os::Child::spawn([&] {
          const rlimit limit{descriptors, descriptors};
          if (descriptors && setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
          dup2(output.get(), STDOUT_FILENO);
          dup2(output.get(), STDERR_FILENO);
          words.insert(words.begin(), {"twlab", "serve"});
          std::vector<char*> arguments;
          for (std::string& word : words) arguments.push_back(word.data());
          return main(static_cast<int>(arguments.size()), arguments.data());
        })) {}

  std::string said() const { return os::read_all(output.get(), "the server's output"); }
  bool says(const std::string& text) {
    for (int i = 0; i < 500 && said().find(text) == std::string::npos; ++i) {
      if (child.try_wait()) break;
      std::this_thread::sleep_for(10ms);
    }
    return said().find(text) != std::string::npos;
  }
  int ends() {
    int status = child.wait();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  os::UniqueFd output;
  os::Child child;
};

class ServeTest : public ::testing::TestWithParam<Family> {
 protected:
  static void SetUpTestSuite() {
    try {
      os::isolate();
      net::set_up(os::Namespace::current(), "lo", true);
    } catch (const std::system_error& error) {
      denied_ = error.what();
    }
  }
  void SetUp() override {
    if (!denied_.empty()) GTEST_SKIP() << "this system allows no network namespaces: " << denied_;
  }
  bool v4() const { return GetParam() == Family::inet; }
  std::string address() const { return v4() ? "127.0.0.1" : "::1"; }
  static std::string time_received(const Endpoint& server) {
    net::Call made;
    net::Socket client(os::Namespace::current(), server.address.family, made);
    net::Call connected = client.connect(server);
    EXPECT_TRUE(connected.ok()) << net::show(connected);
    std::string all;
    while (true) {
      net::Call received = client.recv(100);
      EXPECT_GE(received.result, 0) << net::show(received);
      if (received.result <= 0) return all;
      all += received.data;
    }
  }

  static inline std::string denied_;
};

INSTANTIATE_TEST_SUITE_P(Families, ServeTest, ::testing::Values(Family::inet, Family::inet6),
                         [](auto& family) { return std::string(name(family.param)); });

TEST_P(ServeTest, TellsTheTimeIn26BytesAndClosesFirst) {
  Endpoint end{Address::parse(address()), 5000};
  Server server({"--address", address()});
  ASSERT_TRUE(server.says("Listening on " + show(end) + "\n")) << server.said();
  for (int i = 0; i < 3; ++i) {
    std::string message = time_received(end);
    EXPECT_EQ(message.size(), 26u);
    EXPECT_THAT(message, MatchesRegex("... ... .. ..:..:.. 20..\r\n"));
  }
  EXPECT_TRUE(server.says("Sent message to Client #"));
  net::Diag diag(os::Namespace::current());
  auto waiting = diag.dump(GetParam(), 1u << static_cast<int>(net::TcpState::TIME_WAIT));
  ASSERT_EQ(waiting.size(), 3u);
  for (const auto& socket : waiting) EXPECT_EQ(show(socket.tuple.local), show(end));
  server.child.signal(SIGINT);
  EXPECT_EQ(server.ends(), success);

  // As in the article: no restart for a minute. SO_REUSEADDR helps only if both servers have it.
  for (std::vector<std::string> words :
       {std::vector<std::string>{"--address", address()},
        std::vector<std::string>{"--address", address(), "--reuse-address"}}) {
    Server again(words);
    EXPECT_EQ(again.ends(), bad_input);
    EXPECT_THAT(again.said(),
                StartsWith("twlab: listening on " + show(end) + ": Address already in use"));
  }
}

TEST_P(ServeTest, RestartsAtOnceWithSoReuseaddr) {
  Endpoint end{Address::parse(address()), 5003};
  for (int i = 0; i < 2; ++i) {
    Server server({"--address", address(), "--port", "5003", "--reuse-address"});
    ASSERT_TRUE(server.says("Listening on")) << server.said();
    EXPECT_EQ(time_received(end).size(), 26u);
    server.child.signal(SIGINT);
    EXPECT_EQ(server.ends(), success);
  }
}

TEST_P(ServeTest, OnAllAddressesOfIPv4UnlessToldOtherwise) {
  std::string port = v4() ? "5001" : "5004";
  Server server({"--port", port});
  ASSERT_TRUE(server.says("Listening on 0.0.0.0:" + port + "\n")) << server.said();
  auto number = static_cast<uint16_t>(std::stoi(port));
  EXPECT_EQ(time_received({Address::parse("127.0.0.1"), number}).size(), 26u);
  server.child.signal(SIGTERM);
  EXPECT_EQ(server.ends(), success);
}

TEST_P(ServeTest, ServesAHundredAtATime) {
  Endpoint end{Address::parse(address()), 5002};
  Server server({"--address", address(), "--port", "5002"});
  ASSERT_TRUE(server.says("Listening"));
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 100; ++i)
      clients.emplace_back([&] { good += time_received(end).size() == 26; });
  }
  EXPECT_EQ(good, 100);
  server.child.signal(SIGINT);
  EXPECT_EQ(server.ends(), success);
}

TEST_P(ServeTest, WithFewDescriptorsClientsWaitForOneAnother) {
  Endpoint end{Address::parse(address()), 5005};
  Server server({"--address", address(), "--port", "5005"}, 12);
  ASSERT_TRUE(server.says("Listening")) << server.said();
  // None of them reads or closes, and yet each gets its time.
  std::vector<net::Socket> clients;
  for (int i = 0; i < 100; ++i) {
    net::Call made;
    clients.emplace_back(os::Namespace::current(), end.address.family, made);
    net::Call connected = clients.back().connect(end);
    ASSERT_TRUE(connected.ok()) << net::show(connected);
  }
  for (net::Socket& client : clients) EXPECT_EQ(client.recv(100).data.size(), 26u);
  server.child.signal(SIGINT);
  EXPECT_EQ(server.ends(), success);
}

TEST_P(ServeTest, WithNoDescriptorForAClientItEnds) {
  Endpoint end{Address::parse(address()), 5006};
  std::unique_ptr<Server> server;
  for (rlim_t descriptors = 4; descriptors < 16; ++descriptors) {
    server = std::make_unique<Server>(
        std::vector<std::string>{"--address", address(), "--port", "5006", "--reuse-address"},
        descriptors);
    if (server->says("Listening")) break;
  }
  net::Call made;
  net::Socket client(os::Namespace::current(), end.address.family, made);
  ASSERT_TRUE(client.connect(end).ok());
  EXPECT_NE(server->ends(), success);
  EXPECT_THAT(server->said(), HasSubstr("accepting a client: Too many open files"));
}

TEST_P(ServeTest, WhatIsNoAddressIsBadInput) {
  Server server({"--address", "localhost"});
  EXPECT_EQ(server.ends(), bad_input);
  EXPECT_THAT(server.said(), HasSubstr("localhost"));
}

}  // namespace
}  // namespace twlab::cli
