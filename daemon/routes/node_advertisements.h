// NodeAdvertisements: what one node announces by BGP, as the objects for BGP,
// the pools and its own Node object say.
//
// The objects' selectors are resolved here, once for all services: which
// advertisements reach the node, which of them are for which pool, and which
// peers the node has. lb/bgp/advertisements has the rules.
//
// It shares values with the elections of layer 2: ServiceEndpoint::IsUsable(),
// the exclude label, what is known of a node by its name alone. The filters
// themselves differ: layer 2 goes by members, interfaces and sharing keys, and
// judges endpoints before nodes.
//
// A value: it keeps nothing of the Desired that it was made from. Any thread.
//
//   const NodeAdvertisements here(desired, {.node = "n1"});
//   const auto judged = here.Judge(service, assignment);
//   if (judged.verdict == bgp::AdvertiseVerdict::kAnnounces) ...
#ifndef LB_DAEMON_ROUTES_NODE_ADVERTISEMENTS_H_
#define LB_DAEMON_ROUTES_NODE_ADVERTISEMENTS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lb/base/label_selector.h"
#include "lb/bgp/advertisements/advertise_verdict.h"
#include "lb/bgp/advertisements/advertised_routes.h"
#include "lb/bgp/advertisements/advertisement.h"
#include "lb/config/desired.h"
#include "lb/ipam/assignment.h"

namespace lb {

struct NodeIdentity {
  std::string node;
  bool ignore_exclude_label = false;

  friend bool operator==(const NodeIdentity&, const NodeIdentity&) = default;
};

class NodeAdvertisements {
 public:
  struct Judgement {
    bgp::AdvertiseVerdict verdict = bgp::AdvertiseVerdict::kNotOwner;
    std::string conflict;  // FindConflict()'s, of the first address with one.
    // What it announces, or would announce if it had an endpoint.
    bgp::AdvertisedService service;
  };

  NodeAdvertisements(const config::Desired& desired, NodeIdentity identity);

  Judgement Judge(const config::Service& service,
                  const ipam::Assignment& assignment) const;

  // The peers that are told a route of it, by name. Sorted.
  std::vector<std::string> PeersOf(const bgp::AdvertisedService& service) const;

  // The peers with which the node has a session.
  const bgp::AdvertisedRoutes::Peers& peers() const { return peers_; }

  // True if every service is judged as by `other`.
  bool IsLike(const NodeAdvertisements& other) const;

 private:
  // One that reaches the node.
  struct Reaching {
    std::shared_ptr<const bgp::Advertisement> terms;
    std::vector<LabelSelector> service_selectors;

    bool Matches(const config::Service& service) const;
  };
  using AllReaching = std::vector<Reaching>;

  const AllReaching& OfPool(const std::string& pool) const;

  NodeIdentity identity_;
  bool network_unavailable_ = false;
  bool excluded_ = false;
  bgp::AdvertisedRoutes::Peers peers_;
  std::map<std::string, AllReaching, std::less<>> by_pool_;
  AllReaching of_every_pool_;  // Also of one that is not there any more.
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTES_NODE_ADVERTISEMENTS_H_
