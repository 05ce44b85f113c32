// AddressOwners: which addresses hosts of ours own, kept up to date.
//
// Joins what this host has, what the others tell of theirs (FactsExchange),
// where members' gossip is, and what Node objects list. It knows the join list
// from the beginning and the facts of an earlier run from the state folder, so
// that also in its first second a node takes no other's address for a service.
//
// Loop thread only; must not outlive the environment or the gossip.
#ifndef LB_DAEMON_HOSTS_ADDRESS_OWNERS_H_
#define LB_DAEMON_HOSTS_ADDRESS_OWNERS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/hosts/facts_exchange.h"
#include "daemon/hosts/host_facts.h"
#include "daemon/hosts/next_hop_watcher.h"
#include "daemon/hosts/owned_addresses.h"
#include "daemon/hosts/service_addresses.h"
#include "daemon/placement/placement.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/gossip/gossip_node.h"
#include "lb/io/environment.h"
#include "lb/net/ip_address.h"

namespace lb {

// By address, since when. Civil time, as this node saw it.
using WithheldAddresses = std::map<net::IpAddress, absl::Time>;

class AddressOwners {
 public:
  struct Options {
    std::string node;
    bool delivers = false;  // The node itself puts addresses on "lo".
    std::vector<net::IpAddress> seeds;
  };
  // Addresses that services request and have.
  struct Services {
    const config::Desired& desired;
    const AddressEntries& entries;
  };

  static constexpr absl::Duration kRoutersInterval = NextHopWatcher::kInterval;

  // `on_change` is called, on a turn of its own, when something was forgotten
  // or has changed.
  AddressOwners(Options options, const io::Environment& environment,
                absl::AnyInvocable<void()> on_change);

  // As FactsExchange::Start().
  absl::Status Start(gossip::GossipNode* gossip);

  // Looks at this host again. True: its facts have changed.
  bool SetOwn();
  // Addresses that this node withholds; the next SetOwn() tells them.
  void SetOwnWithheld(WithheldFacts withheld);
  // Members have come, gone, or changed.
  void OnMembers();
  // The manifests are others.
  void OnDesired(const config::Difference& difference);
  // What these services have is another than before.
  void OnEntries(const std::set<std::string, std::less<>>& changed);
  // As FactsExchange has them.
  std::optional<absl::StatusOr<size_t>> OnMessage(std::string_view message) {
    return facts_.OnMessage(message);
  }
  // Update() or TellOthers() is due.
  bool has_news() const {
    return facts_version_ != table().version() || table().has_news();
  }
  void TellOthers() { facts_.TellOthers(); }
  std::string FullMessage() const { return facts_.FullMessage(); }
  bool AwaitsFacts() const { return facts_.AwaitsFacts(); }
  uint64_t own_digest() const { return facts_.table().own_digest(); }

  // Finds the owners again if anything has changed. True: they have changed.
  bool Update(const Services& services);

  const OwnedAddresses& owned() const { return owned_; }
  // Counts the changes of owned().
  uint64_t version() const { return version_; }
  // Addresses for which a host or a router answers. No node announces or
  // delivers them, also if a service holds one.
  const WithheldAddresses& withheld() const { return withheld_; }
  // As DescribeCovered() has it.
  const std::vector<std::string>& covered() const { return covered_; }
  bool IsOwnedBy(const net::IpAddress& address, std::string_view node) const;
  const FactsTable& table() const { return facts_.table(); }

 private:
  // Routers that are not members: members tell their own addresses.
  std::vector<net::IpAddress> Routers() const;
  OwnershipSources Sources(const Services& services);
  // A member is at this address now.
  void FollowSeed(const std::string& node, const net::IpAddress& address);

  const Options options_;
  io::Environment environment_;
  absl::AnyInvocable<void()> on_change_;
  FactsExchange facts_;
  NextHopWatcher next_hops_;
  gossip::GossipNode* gossip_ = nullptr;
  std::map<std::string, net::IpAddress> endpoints_;  // The members'.
  // Addresses of the join list that a member had before it moved.
  std::set<net::IpAddress> left_seeds_;
  OwnedAddresses owned_;
  uint64_t version_ = 0;
  WithheldAddresses withheld_;
  WithheldFacts own_withheld_;
  std::vector<std::string> covered_;
  // The inputs of owned_.
  std::optional<uint64_t> facts_version_;
  ServiceAddresses of_services_;  // That may be there by hand.
  bool members_changed_ = true;   // Or pools, or nodes of the manifests.
  net::IpAddress self_;           // Where this node's gossip is.
};

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_ADDRESS_OWNERS_H_
