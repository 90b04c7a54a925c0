#include "guest/order.h"

#include <sstream>
#include <stdexcept>
#include <string_view>

namespace twlab::guest {

// "lab NAME", "family 4" or "family 6", "time warped" or "time real", and "set NAME=VALUE" for each
// setting, a line each.
std::string write_order(const Order& order) {
  std::string text = "lab " + order.lab + "\nfamily " + (order.family == Family::inet ? "4" : "6") +
                     "\ntime " + (order.warped ? "warped" : "real") + "\n";
  for (const auto& [name, value] : order.settings) {
    std::string setting = name + "=" + value;
    if (setting.find_first_of(std::string_view("\n\0", 2)) != setting.npos)
      throw std::invalid_argument("the setting of " + name + " for a guest is not one line");
    text += "set " + setting + "\n";
  }
  if (text.size() > order_size) throw std::length_error("too many settings for a guest");
  text.resize(order_size, '\0');
  return text;
}

Order read_order(const std::string& bytes) {
  std::istringstream lines(bytes.substr(0, bytes.find('\0')));
  Order order;
  for (std::string line; std::getline(lines, line);) {
    size_t space = line.find(' ');
    std::string key = line.substr(0, space);
    std::string value = space == line.npos ? "" : line.substr(space + 1);
    size_t equals = value.find('=');
    if (key == "lab") {
      order.lab = value;
    } else if (key == "family" && (value == "4" || value == "6")) {
      order.family = value == "4" ? Family::inet : Family::inet6;
    } else if (key == "time" && (value == "warped" || value == "real")) {
      order.warped = value == "warped";
    } else if (key == "set" && equals != value.npos) {
      order.settings[value.substr(0, equals)] = value.substr(equals + 1);
    } else {
      throw std::runtime_error("not an order for a guest: " + line);
    }
  }
  if (order.lab.empty()) throw std::runtime_error("not an order for a guest: no lab");
  return order;
}

}  // namespace twlab::guest
