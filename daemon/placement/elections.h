// Elections: who announces which service, as this node sees it.
//
// Joins what members say of themselves, the manifests and the agreed addresses
// into lb/election's table, one election per service: its first address decides
// for all, as in MetalLB. Services that share an address (or are linked by
// others that do) go to one node, whatever their other addresses say: two must
// not answer for one address.
//
// ClusterView says which facts of members and nodes decide: while a member is a
// MetalLB speaker, all elections are MetalLB's.
//
// Holders are agreed by tenures, which this node claims for what it is elected
// for. Pure state, loop thread only; times are values.
#ifndef LB_DAEMON_PLACEMENT_ELECTIONS_H_
#define LB_DAEMON_PLACEMENT_ELECTIONS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/placement/address_index.h"
#include "daemon/placement/claim_queue.h"
#include "daemon/placement/cluster_view.h"
#include "daemon/placement/inherited_services.h"
#include "daemon/placement/placement.h"
#include "daemon/placement/withheld_vips.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/election/election_table.h"
#include "lb/election/explanation.h"
#include "lb/election/policy.h"
#include "lb/election/tenure.h"
#include "lb/net/ip_address.h"

namespace lb {

class Elections {
 public:
  using LiveMember = lb::LiveMember;

  // REQUIRES: `node` is a name that election::TenureTable takes.
  Elections(const std::string& node, election::Policy default_policy)
      : node_(node), cluster_(default_policy), tenures_(node) {}

  // Inputs, for the next Update(). `live` has this node too.
  void SetMembers(std::vector<LiveMember> live);
  void SetDesired(const config::Desired& desired);
  // The same, at a cost that goes with what differs from the one before. If
  // there are many services, each Update() takes up a portion.
  void SetDesired(const config::Desired& desired,
                  const config::Difference& difference);
  // All entries that are others at `entries_version` than at that of the last
  // Update() or of the last such call: with it Update() need not read all.
  void NoteEntries(const std::set<std::string, std::less<>>& changed,
                   uint64_t entries_version);
  // Addresses that no node may announce because a host has them, each with its
  // owner for the text "ADDRESS is OWNER". Their tenures are released. A
  // service that has no other address has no announcer.
  void SetWithheld(std::map<net::IpAddress, std::string> withheld,
                   absl::Time civil_now);

  // Holds the elections that are due, for the services that have addresses.
  // Reads all services only after SetDesired() without a difference, or if
  // `entries_version` is not the one that was noted last; else its cost goes
  // with what changed.
  const Placement& Update(const config::Desired& desired,
                          const AddressEntries& entries,
                          uint64_t entries_version);
  // Some of what SetDesired() was told is left for the next Update().
  bool has_more() const { return !asked_.empty(); }
  const Placement& placement() const { return placement_; }
  // Counts the changes of placement().
  uint64_t version() const { return version_; }
  // Services whose place is another than at the last call, or went.
  std::set<std::string, std::less<>> TakeChanged() {
    return std::exchange(changed_, {});
  }

  // What this node sees on the wire.
  struct Wire {
    std::function<bool(const net::IpAddress&)> announces;  // This node does.
    std::set<net::IpAddress> foreign;  // A host outside the cluster has them.
  };
  // Claims what this node is elected for and announces. So a tenure says that
  // its node asked whether another host has the address, or took it over from a
  // member: the next holder need not ask, unless no node was to announce it
  // meanwhile, by what this node saw. Nor does it ask for what a speaker of
  // MetalLB may have announced, which takes no tenures. Returns the addresses
  // that this node is elected for and that it is to probe for. While
  // `reuniting` with members, it leaves an address alone that a node holds
  // which is not a member: that node may be about to come too. It claims no
  // address that a foreign host has.
  std::set<net::IpAddress> Claim(const AddressEntries& entries,
                                 absl::Time civil_now, const Wire& wire,
                                 bool reuniting = false);
  // Call it when this node did not see which node announced what: it starts, or
  // was cut off. It then takes over an address without a probe only if a live
  // member holds it and may announce it.
  void ForgetWinners() { anew_ = true; }
  // Claims an address that this node holds again, so that its tenure wins over
  // another that was claimed at the same time.
  void Reclaim(const net::IpAddress& vip, absl::Time civil_now);
  // Ends the tenures of addresses that no service has any more by the ledger.
  void ReleaseUnused(absl::Span<const net::IpAddress> unused,
                     absl::Time civil_now);
  // What another node says of its tenures; returns how many addresses have
  // another holder. Errors as TenureTable::Merge() has them.
  absl::StatusOr<size_t> Merge(std::string_view tenures);
  // What others are to be told, as TenureTable::TakeNews().
  std::vector<std::string> TakeNews(size_t bytes_max) {
    return tenures_.TakeNews(bytes_max);
  }
  bool has_news() const { return tenures_.has_news(); }
  const election::TenureTable& tenures() const { return tenures_; }

