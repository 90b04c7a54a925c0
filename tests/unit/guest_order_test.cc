// What passes between the program outside and the one in a guest.
#include "guest/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace twlab::guest {
namespace {

using ::testing::HasSubstr;

std::string complaint(const std::string& bytes) {
  try {
    read_order(bytes);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(Order, IsReadAsItWasWritten) {
  for (Family family : {Family::inet, Family::inet6}) {
    Order order{"close.four-segments",
                family,
                {{"net.ipv4.ip_local_port_range", "1024 \t65535"}, {"net.a", "b=c"}},
                family == Family::inet};
    Order read = read_order(write_order(order));
    EXPECT_EQ(read.lab, order.lab);
    EXPECT_EQ(read.family, order.family);
    EXPECT_EQ(read.settings, order.settings);
    EXPECT_EQ(read.warped, order.warped);
  }
}

TEST(Order, HasAlwaysTheSameSize) {
  EXPECT_EQ(write_order({.lab = "a"}).size(), order_size);
  EXPECT_EQ(write_order({.lab = "a.longer-name", .settings = {{"b", "c"}}}).size(), order_size);
}

TEST(Order, IsRefusedWhenItDoesNotFit) {
  size_t rest = std::string("lab a\nfamily 4\ntime warped\nset b=\n").size();
  Order order{.lab = "a", .settings = {{"b", std::string(order_size - rest, 'c')}}};
  EXPECT_EQ(read_order(write_order(order)).settings, order.settings);
  order.settings["b"] += 'c';
  EXPECT_THROW(write_order(order), std::length_error);
}

TEST(Order, IsRefusedWhenItWouldBeReadAsAnother) {
  for (const char* value : {"1\nlab b", "\n"})
    EXPECT_THROW(write_order({.lab = "a", .settings = {{"net.x", value}}}), std::invalid_argument);
  EXPECT_THROW(write_order({.lab = "a", .settings = {{"net.x", std::string("1\0", 2)}}}),
               std::invalid_argument);
}

TEST(Order, ThatIsNoneIsRefused) {
  EXPECT_THAT(complaint(""), HasSubstr("no lab"));
  EXPECT_THAT(complaint(std::string(order_size, '\0')), HasSubstr("no lab"));
  EXPECT_THAT(complaint("\x7f\x45LF"), HasSubstr("not an order"));
  EXPECT_THAT(complaint("lab a\nfamily 5\n"), HasSubstr("family 5"));
  EXPECT_THAT(complaint("lab a\nset b\n"), HasSubstr("set b"));
}

}  // namespace
}  // namespace twlab::guest
