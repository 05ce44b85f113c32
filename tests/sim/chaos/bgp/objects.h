// BgpObjects: the objects of a cluster with BGP, as a value that changes at
// random, as manifests, and as the routes that they ask for.
//
// The routes are found without the product's code: a slow look at everything.
// Every state is one that lbd takes without a complaint.
//
// Nodes are n1, n2, ..., each with labels `rack` and perhaps the one that
// excludes it; peers r1 and r2 are the two routers, AS 65000, of AS 64512.
// Pools p0 and p1 have IPv4 addresses, p2 has IPv6 ones. Advertisements always
// reach pools that are there.
#ifndef LB_TESTS_SIM_CHAOS_BGP_OBJECTS_H_
#define LB_TESTS_SIM_CHAOS_BGP_OBJECTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"
#include "lb/net/ip_prefix.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {

inline constexpr int kRouters = 2;
inline constexpr uint32_t kNodesAs = 64512;
inline constexpr uint32_t kRoutersAs = 65000;

// What the router at that number does in all of a run.
struct RouterTerms {
  int hold_seconds = 90;
  int restart_seconds = 0;  // For so long it keeps routes; 0: not at all.
  bool over_ipv6 = false;   // The nodes dial it at its IPv6 address.
};

// What stays the same in all of a run; depends on the seed alone.
struct BgpTerms {
  RouterTerms routers[kRouters];
  int nodes = 0;
};
BgpTerms BgpTermsOf(const Scenario& scenario);

class BgpObjects {
 public:
  // The prefixes that a router is told, with their communities.
  using Routes = std::map<net::IpPrefix, std::set<uint32_t>>;
  // The addresses of services, by name.
  using Addresses = std::map<std::string, std::vector<net::IpAddress>>;

  BgpObjects(const Scenario& scenario, const BgpTerms& terms);

  // Changes one thing, drawn from that number.
  void Change(uint64_t seed);
  // `timer`: added to the hold times.
  std::string Manifests(int timer = 0) const;

  // What the node tells the router, if `addresses` are those of its services.
  // Empty: it has no session with it, or nothing to tell.
  Routes RoutesOf(int node, int router, const Addresses& addresses) const;
  // Those of services that none of `others` announces, to whatever router.
  Routes RoutesOnlyHere(int node, int router, const Addresses& addresses,
                        const std::vector<int>& others) const;
  bool HasSession(int node, int router) const;
  net::IpFamilies FamiliesOf(int router) const;
  // All that a session of the node is made of: another text is another session.
  std::string SessionOf(int node, int router) const;
  absl::Duration HoldTimeOf(int router) const;
  bool HasBfd(int router) const { return peers_[router].profile >= 0; }
  bool RestartsGracefully(int router) const { return peers_[router].restarts; }
  // A service keeps its routes for so long after it has lost its endpoints.
  absl::Duration longest_hold() const;
  // Addresses of these pools are announced on layer 2 too.
  bool IsLayer2(const net::IpAddress& address) const;

 private:
  static constexpr int kPools = 3;
  static constexpr int kProfiles = 2;

  struct Peer {
    int hold = 90;
    int profile = -1;  // Of BFD; -1: none.
    bool restarts = false;
    bool both_families = true;
    std::string rack;  // Empty: all nodes.
  };
  struct Advertisement {
    std::set<int> pools;  // Empty: all.
    std::string rack;     // Empty: all nodes.
    std::set<int> peers;  // Empty: all.
    bool only_gold = false;
    bool aggregates = false;
    std::set<uint32_t> communities;
    int hold_seconds = 0;  // withdraw-hold
    bool is_there = true;
  };
  struct Service {
    int pool = 0;
    bool gold = false;
    bool local = false;
    // The nodes with one; nullopt: no slice is there.
    std::optional<std::set<int>> endpoints;
    bool is_there = true;
  };
  struct Node {
    std::string rack;
    bool excluded = false;
  };

  void ChangePeer(Prng& prng);
  void ChangeAdvertisement(Prng& prng);
  void ChangeService(Prng& prng);
  void ChangeNode(Prng& prng);
  Advertisement DrawAdvertisement(Prng& prng) const;
  void DrawEndpoints(Service& service, Prng& prng) const;
  std::string PeerText(int router, int timer) const;
  std::string AdvertisementText(int number) const;
  std::string ServiceText(int number) const;
  bool Announces(int node, const Service& service) const;
  bool Reaches(const Advertisement& advertisement, int node,
               const Service& service) const;
  bool IsAnnouncedBy(int node, const Service& service) const;
  // By name.
  const Service* Find(const std::string& service) const;
  void AddRoutes(int node, int router, const Service& service,
                 const std::vector<net::IpAddress>& addresses,
                 Routes& routes) const;

  const BgpTerms terms_;
  std::vector<Peer> peers_;
  std::vector<Advertisement> advertisements_;
  std::vector<Service> services_;
  std::vector<Node> nodes_;
  std::vector<int> profiles_;  // Intervals in milliseconds.
  std::set<int> layer2_pools_;
  int changes_ = 0;  // Changes that change nothing, too.
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_OBJECTS_H_
