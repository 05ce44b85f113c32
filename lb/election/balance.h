// Balance: gives out services so that no node has more than its share.
//
// Holders keep what they have up to the share; of what is above it a node gives
// up what it ranks itself worst for. The rest goes, in the order given, to its
// first in rank that has room, or, if none has, to the one that has least.
//
// Pure function; for the library's own use.
#ifndef LB_ELECTION_BALANCE_H_
#define LB_ELECTION_BALANCE_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "lb/election/top_candidates.h"

namespace lb::election {

// ceil(1.25 x services / nodes): the most that one node may announce. REQUIRES:
// nodes > 0.
size_t ShareOf(size_t services, size_t nodes);

// A service to give out.
struct ServiceToPlace {
  const TopCandidates* top = nullptr;     // With at least one candidate.
  std::optional<RankedCandidate> holder;  // Who has it, if that is a candidate.
};

// Returns a slot per service. `rank_all` gives all candidates of a service,
// in rank; it is asked when all of its top candidates have their share. Slots
// are below `slot_count`.
std::vector<Slot> Balance(
    absl::Span<const ServiceToPlace> services, size_t share, size_t slot_count,
    absl::FunctionRef<std::vector<RankedCandidate>(size_t service)> rank_all);

}  // namespace lb::election

#endif  // LB_ELECTION_BALANCE_H_
