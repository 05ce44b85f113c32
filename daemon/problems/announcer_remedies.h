// AnnouncerRemedies: says what to do about services that no node may announce.
//
// It serves one look at an agent. The agent outlives it and does not change in
// that time. Facts that are the same for all services are found once.
#ifndef LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_
#define LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_

#include <map>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "daemon/problems/remedies.h"
#include "lb/net/ip_families.h"

namespace lb {

struct NodeView;

class AnnouncerRemedies {
 public:
  explicit AnnouncerRemedies(const NodeView& view) : view_(view) {}

  // The same text as RemedyForNoAnnouncer(). Empty: the reason says it already.
  std::string Of(const std::string& service);
  // True: nothing need be done yet, as the service has had no usable endpoint
  // for less than kEndpointlessMax.
  bool MayPass(const std::string& service) const;

  // Pods are scheduled, load their images and get ready; a rollout replaces
  // them. Each new service would be a problem otherwise.
  static constexpr absl::Duration kEndpointlessMax = absl::Minutes(1);

 private:
  // Remedies, by node, for hosts that take no packets for addresses of these
  // families, or did not until lately.
  const DeliveryRemedies& ForDelivery(const net::IpFamilies& needed);

  const NodeView& view_;
  std::map<std::pair<bool, bool>, DeliveryRemedies> for_delivery_;
};

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_
