// AnnouncerRemedies: what to do about services that no node may announce.
//
// For one look at an agent, which outlives it and stays as it is meanwhile:
// what is the same for all services is found once.
#ifndef LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_
#define LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_

#include <map>
#include <string>
#include <utility>

#include "daemon/problems/remedies.h"
#include "lb/net/ip_families.h"

namespace lb {

class Agent;

class AnnouncerRemedies {
 public:
  explicit AnnouncerRemedies(const Agent* agent) : agent_(agent) {}

  // As RemedyForNoAnnouncer(). Empty: it says nothing more than the reason.
  std::string Of(const std::string& service);

 private:
  // By node: remedies for hosts that take no packets for addresses of these
  // families, or did not lately.
  const DeliveryRemedies& ForDelivery(const net::IpFamilies& needed);

  const Agent* const agent_;
  std::map<std::pair<bool, bool>, DeliveryRemedies> for_delivery_;
};

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_ANNOUNCER_REMEDIES_H_
