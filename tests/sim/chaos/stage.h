// Stage: the simulated cluster that faults happen to, and its surroundings.
//
// Nodes n1, n2, ... at 172.20.1.1, ...; hosts "client" and "router" that use
// every address; a "stranger" that is no member; a "twin" that may take a
// node's name; an "outsider" with a key, a pool and a service of its own. A
// learning switch with multicast snooping joins them. ServiceCatalog says which
// services the manifests ask for.
//
// A node chooses the address that it advertises, and follows it. Gossip is
// encrypted.
//
// Begin() and End() carry a fault out; faults may overlap in any way.
#ifndef LB_TESTS_SIM_CHAOS_STAGE_H_
#define LB_TESTS_SIM_CHAOS_STAGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/endpoint.h"
#include "tests/sim/chaos/attacker.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/node.h"
#include "tests/sim/chaos/scenario.h"
#include "tests/sim/chaos/service_catalog.h"
#include "tests/sim/lan_host.h"
#include "tests/sim/manifests.h"

namespace lb::chaos {

// The options of the nodes of a scenario.
AgentOptions OptionsOf(const Scenario& scenario);

class Stage {
 public:
  explicit Stage(const Scenario& scenario);
  ~Stage();

  void StartAll();
  void Begin(const Fault& fault);
  void End(const Fault& fault);

  io::SimWorld& world() { return world_; }
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  std::vector<std::unique_ptr<Node>>& nodes() { return nodes_; }
  const Node& outsider() const { return outsider_; }
  const std::vector<std::unique_ptr<LanHost>>& clients() const {
    return clients_;
  }
  // The services and pools in the manifests.
  const ServiceCatalog& services() const { return services_; }
  // True if both are on, and frames pass both ways.
  bool Connected(const Node& a, const Node& b);
  // True if gossip passes from one to the other and can be read.
  bool Reaches(const Node& from, const Node& to);
  // True if they have the same gossip key.
  bool ShareKey(const Node& a, const Node& b) const;
  // True if each service has a node to which it can go.
  bool CanAnnounceAll() const;
  // True if the host with this MAC takes packets for the address.
  bool Delivers(const net::MacAddress& mac, const net::IpAddress& vip);
  // Faults under way.
  const std::vector<Fault>& active() const { return active_; }
  // Reads the same manifests once more, on all nodes.
  void ReadManifestsAgain();
  // The last time at which anything was done to the cluster.
  absl::Time touched() const { return touched_; }

 private:
  void AddHosts();
  void Start(Node& node);
  void Stop(Node& node, bool power_lost);
  void ReadManifests(Node& node);
  std::string SecretOf(const Node& node) const;
  std::vector<net::Endpoint> JoinListOf(const Node& node) const;
  void SpreadManifests();
  std::string HostsPoolText() const;
  std::string ManifestsOf(const Node& node) const;
  void ApplyPaths();
  void ApplyToNode(const Fault& fault, int step);
  void ApplyClock(const Fault& fault, bool begins);
  void ApplyPause(Node& node, int step);
  void ApplyIpv6(Node& node, int step);
  void ApplyKey(Node& node, int step);
  void ApplyOutsider(bool begins);
  void NoteAwake(Node& node);
  void ApplyTwin(const Fault& fault, bool begins);
  void ApplyManifests(const Fault& fault, bool begins);
  void ApplyHostAddress(const Fault& fault, int step);
  net::IpPrefix NextAddress();  // That no host has had.
  Node& NodeOf(const Fault& fault) { return *nodes_[fault.node - 1]; }

  const Scenario scenario_;
  io::SimWorld world_;
  Prng prng_;
  std::vector<std::unique_ptr<Node>> nodes_;
  Node twin_;
  Node outsider_;
  std::optional<Attacker> attacker_;
  std::vector<std::unique_ptr<LanHost>> clients_;
  std::vector<Fault> active_;
  // Faults that put an address of the services on a host.
  std::map<std::pair<io::SimHost*, net::IpAddress>, int> host_addresses_;
  ServiceCatalog services_;
  ParsedManifests parsed_;
  int leases_ = 0;  // Addresses that were given later.
  absl::Time touched_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_STAGE_H_