  // True if `other` goes before this node for the address, be it a member or
  // not. Both nodes answer alike if their manifests are equal.
  bool Precedes(const net::IpAddress& vip, const std::string& other) const;

  // True if a service has it.
  bool IsAssigned(const net::IpAddress& address) const {
    return !index_.At(address).empty();
  }

  // As of the last Update().
  const std::set<std::string, std::less<>>& ServicesAt(
      const net::IpAddress& address) const {
    return index_.At(address);
  }

  // Is a live member no lbd?
  bool mixed() const { return cluster_.mixed(); }
  const std::vector<LiveMember>& live() const { return cluster_.live(); }

  // As of the last Update(). Errors as ElectionTable has them.
  absl::StatusOr<election::Explanation> Explain(
      std::string_view service) const {
    return table_.Explain(service);
  }
  // The same; for what is asked of a copy.
  const election::ElectionTable& table() const { return table_; }

 private:
  using Services = AddressIndex::Services;

  uint64_t TermOf(const net::IpAddress& address) const;
  bool IsDark(const net::IpAddress& address) const;
  void EndWaits(const Wire& wire);
  void EndAllWaits();
  void ClaimService(const std::string& service, const AddressEntries& entries,
                    absl::Time civil_now, const Wire& wire, bool reuniting);
  bool IsHeldByAnother(const std::string& service,
                       const net::IpAddress& address) const;
  void NoteInherited(const std::string& service, const ServicePlacement* now);
  bool MayBeASpeakers(const std::string& service) const;
  void NoteDark(const std::string& service);
  void NoteNew(const std::string& service);
  void PutServices(const config::Desired& desired,
                   const AddressEntries& entries, Services& due);
  void PutChanged(const config::Desired& desired, const AddressEntries& entries,
                  Services& due);
  void PutService(const config::Desired& desired,
                  const config::Service& service,
                  const ipam::Assignment& assignment);
  void PutHolders();
  bool Place(const std::string& service, const Placement& described);
  ServicePlacement Describe(const std::string& service) const;

  const std::string node_;
  ClusterView cluster_;
  election::ElectionTable table_;
  election::TenureTable tenures_;
  AddressIndex index_;                       // Of the services in table_.
  std::optional<uint64_t> entries_version_;  // Nullopt: read all again.
  Services touched_;  // Else read these: their entries are others.
  Services asked_;    // And some of these: they ask for something else.
  std::set<net::IpAddress> new_holders_;  // Not in table_ yet.
  WithheldVips withheld_;
  Services withheld_changed_;  // Services that a change of it concerns.
  Placement placement_;
  // Those of placement_ that no node announces.
  struct Unplaced {
    Services services;
    bool reasons_due = false;  // Their reasons may have changed.
  };
  Unplaced unplaced_;
  InheritedServices inherited_;
  Services changed_;  // Their places: TakeChanged().
  ClaimQueue unclaimed_;
  bool terms_changed_ = false;  // By others, since the last Claim().
  // Addresses that no node was to announce until a node was elected for them
  // again, with the terms that their tenures had then.
  std::map<net::IpAddress, uint64_t> dark_;
  bool anew_ = true;  // ForgetWinners()
  uint64_t version_ = 0;
};

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_ELECTIONS_H_
