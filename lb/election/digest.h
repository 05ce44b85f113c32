// Digest and Rank: the order in which nodes stand for an address.
//
// Rendezvous hashing: each node's digest for an address is SHA-256 over
// node + "#" + address text. Higher scores come first, among equal ones the
// lower digest. So all nodes that know the same members agree without talking,
// and a node that goes moves its own addresses only. This is MetalLB's order
// bit for bit: it is protocol, a change splits mixed clusters.
//
// Pure functions: any thread; a Digester: one thread.
//
//   Rank({{"node-a"}, {"node-b"}}, "192.168.1.240").front().node  // "node-a"
#ifndef LB_ELECTION_DIGEST_H_
#define LB_ELECTION_DIGEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/sha256.h"

namespace lb::election {

using Digest = Sha256::Digest;

// Makes many digests; see Sha256.
class Digester {
 public:
  // SHA-256 of `node`, "#" and `subject` (for an address: its ToString()).
  Digest Of(std::string_view node, std::string_view subject);

 private:
  Sha256 sha256_;
};

// One digest; see Digester::Of().
Digest ComputeDigest(std::string_view node, std::string_view subject);

// 64 lower-case hexadecimal digits.
std::string ToHex(const Digest& digest);

struct Candidate {
  std::string node;
  int64_t score = 0;  // Sum of preferredNodeSelectors' weights.
};

struct RankedNode {
  std::string node;
  int64_t score = 0;
  Digest digest = {};

  friend bool operator==(const RankedNode&, const RankedNode&) = default;
};

// The candidates, the winner first: by score descending, then by digest
// ascending. The order of `candidates` does not matter; a name given twice
// stays twice.
std::vector<RankedNode> Rank(absl::Span<const Candidate> candidates,
                             std::string_view subject);

// Returns the member that proposes new records of the allocation ledger: the
// first of `members` for the subject "ledger". Nullopt: there are no members.
std::optional<std::string> ElectLedgerAuthor(
    absl::Span<const std::string> members);

}  // namespace lb::election

#endif  // LB_ELECTION_DIGEST_H_
