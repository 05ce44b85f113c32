// SpeakerSimFixture: a SpeakerNode and its routers in a simulated network, with
// the invariants checked after each event.
#ifndef LB_BGP_TESTING_SPEAKER_SIM_FIXTURE_H_
#define LB_BGP_TESTING_SPEAKER_SIM_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/route.h"
#include "lb/bgp/speaker_node.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"

namespace lb::bgp {

// One prefix, as in "192.0.2.10/32".
Route RouteTo(std::string_view prefix, const PathAttributes& attributes = {});
RouteSet RoutesTo(const std::vector<std::string_view>& prefixes);

class SpeakerSim {
 public:
  explicit SpeakerSim(uint64_t seed);

  // The node is AS 64512 at 10.0.0.1 and 2001:db8::1. Routers are at
  // 10.0.0.201, 10.0.0.202, ... and 2001:db8::c9, ...: peers "r1", "r2", ...
  SimRouter& AddRouter(SimRouterOptions options = {});
  io::SimHost* HostOf(const SimRouter& router) const;
  // Options that fit the router.
  PeerOptions PeerOf(const SimRouter& router) const;
  std::string NameOf(const SimRouter& router) const;

  void StartNode(const SpeakerNodeOptions& options = {});
  // kill -9.
  void KillNode();
  SpeakerNode& node() { return *node_; }
  bool has_node() const { return node_ != nullptr; }
  io::SimHost* host() { return host_; }
  io::SimWorld& world() { return world_; }

  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  // False: not within the limit.
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit);
  bool WaitEstablished(const SimRouter& router,
                       absl::Duration limit = absl::Seconds(5));
  PeerStatus StatusOf(const SimRouter& router);

  // Fails unless the router has exactly these routes, each with the attributes
  // that a router of another AS is told.
  void ExpectTold(const SimRouter& router, const RouteSet& routes);
  // "PeerUp r1: AS 65000, hold time 1m30s", ...
  std::vector<std::string> Events();

 private:
  struct Place {
    io::SimHost* host = nullptr;
    std::unique_ptr<SimRouter> router;
    size_t faults = 0;  // That were reported.
  };

  void CheckInvariants();
  const Place& PlaceOf(const SimRouter& router) const;

  const uint64_t seed_;
  io::SimWorld world_;
  io::SimHost* const host_;
  std::vector<Place> routers_;
  std::unique_ptr<SpeakerNode> node_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_TESTING_SPEAKER_SIM_FIXTURE_H_
