// Cluster, Vip: what decides which nodes may announce an address.
//
// Values only: what the manifests say of nodes, services and advertisements,
// who is a member, and who holds an address.
//
//   Cluster cluster;
//   cluster.members = {"n1", "n2", "n3"};
//   cluster.advertisements.push_back({.name = "all"});
#ifndef LB_ELECTION_CLUSTER_H_
#define LB_ELECTION_CLUSTER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/label_selector.h"
#include "lb/election/ability.h"
#include "lb/election/policy.h"
#include "lb/net/ip_address.h"

namespace lb::election {

// A node that has this label, with whatever value, announces nothing.
inline constexpr std::string_view kExcludeLabel =
    "node.kubernetes.io/exclude-from-external-load-balancers";
// The one label of a node that is known by its name only.
inline constexpr std::string_view kHostnameLabel = "kubernetes.io/hostname";

struct PreferredNodes {
  int weight = 1;  // 1..100
  LabelSelector preference;

  friend bool operator==(const PreferredNodes&,
                         const PreferredNodes&) = default;
};

// MetalLB's L2Advertisement: through whom, and where, a pool's addresses are
// announced.
struct L2Advertisement {
  std::string name;
  // The pool is named, or its labels match a selector; both empty: every pool.
  std::vector<std::string> pools;
  std::vector<LabelSelector> pool_selectors;
  std::vector<LabelSelector> node_selectors;     // Empty: every node.
  std::vector<LabelSelector> service_selectors;  // Empty: every service.
  // Names that the nodes tell of (NodeAttributes); empty: all interfaces.
  std::vector<std::string> interfaces;
  // Add to the score of the nodes that this advertisement reaches.
  std::vector<PreferredNodes> preferred_nodes;
  // Annotation lb.io/election-policy. If several advertisements match a
  // service, the first by name that has one decides.
  std::optional<Policy> policy;
  // Annotation lb.io/refresh-interval: how often the addresses are announced
  // when all is quiet; zero: never. Nullopt: as the announcer does by itself.
  std::optional<absl::Duration> refresh = {};

  friend bool operator==(const L2Advertisement&,
                         const L2Advertisement&) = default;
};

// The shorter interval; zero, which is never, counts only if there is no other.
std::optional<absl::Duration> MoreOften(std::optional<absl::Duration> a,
                                        std::optional<absl::Duration> b);

struct NodeAttributes {
  std::string name;
  Labels labels;
  bool network_unavailable = false;  // Condition NetworkUnavailable is True.
  // Beyond MetalLB's inputs:
  bool draining = false;  // Announces only what no other node can.
  bool silent = false;    // Lost the cluster for now; goes as one that drains.
  // The interfaces that are there and have a carrier. Nullopt: the node never
  // tells, as a MetalLB speaker; it counts as able to announce everywhere.
  std::optional<InterfaceAbilities> usable_interfaces;
  // Came back lately: sticky and balanced prefer others. Compat ignores it.
  bool holding_down = false;
  // What its Node object lists. No election goes by them; no service can have
  // one.
  std::vector<net::IpAddress> addresses = {};
  // What its Node object says of its leaving: "cordon", "deletion", and the
  // keys of its taints. No election goes by them: a node that drains for one
  // tells so itself.
  std::vector<std::string> marks = {};
  // Annotations that begin with "bgp.lb.io/". No election goes by them.
  Labels bgp_annotations = {};

  friend bool operator==(const NodeAttributes&,
                         const NodeAttributes&) = default;
};

// A node of which nothing but the name is known: it has the label
// kubernetes.io/hostname with its name, and no other.
NodeAttributes NodeKnownByName(std::string name);

// One endpoint of an EndpointSlice.
struct ServiceEndpoint {
  std::string node;  // Empty: on no known node.
  std::optional<bool> ready;
  std::optional<bool> serving;

  // Ready, not known to be otherwise, or serving while it terminates.
  bool IsUsable() const {
    return ready.value_or(true) || serving.value_or(false);
  }

  friend bool operator==(const ServiceEndpoint&,
                         const ServiceEndpoint&) = default;
};

enum class TrafficPolicy { kCluster, kLocal };

// What the election must know of a service.
struct ServiceTraffic {
  Labels labels;
  TrafficPolicy external_traffic_policy = TrafficPolicy::kCluster;
  // Nullopt: no EndpointSlice of the service is known, as on hosts without
  // Kubernetes; then every node counts as having a usable endpoint. An empty
  // list is knowledge: there is none, and no node announces.
  std::optional<std::vector<ServiceEndpoint>> endpoints;
  // The annotation metallb.io/allow-shared-ip is there, even if empty.
  bool has_sharing_key = false;

  friend bool operator==(const ServiceTraffic&,
                         const ServiceTraffic&) = default;
};

// What all elections have in common.
struct Cluster {
  std::vector<std::string> members;  // Live ones, this node among them.
  // By name. A member without attributes is NodeKnownByName().
  std::map<std::string, NodeAttributes, std::less<>> nodes;
  std::vector<L2Advertisement> advertisements;
  bool ignore_exclude_label = false;
  Policy default_policy = Policy::kCompat;
};

// An address to announce. If a service has two, the first decides for both.
struct Vip {
  net::IpAddress address;
  // The service also has an address of the other family: nodes that can
  // announce both are preferred.
  bool dual_stack = false;
  std::string pool;
  Labels pool_labels;
  ServiceTraffic traffic;
  // The node that has the address, as all nodes agree (tenure.h). Compat
  // ignores it.
  std::optional<std::string> holder;

  friend bool operator==(const Vip&, const Vip&) = default;
};

}  // namespace lb::election

#endif  // LB_ELECTION_CLUSTER_H_
