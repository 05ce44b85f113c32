// ElectionTable: the elections of all services, kept up to date.
//
// Holds what is known of the cluster and every service's address, and works out
// again only what a change can affect. The result is that of an election from
// nothing: Elect() for each service with the policies compat and sticky.
//
// Balanced: with B services of that policy that have a candidate, and N nodes
// that are a candidate for any of them, no node announces more than
// ceil(1.25 x B / N). Holders keep what they have up to that share; of what is
// above it a node gives up what it ranks itself worst for. The rest goes, by
// key, to its first in rank that has room. So
//  - a node that leaves moves its own addresses and no other;
//  - a node that joins moves only what is above the share that it makes
//    smaller;
//  - without holders (all start at once) the digests spread the addresses.
// The share holds wherever every node is a candidate for every address. With
// selectors or local endpoints the few candidates of an address may all be
// full: then the least loaded of them announces it, above its share.
//
// A score (preferredNodeSelectors) says who is asked first, never that a holder
// must give up an address: with sticky and balanced it keeps it against a
// higher score.
//
// A key stands for one service, whose first address decides for all. Pure
// state: no clock, no I/O, one thread, copyable. Nothing but the values given
// matters, neither their order nor how they were reached. Memory: the first
// few in rank of each service, and each node once per set of services
// that the same advertisements match.
//
//   ElectionTable table;
//   table.SetMembers({"n1", "n2", "n3"});
//   table.SetAdvertisements({{.name = "all"}});
//   table.PutVip("default/web", {.address = vip, .pool = "first-pool"});
//   for (const std::string& key : table.Update()) {
//     Apply(key, table.Find(key));  // Null: it is up for election no more.
//   }
#ifndef LB_ELECTION_ELECTION_TABLE_H_
#define LB_ELECTION_ELECTION_TABLE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/election/announcer.h"
#include "lb/election/election.h"
#include "lb/election/eligibility_group.h"
#include "lb/election/explanation.h"
#include "lb/election/member_index.h"
#include "lb/election/top_candidates.h"

namespace lb::election {

// A service that another node would announce.
struct Move {
  std::string key;
  net::IpAddress address;
  std::string from;  // Empty: no node.
  std::string to;    // Empty: no node.

  friend bool operator==(const Move&, const Move&) = default;
};

class ElectionTable {
 public:
  // Inputs. They take effect with the next Update(); what is the same as before
  // costs next to nothing.
  void SetMembers(absl::Span<const std::string> members);
  void PutNode(const NodeAttributes& node);  // By its name.
  void RemoveNode(std::string_view name);
  void SetAdvertisements(std::vector<L2Advertisement> advertisements);
  void SetDefaultPolicy(Policy policy);
  void SetIgnoreExcludeLabel(bool ignore);
  void PutVip(const std::string& key, const Vip& vip);
  void RemoveVip(std::string_view key);
  // Sets the holder of the service's address. No effect on an unknown key.
  void SetHolder(std::string_view key,
                 const std::optional<std::string>& holder);

  // Holds the elections that are due. Returns the keys, sorted, whose
  // announcers are not what they were, or that are new or gone.
  std::vector<std::string> Update();

  // As of the last Update(): the winner, or none if no node is a candidate.
  // Nullptr: no such key. Valid until the next change.
  const Announcers* Find(std::string_view key) const;

  // Says how each node stands for a service, and why its winner wins. NotFound:
  // no such key. REQUIRES: Update() was called since the last change.
  absl::StatusOr<Explanation> Explain(std::string_view key) const;

  // What moves, by key, if the members `without` left and `with` joined, and no
  // node claimed anything yet. The table stays as it is. InvalidArgument: one
  // of `without` is no member, or one of `with` is. REQUIRES: as Explain().
  absl::StatusOr<std::vector<Move>> WhatIf(
      absl::Span<const std::string> without,
      absl::Span<const std::string> with) const;

  const Cluster& cluster() const { return cluster_; }
  size_t size() const { return services_.size(); }

 private:
  struct Service {
    Vip vip;
    std::string subject;  // The address as digests have it.
    EndpointRule endpoints;
    std::optional<size_t> group;           // Nullopt: not ranked yet.
    TopCandidates top;                     // Last resorts come last.
    bool is_decided = false;               // Not: its winner may be another.
    std::optional<Announcers> announcers;  // Nullopt: none yet.
  };
  using Services = std::map<std::string, Service, std::less<>>;

  void MoveToNewGroups(Digester& digester);
  void ApplyDelta(const CandidateDelta& delta, Service& service,
                  Digester& digester) const;
  void FillTop(Service& service, Digester& digester) const;
  void Offer(Service& service, Slot slot, Digester& digester) const;

  const Eligibility& EligibilityOf(const Service& service, Slot slot) const;
  RankedCandidate CandidateOf(const Service& service, Slot slot) const;
  bool IsCandidate(const Service& service, Slot slot) const;
  void ForEachCandidate(const Service& service,
                        absl::FunctionRef<void(Slot)> visit) const;
  std::vector<RankedCandidate> RankAll(const Service& service,
                                       Digester& digester) const;
  std::optional<Slot> KeepingHolder(const Service& service) const;
  bool IsBalanced(const Service& service) const;

  void Settle(const std::string& key, Service& service,
              const std::vector<CandidateDelta>& deltas, Digester& digester);
  void Decide(const std::string& key, Service& service);
  void DecideBalanced(Digester& digester);
  size_t ShareOfBalanced() const;
  Load LoadOf(const std::string& node) const;
  void Place(const std::string& key, Service& service,
             std::optional<Slot> winner);

  Cluster cluster_;  // Members sorted, each once.
  MemberIndex index_;
  Services services_;
  bool is_due_ = false;                  // Update() has something to do.
  std::set<std::string> due_keys_;       // Of services that it must look at.
  bool may_balance_ = false;             // There may be balanced ones.
  bool has_new_groups_ = false;          // What advertisements say changed.
  std::set<std::string> changed_nodes_;  // Their attributes or membership.
  std::set<std::string> changed_keys_;   // For the next Update() to return.
};

}  // namespace lb::election

#endif  // LB_ELECTION_ELECTION_TABLE_H_
