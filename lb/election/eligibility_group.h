// EligibilityGroup: what holds of a node for every service that the same
// advertisements match, worked out without looking at the service again.
//
// For the library's own use: JudgeEligibility() asks one per service,
// ElectionTable shares one among thousands. Pure values; a Cluster given to a
// call must have the advertisements of the one it was made from.
#ifndef LB_ELECTION_ELIGIBILITY_GROUP_H_
#define LB_ELECTION_ELIGIBILITY_GROUP_H_

#include <compare>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lb/election/cluster.h"
#include "lb/election/eligibility.h"
#include "lb/net/ip_families.h"

namespace lb::election {

// What the services of a group have in common.
struct EligibilityGroupKey {
  std::vector<size_t> advertisements;  // Their indices in the Cluster.
  bool has_sharing_key = false;
  net::IpFamilies first;    // Of the address that decides.
  bool dual_stack = false;  // Vip::dual_stack

  // The families of all addresses.
  net::IpFamilies needed() const {
    return dual_stack ? net::IpFamilies{.ipv4 = true, .ipv6 = true} : first;
  }

  friend auto operator<=>(const EligibilityGroupKey&,
                          const EligibilityGroupKey&) = default;
};

// Is the advertisement for the pool of the address, and for its service? Both
// must hold.
bool AppliesToPool(const L2Advertisement& advertisement, const Vip& vip);
bool AppliesToService(const L2Advertisement& advertisement, const Vip& vip);

EligibilityGroupKey KeyOf(const Cluster& cluster, const Vip& vip);

// The policy of the services.
Policy PolicyOf(const Cluster& cluster, const EligibilityGroupKey& key);

// As far as endpoints and other nodes allow.
Eligibility EligibilityOf(const Cluster& cluster,
                          const EligibilityGroupKey& key,
                          const std::string& node, bool is_member);

// Which nodes a service's endpoints allow.
class EndpointRule {
 public:
  explicit EndpointRule(const ServiceTraffic& traffic);

  // False: endpoints are known, and none is usable.
  bool has_usable() const { return has_usable_; }
  bool Allows(const std::string& node) const {
    return has_usable_ && (!local_.has_value() || local_->contains(node));
  }
  // The nodes that it allows; nullptr: it does not go by nodes.
  const std::set<std::string>* nodes() const {
    return local_.has_value() ? &*local_ : nullptr;
  }

 private:
  bool has_usable_ = true;
  std::optional<std::set<std::string>> local_;  // Nullopt: any node will do.
};

}  // namespace lb::election

#endif  // LB_ELECTION_ELIGIBILITY_GROUP_H_
