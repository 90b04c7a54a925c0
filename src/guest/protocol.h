// What the command line of QEMU and the program inside have agreed on.
#pragma once

#include <cstdint>
#include <string_view>

namespace twlab::guest::port {

inline constexpr uint16_t console = 0xe9;  // isa-debugcon
inline constexpr uint16_t exit = 0xf4;     // isa-debug-exit; writing N ends QEMU with status 2N+1
inline constexpr uint16_t panic = 0x505;   // pvpanic
inline constexpr uint16_t fw_cfg_selector = 0x510, fw_cfg_data = 0x511;

}  // namespace twlab::guest::port

namespace twlab::guest {

// What the debug console carries: lines. After `ready` the machine stops to be saved; "waiting
// NANOSECONDS WHAT" says what the lab waits for, and after "result BYTES" so many bytes follow.
inline constexpr std::string_view ready_line = "ready";
// The fw_cfg entry that says what to do; see guest/order.h.
inline constexpr std::string_view order_entry = "opt/twlab/order";

}  // namespace twlab::guest
