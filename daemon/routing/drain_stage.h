// DrainStage: how routes are told while this node drains.
//
// At first with the community 65535:0 (RFC 8326), so that routers prefer any
// other path. After `wait` this node withdraws what another node announces too,
// and keeps the rest: a drain takes no service away.
//
//   DrainStage drain(absl::Seconds(5));
//   if (drain.Follow(now, draining, [&] { return PrefixesOnlyHere(...); })) {
//     Tell(drain.Told(routes));
//   }
//
// Pure, loop thread only.
#ifndef LB_DAEMON_ROUTING_DRAIN_STAGE_H_
#define LB_DAEMON_ROUTING_DRAIN_STAGE_H_

#include <cstdint>
#include <set>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "lb/bgp/route.h"
#include "lb/net/ip_prefix.h"

namespace lb {

class DrainStage {
 public:
  using Prefixes = std::set<net::IpPrefix>;

  // `wait`: how long routers have to move their flows.
  explicit DrainStage(absl::Duration wait) : wait_(wait) {}

  // Services or members are others, and so may be what only this node has.
  void NoteChange() { only_here_due_ = true; }

  // True: Told() is another than before for the same routes. `only_here` says
  // what no other node announces; it is asked where that counts.
  bool Follow(absl::Time now, bool draining,
              absl::FunctionRef<Prefixes()> only_here);

  // When to call Follow() though nothing changed. InfiniteFuture: not at all.
  absl::Time deadline() const { return withdraw_at_; }

  // True if routes are told as they are.
  bool is_off() const { return stage_ == Stage::kAnnounced; }
  // Returns what peers are told for these routes.
  bgp::RouteSet Told(const bgp::RouteSet& routes) const;

 private:
  enum class Stage : uint8_t { kAnnounced, kLastResort, kWithdrawn };

  const absl::Duration wait_;
  Stage stage_ = Stage::kAnnounced;
  absl::Time withdraw_at_ = absl::InfiniteFuture();
  // With kWithdrawn: what is still told, and whether to find it again.
  Prefixes only_here_;
  bool only_here_due_ = true;
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_DRAIN_STAGE_H_
