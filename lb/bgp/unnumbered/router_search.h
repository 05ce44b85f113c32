// RouterSearch: finds the router at the other end of a link by its router
// advertisements (RFC 4861), and advertises this node to it, as both ends of an
// unnumbered BGP session need.
//
//   RouterSearch search(own_end, now, prng);
//   search.OnFrame(now, received);
//   for (const auto& frame : search.TakeFrames()) Broadcast(frame);
//   if (const auto router = search.router()) Show(*router);
//
// It solicits at once, and again after 4 s, doubling to 60 s (RFC 7559), as
// long as it does not hear exactly one router. It advertises at once and every
// 3 to 4 s, the least that RFC 4861 allows, since a router that restarts takes
// no session before it has heard this node; and sooner to one that solicits or
// is new. Its advertisements have a lifetime of 0 and no prefix: no host takes
// this node for its router.
//
// A router that was found stays found when it falls silent: BGP and BFD judge
// whether it lives. Nor does the lifetime in its advertisements count, which is
// about a default router. Another router on the link takes its place once the
// first has not answered two solicitations.
//
// Pure but for its Prng: `now` is an argument, there is no socket. One thread.
// It keeps kRoutersMax routers.
#ifndef LB_BGP_UNNUMBERED_ROUTER_SEARCH_H_
#define LB_BGP_UNNUMBERED_ROUTER_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"
#include "lb/net/router_discovery.h"

namespace lb::bgp {

// The interface of this node: its link-local address and its MAC.
struct LinkEnd {
  net::IpAddress address;
  net::MacAddress mac;

  friend bool operator==(const LinkEnd&, const LinkEnd&) = default;
};

// What became of a received frame.
enum class RouterVerdict : uint8_t {
  kAdvertised,  // By another router.
  kSolicited,   // By another host: it is answered.
  kOwn,         // It has this node's MAC or address.
  kTooMany,     // Advertised by one router more than is kept.
  kMalformed,   // It breaks RFC 4861.
  kOther,       // Not of router discovery.
};

class RouterSearch {
 public:
  static constexpr size_t kRoutersMax = 8;
  // Between solicitations; RFC 4861, RTR_SOLICITATION_INTERVAL.
  static constexpr absl::Duration kSolicitMin = absl::Seconds(4);
  static constexpr absl::Duration kSolicitMax = absl::Seconds(60);
  // MinRtrAdvInterval and MaxRtrAdvInterval, at their least, and
  // MIN_DELAY_BETWEEN_RAS.
  static constexpr absl::Duration kAdvertiseMin = absl::Seconds(3);
  static constexpr absl::Duration kAdvertiseMax = absl::Seconds(4);
  // An answer comes this late, or less (MAX_RA_DELAY_TIME).
  static constexpr absl::Duration kAnswerMax = absl::Milliseconds(500);

  RouterSearch(const LinkEnd& own, absl::Time now, Prng prng);

  // The link was down, or this node's end of it is another one: all that was
  // heard is forgotten but router(), and it starts again.
  void Restart(absl::Time now, const LinkEnd& own);

  // A whole Ethernet frame.
  RouterVerdict OnFrame(absl::Time now, absl::Span<const uint8_t> frame);
  void OnTimer(absl::Time now);
  absl::Time NextDeadline() const;
  // Frames to be sent, in order.
  std::vector<std::vector<uint8_t>> TakeFrames();

  const LinkEnd& own() const { return own_; }
  // None: no router was heard yet, or several were and none of them was alone
  // before.
  std::optional<net::IpAddress> router() const { return router_; }
  // All that advertise now, sorted.
  std::vector<net::IpAddress> routers() const;

 private:
  RouterVerdict OnAdvertisement(absl::Time now, const net::IpAddress& router);
  void Solicit(absl::Time now);
  void Advertise(absl::Time now);
  // Soon, but not too soon after the last one.
  void AdvertiseSoon(absl::Time now);
  // A router is heard that was not: chooses, and solicits unless it is alone.
  void Settle(absl::Time now);
  void Choose();
  // Forgets routers that answered neither of the last two solicitations.
  void DropSilent();

  LinkEnd own_;
  Prng prng_;
  absl::btree_map<net::IpAddress, absl::Time> heard_;  // Last, by address.
  std::optional<net::IpAddress> router_;
  absl::Time solicit_at_;
  absl::Duration solicit_interval_ = kSolicitMin;
  // When the last two solicitations were sent, the older one first.
  absl::Time solicited_[2] = {absl::InfinitePast(), absl::InfinitePast()};
  absl::Time advertise_at_;
  absl::Time advertised_ = absl::InfinitePast();
  std::vector<std::vector<uint8_t>> frames_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_UNNUMBERED_ROUTER_SEARCH_H_
