// BgpChecker: the invariants of simulated nodes and their routers.
//
// They are checked every kInterval, at the routers' tables of routes. The
// checker keeps the first violation. Names of invariants are stable, see the
// table in docs/reliability.md.
//
// A peering is settled once nothing has disturbed it for the bound `up`: then
// the router must have exactly the routes of the node, within the bound `tell`
// of each change, and the session must not end.
#ifndef LB_TESTS_SIM_CHAOS_BGP_CHECKER_H_
#define LB_TESTS_SIM_CHAOS_BGP_CHECKER_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/ip_prefix.h"
#include "tests/sim/chaos/bgp/bounds.h"
#include "tests/sim/chaos/bgp/objects.h"
#include "tests/sim/chaos/bgp/stage.h"
#include "tests/sim/chaos/bgp/unrouted_nodes.h"
#include "tests/sim/chaos/outcome.h"

namespace lb::chaos {

class BgpChecker {
 public:
  static constexpr absl::Duration kInterval = absl::Milliseconds(100);
  // Times are looked at every kInterval only.
  static constexpr absl::Duration kSlack = absl::Milliseconds(500);

  // `stage` must outlive it.
  BgpChecker(BgpStage* stage, const BgpBounds& bounds);

  // Call it every kInterval, and after each fault.
  void OnInterval();
  // Nullopt: all peerings are settled, and all that must hold then does.
  // Otherwise says what is not so.
  std::optional<std::string> WhyNotAgreed();

  void Fail(std::string invariant, std::string what);
  const std::optional<Violation>& violation() const { return violation_; }

 private:
  using Communities = std::set<uint32_t>;
  // What a router is to be told of a prefix, since when.
  struct Wanted {
    std::optional<Communities> communities;  // Nullopt: it is to be gone.
    absl::Time since;
  };
  // A node's peering with a router.
  struct Watch {
    absl::Time calm_since;
    // Since when the one hears nothing of the other; InfiniteFuture: it does.
    absl::Time node_mute = absl::InfiniteFuture();
    absl::Time router_mute = absl::InfiniteFuture();
    bool was_cut = false;
    bool bfd_up = false;  // When they last heard each other.
    size_t ends = 0;      // Of the session, at the router.
    size_t faults = 0;
    int opens = 0;
    bool router_ran = false;
    std::map<net::IpPrefix, Wanted> wanted;
    // What the router had when the peering was settled last.
    struct Kept {
      absl::Time at;
      int run = 0;  // The node's.
      size_t ends = 0;
      std::string session;
      std::set<net::IpPrefix> prefixes;
    } kept;
  };
  struct Place {  // Of a Watch.
    BgpNode& node;
    int router;
    Watch& watch;
  };

  void FollowNode(BgpNode& node);
  void FollowPromise(BgpNode& node);
  void Check(const Place& place);
  void FollowCalm(const Place& place);
  void FollowWanted(const Place& place);
  BgpObjects::Routes RoutesOf(const Place& place);
  absl::Duration UpOf(const Place& place) const;
  bool IsSettled(const Place& place);
  bool HasBfdUp(const Place& place) const;
  void CheckStrict(const Place& place);
  void CheckOpen(const Place& place);
  void CheckSession(const Place& place);
  void CheckSilence(const Place& place);
  void CheckRoutes(const Place& place);
  void CheckRoute(const Place& place, const net::IpPrefix& prefix,
                  const Wanted& wanted, const bgp::Receiver::Held* held);
  void CheckGone(const Place& place);
  bool IsRestart(const Place& place);
  void CheckKept(const Place& place);
  void CheckAsked();
  bool HasNextHopOf(const BgpNode& node, const net::IpPrefix& prefix,
                    const bgp::Receiver::Held& held) const;
  std::string NameOf(const Place& place) const;

  BgpStage* const stage_;
  const BgpBounds bounds_;
  const absl::Time began_;
  std::optional<Violation> violation_;
  std::vector<std::array<Watch, kRouters>> watches_;  // By node.
  struct Drain {
    int run = 0;
    absl::Time since = absl::InfiniteFuture();
  };
  std::vector<Drain> drains_;  // By node; the others, too.
  std::vector<absl::Time> promised_since_;
  UnroutedNodes unrouted_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_CHECKER_H_
