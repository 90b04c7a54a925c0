#include "explain/claims.h"

#include <iterator>

namespace twlab::explain {

std::string_view claim_id(Illustrates claim) {
  constexpr std::string_view ids[] = {
      "",
      "close.active-closer-keeps-time-wait",
      "close.fin-acked-at-once",
      "close.four-segments",
      "close.simultaneous",
      "timewait.answers-late-fin",
      "timewait.misfit-dropped",
      "timewait.old-duplicate-corrupts",
      "timewait.sixty-seconds",
      "timewait.without-it-rst",
      "last-ack.connect-fails",
      "last-ack.syn-gets-rst",
      "reuse.client-needs-tw-reuse",
      "reuse.server-accepts-syn",
      "timestamps.paws-drops-duplicate",
      "fin.expires-straight-to-closed",
      "fin.stands-in-for-time-wait",
      "fin.wait-1-eight-retries",
      "fin.wait-1-peer-host",
      "close-wait.forever",
      "linger.zero-rst",
      "beyond.challenge-ack",
      "beyond.keepalive-close-wait",
      "beyond.rfc1337",
      "beyond.unread-data-rst",
  };
  static_assert(std::size(ids) == static_cast<size_t>(last_illustrated) + 1);
  return ids[static_cast<size_t>(claim)];
}

}  // namespace twlab::explain
