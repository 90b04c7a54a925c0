// The claims of the catalogue that a finding may illustrate.
#pragma once

#include <cstdint>
#include <string_view>

namespace twlab::explain {

// Listed here, because the catalogue is above this layer: a test compares the two.
enum class Illustrates : uint8_t {
  nothing,
  close_active_closer_keeps_time_wait,
  close_fin_acked_at_once,
  close_four_segments,
  close_simultaneous,
  timewait_answers_late_fin,
  timewait_misfit_dropped,
  timewait_old_duplicate_corrupts,
  timewait_sixty_seconds,
  timewait_without_it_rst,
  last_ack_connect_fails,
  last_ack_syn_gets_rst,
  reuse_client_needs_tw_reuse,
  reuse_server_accepts_syn,
  timestamps_paws_drops_duplicate,
  fin_expires_straight_to_closed,
  fin_stands_in_for_time_wait,
  fin_wait_1_eight_retries,
  fin_wait_1_peer_host,
  close_wait_forever,
  linger_zero_rst,
  beyond_challenge_ack,
  beyond_keepalive_close_wait,
  beyond_rfc1337,
  beyond_unread_data_rst,
};
constexpr auto last_illustrated = Illustrates::beyond_unread_data_rst;

std::string_view claim_id(Illustrates claim);  // "close.four-segments"; empty for nothing

}  // namespace twlab::explain
