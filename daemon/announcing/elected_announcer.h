// ElectedAnnouncer: announces what elections say, look by look.
//
// Takes the tenures of the addresses for which this node is elected, tells
// Announcing what is to be announced of them, and announces again what other
// members may have announced meanwhile. It asks Elections and tells Announcing;
// neither knows the other. Loop thread only; both outlive it.
//
//   announcer.Update({.acts = true, .entries = allocator.entries(), ...});
#ifndef LB_DAEMON_ANNOUNCING_ELECTED_ANNOUNCER_H_
#define LB_DAEMON_ANNOUNCING_ELECTED_ANNOUNCER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/announcing/announcing.h"
#include "daemon/announcing/elected_planner.h"
#include "daemon/placement/elections.h"
#include "daemon/placement/placement.h"
#include "lb/ipam/pool.h"
#include "lb/net/ip_address.h"

namespace lb {

class ElectedAnnouncer {
 public:
  struct Look {
    bool acts = false;       // The node may announce; else it is silent.
    bool reuniting = false;  // As Elections::Claim() has it.
    // Since the last look members were lost, or came back for good.
    bool members_went = false;
    bool members_came = false;
    const AddressEntries& entries;
    uint64_t entries_version = 0;
    const AddressEntries& entries_before;  // At the last look.
    const std::vector<ipam::Pool>& pools;
    // Addresses that hosts have, since when.
    const std::map<net::IpAddress, absl::Time>& withheld;
    uint64_t withheld_version = 0;
    // All services whose entry or place differs from the last look.
    const ElectedPlanner::Services& changed;
    absl::Time civil_now;
  };

  ElectedAnnouncer(std::string node, Elections* elections,
                   Announcing* announcing)
      : node_(std::move(node)),
        elections_(elections),
        announcing_(announcing) {}

  // After Elections::Update().
  void Update(const Look& look);
  // As ElectedPlanner::Forget().
  void Forget() { planner_.Forget(); }

 private:
  ElectedPlanner::Plan PlanOf(const Look& look);

  const std::string node_;
  Elections* const elections_;
  Announcing* const announcing_;
  ElectedPlanner planner_;
};

}  // namespace lb

#endif  // LB_DAEMON_ANNOUNCING_ELECTED_ANNOUNCER_H_
