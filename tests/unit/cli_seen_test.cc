// What a crafted segment is filled in with.
#include "cli/seen.h"

#include <gtest/gtest.h>

#include "report_fixture.h"

namespace twlab::cli {
namespace {

using report::Script;
using wire::ACK, wire::FIN, wire::PSH, wire::RST, wire::SYN;

constexpr uint32_t c = 4'294'967'290, s = 77;

Script opened() {
  Script script;
  script.passed(true, Script::segment(SYN, c, 0), 1ms);
  script.passed(false, Script::segment(SYN | ACK, s, c + 1), 2ms);
  script.passed(true, Script::segment(PSH | ACK, c + 1, s + 1, "0123456789"), 3ms);
  return script;
}

TEST(SeenConnection, KnowsWhatComesNextOnBothSides) {
  Script script = opened();
  auto client = last_connection(script.recording, "client");
  ASSERT_TRUE(client);
  EXPECT_EQ(client->tuple, Script::client_side());
  EXPECT_EQ(client->snd_nxt, c + 11);
  EXPECT_EQ(client->rcv_nxt, s + 1);
  EXPECT_EQ(client->first_sent, c);
  EXPECT_EQ(client->first_received, s);
  EXPECT_EQ(client->window, 502);
  EXPECT_EQ(client->tsval, 17u);
  auto server = last_connection(script.recording, "server");
  ASSERT_TRUE(server);
  EXPECT_EQ(server->tuple, Script::client_side().reversed());
  EXPECT_EQ(server->snd_nxt, s + 1);
  EXPECT_EQ(server->rcv_nxt, c + 11);
}

TEST(SeenConnection, WhatIsForgedCountsOnlyInItsPlace) {
  Script script = opened();
  auto forge = [&](uint32_t seq) {
    auto frame = script.frame(true, Script::segment(FIN | ACK, seq, s + 1), 4ms, true);
    frame.note = injected_note;
    script.add(frame);
    return *last_connection(script.recording, "client")->snd_nxt;
  };
  EXPECT_EQ(forge(c + 500), c + 11);
  EXPECT_EQ(forge(c + 11), c + 12);
}

TEST(SeenConnection, ARepetitionAndAResetChangeNothing) {
  Script script = opened();
  script.sent(true, Script::segment(PSH | ACK, c + 1, s + 1, "01234"), 5ms);
  script.sent(true, Script::segment(RST, 5, 0), 6ms);
  EXPECT_EQ(last_connection(script.recording, "client")->snd_nxt, c + 11);
}

TEST(SeenConnection, IsAmongThoseThatHaveWhatIsSaid) {
  Script script = opened();
  Tuple wanted;
  EXPECT_FALSE(last_connection(Script().recording, "client", wanted));
  EXPECT_FALSE(last_connection(script.recording, "router", wanted));
  wanted.remote.port = 5000;
  EXPECT_TRUE(last_connection(script.recording, "client", wanted));
  wanted.local.address = Address::parse("192.0.2.1");
  EXPECT_TRUE(last_connection(script.recording, "client", wanted));
  wanted.local.port = 41000;
  EXPECT_FALSE(last_connection(script.recording, "client", wanted));
}

}  // namespace
}  // namespace twlab::cli
