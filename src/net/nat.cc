#include "net/nat.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <memory>

#include "os/error.h"

namespace twlab::net {

void forward(const os::Namespace& ns, Family family) {
  os::write_sysctl(
      ns, family == Family::inet ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding", "1");
}

void masquerade(const os::Namespace& ns, Family family, const std::string& device) {
  os::Inside inside(ns);  // the context's netlink socket belongs to the namespace it is made in
  struct Free {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
  };
  std::unique_ptr<nft_ctx, Free> nft(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!nft) os::fail(ENOMEM, "opening nf_tables");
  nft_ctx_buffer_error(nft.get());
  std::string rules = fmt::format(
      "add table {0} nat\n"
      "add chain {0} nat out {{ type nat hook postrouting priority 100; }}\n"
      "add rule {0} nat out oifname \"{1}\" masquerade\n",
      family == Family::inet ? "ip" : "ip6", device);
  if (nft_run_cmd_from_buffer(nft.get(), rules.c_str()) != 0) {
    std::string why = nft_ctx_get_error_buffer(nft.get());
    os::fail(ENOTSUP, "setting up source NAT: " + why.substr(0, why.find('\n')));
  }
}

}  // namespace twlab::net
