// AnnouncerRemedies: what to do about services that no node may announce.
//
// For one view of a node, which outlives it and stays as it is meanwhile:
// what is the same for all services is found once.
#ifndef LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_
#define LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_

#include <map>
#include <string>
#include <utility>

#include "daemon/problems/remedies.h"
#include "lb/net/ip_families.h"

namespace lb {

struct NodeView;

class AnnouncerRemedies {
 public:
  explicit AnnouncerRemedies(const NodeView& view) : view_(view) {}

  // As RemedyForNoAnnouncer(). Empty: it says nothing more than the reason.
  std::string Of(const std::string& service);

 private:
  // By node: remedies for hosts that take no packets for addresses of these
  // families, or did not lately.
  const DeliveryRemedies& ForDelivery(const net::IpFamilies& needed);

  const NodeView& view_;
  std::map<std::pair<bool, bool>, DeliveryRemedies> for_delivery_;
};

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_
