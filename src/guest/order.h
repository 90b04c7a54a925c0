// What a guest is to do: one lab in one family.
#pragma once

#include <cstddef>
#include <string>

#include "lab/registry.h"
#include "os/address.h"

namespace twlab::guest {

struct Order {
  std::string lab;
  Family family = Family::inet;
  Settings settings{};
  bool warped = true;  // the machine's time
};

// Every order has this size, padded: a guest is saved with one and restored with another, and the
// machine must be the same.
inline constexpr size_t order_size = 4096;

// Throws std::length_error when it does not fit, std::invalid_argument when a setting has several
// lines.
std::string write_order(const Order& order);
// Throws std::runtime_error on anything that write_order did not write.
Order read_order(const std::string& bytes);

}  // namespace twlab::guest
