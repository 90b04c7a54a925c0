// The program as the first process of a guest.
#pragma once

#include <functional>
#include <string>

#include "lab/result.h"

namespace twlab::guest {

// The folder of the initramfs with the modules, and the file in it that names them in load order.
inline constexpr const char* modules_folder = "/modules";
inline constexpr const char* modules_order = "/modules/order";

// Mounts what labs need, loads the modules, stops to be saved, and when the machine goes on runs
// the lab that it was ordered to and sends the result. Never returns; what goes wrong is said on
// the console, and the machine ends.
[[noreturn]] void init(const std::function<std::string(const LabResult&)>& encode);

}  // namespace twlab::guest
