// TopCandidates: the first few in rank for one address.
//
// Remembers so many candidates that some can leave before all must be asked
// again, and so few that thousands of addresses fit in memory. Pure state, one
// thread; for the library's own use.
#ifndef LB_ELECTION_TOP_CANDIDATES_H_
#define LB_ELECTION_TOP_CANDIDATES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "lb/election/digest.h"

namespace lb::election {

// A member's number while it is one (member_index.h).
using Slot = uint32_t;

// A candidate for one address.
struct RankedCandidate {
  Slot slot = 0;
  bool draining = false;      // After all that do not.
  bool one_family = false;    // After all that can announce both families.
  bool holding_down = false;  // After all that do not, too.
  int64_t score = 0;
  Digest digest = {};
};

// Is `a` a candidate only while there are none such as `b`?
bool IsLastResort(const RankedCandidate& a, const RankedCandidate& b);
// Does `a` come before `b` whatever their digests are?
bool TierPrecedes(const RankedCandidate& a, const RankedCandidate& b);
// Does `a` come before `b`? Total over the candidates for one address: two
// names have two digests.
bool Precedes(const RankedCandidate& a, const RankedCandidate& b);

class TopCandidates {
 public:
  static constexpr size_t kSizeMax = 8;

  // To be called with every candidate after construction, then with those that
  // are new. `digest` is asked for only if it can matter.
  void Offer(RankedCandidate candidate, absl::FunctionRef<Digest()> digest);
  // A slot that is not among the first is no matter.
  void Remove(Slot slot);

  // In rank; candidates beyond these come after all of them.
  const std::vector<RankedCandidate>& ranked() const { return ranked_; }
  // Are there no candidates beyond?
  bool is_complete() const { return is_complete_; }
  // All remembered candidates are gone, and there are others: to be made again.
  bool is_exhausted() const { return ranked_.empty() && !is_complete_; }

 private:
  std::vector<RankedCandidate> ranked_;
  bool is_complete_ = true;
};

}  // namespace lb::election

#endif  // LB_ELECTION_TOP_CANDIDATES_H_
