// Replay: from a ledger to an allocator, the same on every node.
//
// Claims are held one by one, the firm ones first, then the earlier stamp, so a
// disputed address stays with its first holder. Nodes with equal ledgers,
// requests and pools get equal allocations. Addresses that services gave up
// are remembered in the allocator, so that they cool down, if it is told the
// time (Allocator::AdvanceTo(), civil time) before; but not those given up
// later than that by more than kClockErrorMax. Pure.
#ifndef LB_IPAM_LEDGER_REPLAY_H_
#define LB_IPAM_LEDGER_REPLAY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/service_request.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

// By service.
using ServiceRequests = std::map<std::string, ServiceRequest, std::less<>>;

// By how much the clocks of nodes that work may differ.
inline constexpr absl::Duration kClockErrorMax = absl::Minutes(1);

struct ReplayVerdict {
  std::string service;
  net::IpAddress address;
  absl::Status reason;  // As from Allocator::Hold().
};

// For applications that replay a ledger of their own. A ReplicatedAllocator
// follows its ledger change by change (LedgerFollower), to the same end.
struct ReplayResult {
  // Services that hold all that their record claims, by name.
  std::vector<std::string> held;
  // Claims that are held although outside of every open pool.
  std::vector<ReplayVerdict> outside;
  // Claims that were lost; the rest of that service's claims may be held.
  // AlreadyExists: to an earlier claim.
  std::vector<ReplayVerdict> displaced;
  // Services with claims but without a request, by name; nothing is held for
  // them, and the author should release them.
  std::vector<std::string> orphaned;
};

// A claim of a record; valid until the ledger changes.
struct StampedClaim {
  const Record* record;
  const Claim* claim;
};
// All claims of the ledger, by (provisional, stamp, service, address).
std::vector<StampedClaim> ClaimsInStampOrder(const Ledger& ledger);

void SortByStamp(std::vector<StampedClaim>* claims);

// The result of one claim.
struct HeldAs {
  enum class Kind { kHeld, kOutside, kDisplaced };
  Kind kind;
  absl::Status why;  // As from Allocator::Hold().
};
// Holds it beside what its service holds already, also if it lies in no pool
// that is open to the service, because the pools or the service changed.
HeldAs HoldClaim(const ServiceRequest& request, const Claim& claim,
                 Allocator* allocator);

// Tells the allocator what the records' services gave up.
void RememberFreed(const Ledger& ledger, Allocator* allocator);

// Releases all in `allocator`, then holds what the ledger says.
ReplayResult Replay(const Ledger& ledger, const ServiceRequests& requests,
                    Allocator* allocator);

}  // namespace lb::ipam

#endif  // LB_IPAM_LEDGER_REPLAY_H_
