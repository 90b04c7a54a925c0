#include "net/settings.h"

namespace twlab::net {
namespace {

// Left out on purpose: settings whose kernel default a claim asks about are pinned all the same;
// such a lab looks at a fresh namespace that it makes without pinning.
constexpr Setting kPinned[] = {
    // reno is built into every kernel and never restricted; cubic cannot be chosen by a child
    // namespace when it is a module or the machine's default is another.
    {"net.ipv4.tcp_congestion_control", "reno"},
    {"net.ipv4.tcp_timestamps", "1"},
    {"net.ipv4.tcp_sack", "1"},
    {"net.ipv4.tcp_window_scaling", "1"},
    {"net.ipv4.tcp_ecn", "2"},
    {"net.ipv4.tcp_fin_timeout", "60"},
    {"net.ipv4.tcp_tw_reuse", "2"},
    {"net.ipv4.tcp_tw_reuse_delay", "1000"},
    {"net.ipv4.tcp_rfc1337", "0"},
    {"net.ipv4.tcp_orphan_retries", "0"},
    {"net.ipv4.tcp_retries1", "3"},
    {"net.ipv4.tcp_retries2", "15"},
    {"net.ipv4.tcp_syn_retries", "6"},
    {"net.ipv4.tcp_synack_retries", "5"},
    {"net.ipv4.tcp_syncookies", "1"},
    {"net.ipv4.tcp_abort_on_overflow", "0"},
    {"net.ipv4.tcp_keepalive_time", "7200"},
    {"net.ipv4.tcp_keepalive_intvl", "75"},
    {"net.ipv4.tcp_keepalive_probes", "9"},
    {"net.ipv4.tcp_invalid_ratelimit", "500"},
    {"net.ipv4.tcp_fastopen", "1"},
    {"net.ipv4.tcp_early_retrans", "3"},
    {"net.ipv4.tcp_recovery", "1"},
    {"net.ipv4.tcp_mtu_probing", "0"},
    {"net.ipv4.tcp_no_metrics_save", "1"},  // connections must not learn from one another
    {"net.ipv4.tcp_rmem", "4096 131072 6291456"},
    {"net.ipv4.tcp_wmem", "4096 16384 4194304"},
    {"net.ipv4.ip_local_port_range", "32768 60999"},
    {"net.core.somaxconn", "4096"},
    {"net.ipv4.conf.all.rp_filter", "0"},
    {"net.ipv4.conf.default.rp_filter", "0"},
    {"net.ipv4.conf.all.arp_ignore", "0"},
    {"net.ipv6.conf.all.disable_ipv6", "0"},
    {"net.ipv6.conf.default.disable_ipv6", "0"},
};

}  // namespace

std::span<const Setting> pinned_settings() {
  return kPinned;
}

}  // namespace twlab::net
