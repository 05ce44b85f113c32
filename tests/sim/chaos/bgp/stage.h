// BgpStage: the simulated nodes and routers that faults happen to.
//
// Nodes n1, n2, ... at 172.20.1.1, ... take objects from manifests and find
// each other by gossip; each peers with the routers r1 and r2 at 172.20.0.2 and
// .3, but for those that its rack leaves out. BgpObjects has the objects: the
// nodes read a change of them within a second, each at a time of its own.
//
// Begin() and End() carry a fault out; faults may overlap in any way.
#ifndef LB_TESTS_SIM_CHAOS_BGP_STAGE_H_
#define LB_TESTS_SIM_CHAOS_BGP_STAGE_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/bgp/altered_peering.h"
#include "tests/sim/chaos/bgp/objects.h"
#include "tests/sim/chaos/bgp/router.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/node.h"
#include "tests/sim/chaos/scenario.h"
#include "tests/sim/manifests.h"

namespace lb::chaos {

// A node's way to a router.
struct Peering {
  int cut = 0;   // How many faults do it.
  int deaf = 0;  // Nothing passes to the router.
  int slow = 0;
  // When something last happened that may end the session, or keep it away.
  absl::Time disturbed_at;
};

struct BgpNode : Node {
  int number = 0;
  std::unique_ptr<AlteredPeering> peering;  // Of this run, around `world`.
  // As it last read them.
  std::shared_ptr<const BgpObjects> objects;
  Peering to[kRouters];
  int runs = 0;
  int boots = 0;     // Of its host.
  int stopping = 0;  // Grows with each stop and end, to tell the last one.
  bool leaves = false;
  int readings = 0;
  // It has been ready in this run, since then.
  absl::Time ready_at = absl::InfiniteFuture();
  // In which boot of its host, counted from 1, some run of it has promised a
  // restart, and has done so for a while; 0: none on its disk.
  int promised_in = 0;
  int surely_promised_in = 0;
  // So this run may say, or must say, that it has restarted.
  bool may_claim = false;
  bool must_claim = false;

  bool speaks() const { return acts() && ready_at != absl::InfiniteFuture(); }
};

// A refresh that a router asked for.
struct AskedRefresh {
  int node = 0;
  int router = 0;
  net::IpFamily family = net::IpFamily::kIpv4;
  size_t answered = 0;  // Before.
  absl::Time at;
};

class BgpStage {
 public:
  // A node or router that is stopped for a shorter time is missed by none.
  static constexpr absl::Duration kUnnoticed = absl::Milliseconds(200);

  explicit BgpStage(const Scenario& scenario);
  ~BgpStage();

  void StartAll();
  void Begin(const Fault& fault);
  void End(const Fault& fault);
  // All nodes read the same once more.
  void ReadAgain();

  io::SimWorld& world() { return world_; }
  absl::Time Now() { return world_.loop().Now(); }
  std::vector<std::unique_ptr<BgpNode>>& nodes() { return nodes_; }
  Router& router(int number) { return *routers_[number]; }
  // Everything passes between them, both ways, and both do their work.
  bool IsOpen(const BgpNode& node, int router);
  // Nothing is wrong between them; both may be down.
  bool IsWhole(const BgpNode& node, int router) const;
  // No path, or none one way.
  bool IsCut(const BgpNode& node, int router) const {
    const Peering& way = node.to[router];
    return node.unplugged > 0 || way.cut > 0 || way.deaf > 0;
  }
  // Nothing of the router gets to the node, and the other way round.
  bool IsMute(int router, const BgpNode& node);
  bool IsMute(const BgpNode& node, int router);
  void Disturb(BgpNode& node, int router) {
    node.to[router].disturbed_at = Now();
  }
  std::vector<AskedRefresh>& asked() { return asked_; }
  // Some node may not hear another.
  bool is_gossip_harmed() const { return HarmGossip(active_); }
  // The addresses that routes of the node have as their next hops.
  net::IpAddress Ipv4Of(const BgpNode& node) const;
  net::IpAddress Ipv6Of(const BgpNode& node) const;

 private:
  void AddHosts();
  void Start(BgpNode& node);
  void Kill(BgpNode& node, bool power_lost);
  void Stop(BgpNode& node);
  void Read(BgpNode& node);
  void Spread();
  std::optional<int> NodeAt(const net::IpAddress& address) const;
  void FollowAddresses();
  void ApplyPaths();
  void ApplyToNode(const Fault& fault, int step);
  void BringDown(BgpNode& node, int step, bool power_lost);
  void ApplyStop(BgpNode& node, int step);
  void ApplyPause(BgpNode& node, int step);
  void ApplyDrain(BgpNode& node, int step);
  void ApplyToRouter(const Fault& fault, int step);
  void ApplyToPeering(const Fault& fault, int step);
  void Ask(const Fault& fault);
  void DisturbAll(int router);
  BgpNode& NodeOf(const Fault& fault) { return *nodes_[fault.node - 1]; }

  const Scenario scenario_;
  const BgpTerms terms_;
  io::SimWorld world_;
  Prng prng_;
  std::vector<std::unique_ptr<BgpNode>> nodes_;
  std::vector<std::unique_ptr<Router>> routers_;
  std::array<int, kRouters> routers_down_ = {};
  std::array<int, kRouters> routers_paused_ = {};
  std::array<absl::Time, kRouters> paused_at_ = {};
  std::vector<Fault> active_;
  BgpObjects objects_;  // As the manifests have them now.
  ParsedManifests parsed_;
  std::vector<AskedRefresh> asked_;
  int leases_ = 0;  // Addresses that were given later.
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_STAGE_H_
