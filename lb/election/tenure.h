// TenureTable: which node holds which address, agreed on through gossip.
//
// A node that starts to announce an address claims it: a tenure with the next
// term. Every node has a table and merges what others tell; tables that have
// seen the same tenures are equal, whatever the order, and however often one
// came. Elections with the policies sticky and balanced go by the holders, so
// they need nothing more to be agreed than this. The rule, for one address:
//  1. the higher term wins;
//  2. at equal terms a holder beats a release;
//  3. then the lower election digest of (node, address), as in a compat
//     election, then the lower node name;
//  4. then the earlier `since`, so that no two tenures tie.
// Two nodes may claim one address for the same term (on two sides of a
// partition, or because news were slow): the rule gives all the same holder.
//
// A release stays as a tenure that no node holds, because a node that missed it
// would otherwise bring the old holder back. A full table forgets the release
// with the earliest `since` for a new address, and refuses, counted, if there
// is none. Within that bound the merge is commutative, associative and
// idempotent.
//
// Pure: no I/O, no clock, one thread, copyable.
//
//   TenureTable tenures("node-a");
//   LB_RETURN_IF_ERROR(tenures.Claim(vip, now));
//   for (const std::string& message : tenures.TakeNews(1400)) {
//     Broadcast(message);
//   }
//   LB_ASSIGN_OR_RETURN(const auto changed, tenures.Merge(bytes));
//   for (const net::IpAddress& address : changed) Apply(address);
#ifndef LB_ELECTION_TENURE_H_
#define LB_ELECTION_TENURE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"
#include "lb/replication/replicated_table.h"

namespace lb::election {

inline constexpr size_t kTenuresMax = 100'000;
// The size of a node name: printable ASCII without spaces.
inline constexpr size_t kNodeNameSizeMax = 253;
// Far beyond use; keeps a hostile tenure from ending all counting.
inline constexpr uint64_t kTermMax = uint64_t{1} << 62;

// "The node has held the address since then."
struct Tenure {
  net::IpAddress address;
  std::string node;   // Empty: released, no node holds it.
  uint64_t term = 0;  // 1, 2, ...: counts the holders.
  // Civil time in whole seconds, 1970 to 9999. For people; only ties go by it.
  absl::Time since;

  friend bool operator==(const Tenure&, const Tenure&) = default;
};

// InvalidArgument names the first field that breaks a rule or limit above.
absl::Status Validate(const Tenure& tenure);

// Does `a` win over `b`, a tenure of the same address? A total order: of two
// tenures that differ, exactly one wins.
bool Beats(const Tenure& a, const Tenure& b);

// The rules of the table; see replication::ReplicatedTable.
struct TenureRules {
  using Key = net::IpAddress;
  using Record = Tenure;
  using Time = absl::Time;

  static const net::IpAddress& KeyOf(const Tenure& tenure) {
    return tenure.address;
  }
  static bool Beats(const Tenure& a, const Tenure& b) {
    return election::Beats(a, b);
  }
  static bool IsRelease(const Tenure& tenure) { return tenure.node.empty(); }
  static absl::Time ReleasedAt(const Tenure& release) { return release.since; }
  static constexpr bool kReleasesGiveWay = true;
  static constexpr bool kIndexesVersions = false;
};

class TenureTable {
 public:
  // `node` is the one that claims. REQUIRES: 1..kNodeNameSizeMax printable
  // ASCII characters without spaces.
  explicit TenureTable(std::string node, size_t tenures_max = kTenuresMax);

  // Makes this node the holder, with the next term; nothing if it is already.
  // ResourceExhausted: the table is full, or the term is at kTermMax.
  absl::Status Claim(const net::IpAddress& address, absl::Time now);

  // Releases the address, which no service has any more. No effect if no node
  // holds it. Each node does so on its own, so it is no news.
  void Release(const net::IpAddress& address, absl::Time now);

  // Takes in a message of another node, which may bring tenures of any node.
  // Returns the addresses that have another holder than before, in order.
  // InvalidArgument: as ParseTenures() (tenure_codec.h); nothing was merged.
  absl::StatusOr<std::vector<net::IpAddress>> Merge(std::string_view message);

  // Nullptr: not known. Valid until the table changes.
  const Tenure* Find(const net::IpAddress& address) const {
    return table_.Find(address);
  }
  // Nullopt: no node, or not known.
  std::optional<std::string> HolderOf(const net::IpAddress& address) const;
  // All tenures, releases too, by address.
  std::vector<Tenure> AllTenures() const { return table_.AllRecords(); }

  // What every other member is to be told, since this was last called, in
  // messages of at most `size_max` bytes: what this node claimed, and what won
  // over an older tenure with another holder that somebody still told.
  // A tenure that no such message can hold is counted and left to
  // FullMessage().
  std::vector<std::string> TakeNews(size_t size_max);
  // Also a merge that changes no holder may lead to some.
  bool has_news() const { return !news_.empty(); }

  // All of the table, for a full exchange: with 10,000 addresses about 0.3 MB.
  // It is made once per change, and valid until the next one.
  const std::string& FullMessage() const;

  size_t size() const { return table_.size(); }
  const replication::TableCounters& counters() const {
    return table_.counters();
  }
  uint64_t news_left_out() const { return news_left_out_; }
  const std::string& node() const { return node_; }

 private:
  // FullMessage() of a version of the table.
  struct Full {
    uint64_t version = 0;
    std::string message;
  };

  // Is it what FullMessage() gave last, and still gives?
  bool IsOwnState(std::string_view message) const {
    return full_ && full_->version == table_.version() &&
           full_->message == message;
  }

  std::string node_;
  replication::ReplicatedTable<TenureRules> table_;
  std::set<net::IpAddress> news_;
  uint64_t news_left_out_ = 0;  // TakeNews(): larger than a message may be.
  mutable std::optional<Full> full_;
};

}  // namespace lb::election

#endif  // LB_ELECTION_TENURE_H_
