// What the command line of QEMU and the program inside have agreed on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace twlab::guest::port {

inline constexpr uint16_t console = 0xe9;  // isa-debugcon, told at once
inline constexpr uint16_t results = 0xea;  // isa-debugcon, kept in QEMU's memory
inline constexpr uint16_t exit = 0xf4;     // isa-debug-exit; writing N ends QEMU with status 2N+1
inline constexpr uint16_t panic = 0x505;   // pvpanic
inline constexpr uint16_t fw_cfg_selector = 0x510, fw_cfg_data = 0x511;

}  // namespace twlab::guest::port

namespace twlab::guest {

// What the console carries: lines. After `ready` the machine stops to be saved; "waiting
// NANOSECONDS WHAT" says what the lab waits for. After "result BYTES" so many have been written to
// the port for results, and the machine stops.
inline constexpr std::string_view ready_line = "ready";
inline constexpr size_t largest_result = 64 << 20;  // bytes; a power of 2
// The fw_cfg entry that says what to do; see guest/order.h.
inline constexpr std::string_view order_entry = "opt/twlab/order";

}  // namespace twlab::guest
