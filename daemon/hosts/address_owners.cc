#include "daemon/hosts/address_owners.h"

#include <algorithm>
#include <set>
#include <utility>

namespace lb {

AddressOwners::AddressOwners(Options options,
                             const io::Environment& environment,
                             absl::AnyInvocable<void()> on_change)
    : options_(std::move(options)),
      environment_(environment),
      on_change_(std::move(on_change)),
      facts_(options_.node, environment, [this] { on_change_(); }),
      next_hops_(environment.loop, environment.routes,
                 [this] { on_change_(); }) {}

absl::Status AddressOwners::Start(gossip::GossipNode* gossip) {
  gossip_ = gossip;
  return facts_.Start(gossip);
}

std::vector<net::IpAddress> AddressOwners::Routers() const {
  std::vector<net::IpAddress> routers;
  for (const net::IpAddress& hop : next_hops_.found().addresses) {
    const auto owner = owned_.find(hop);
    const bool is_hosts =
        owner != owned_.end() && owner->second.kind == OwnerKind::kHost;
    if (!is_hosts) routers.push_back(hop);
  }
  return routers;
}

bool AddressOwners::SetOwn() {
  next_hops_.Refresh();  // A link may have changed.
  return facts_.SetOwn({.addresses = OwnAddressesOf(environment_.links->Links(),
                                                    options_.delivers),
                        .routers = Routers(),
                        .complete = next_hops_.found().complete,
                        .withheld = own_withheld_});
}

void AddressOwners::SetOwnWithheld(WithheldFacts withheld) {
  BoundWithheldFacts(&withheld);
  KeepSince(own_withheld_, &withheld);
  own_withheld_ = std::move(withheld);
}

void AddressOwners::OnMembers() {
  members_changed_ = true;
  facts_.OnMembers();
}

void AddressOwners::OnDesired(const config::Difference& difference) {
  members_changed_ |= difference.pools || difference.cluster;
  for (const std::string& service : difference.services) {
    of_services_.Note(service);
  }
}

void AddressOwners::OnEntries(
    const std::set<std::string, std::less<>>& changed) {
  for (const std::string& service : changed) of_services_.Note(service);
}

bool AddressOwners::Update(const Services& services) {
  const uint64_t facts_version = facts_.table().version();
  const net::IpAddress& self = gossip_->self().endpoint.address;
  members_changed_ |= std::exchange(self_, self) != self;
  const bool services_changed =
      of_services_.Update(services.desired, services.entries);
  if (!members_changed_ && facts_version_ == facts_version &&
      !services_changed) {
    return false;
  }
  members_changed_ = false;
  facts_version_ = facts_version;
  OwnedAddresses owned = FindOwners(Sources(services));
  covered_ = DescribeCovered(services.desired.pools, owned);
  if (owned == owned_) return false;
  owned_ = std::move(owned);
  ++version_;
  const OwnerTexts withheld = ToWithheld(owned_);
  std::erase_if(withheld_, [&](const auto& known) {
    return !withheld.contains(known.first);
  });
  for (const auto& [address, owner] : withheld) {
    withheld_.try_emplace(address, environment_.loop->CivilNow());
  }
  return true;
}

OwnershipSources AddressOwners::Sources(const Services& services) {
  OwnershipSources sources;
  for (const auto& [node, entry] : facts_.table().entries()) {
    sources.facts.emplace(node, entry.facts);
  }
  for (const gossip::Member& member : gossip_->Members()) {
    if (!member.verified) continue;  // It may be invented.
    sources.nodes.emplace(member.name, member.endpoint.address);
    FollowSeed(member.name, member.endpoint.address);
  }
  std::erase_if(endpoints_, [&](const auto& endpoint) {
    return !sources.nodes.contains(endpoint.first);
  });
  for (const auto& [name, node] : services.desired.nodes) {
    for (const net::IpAddress& address : node.addresses) {
      sources.nodes.emplace(name, address);
    }
  }
  for (const net::IpAddress& seed : options_.seeds) {
    if (!left_seeds_.contains(seed)) sources.seeds.push_back(seed);
  }
  sources.is_of_service =
      [round = of_services_.Ask(services.desired, services.entries)](
          const net::IpAddress& address) mutable {
        return round.Contains(address);
      };
  return sources;
}

// Bounded by the members and by the join list.
void AddressOwners::FollowSeed(const std::string& node,
                               const net::IpAddress& address) {
  const auto [known, is_new] = endpoints_.try_emplace(node, address);
  const net::IpAddress before = std::exchange(known->second, address);
  const auto& seeds = options_.seeds;
  if (!is_new && before != address &&
      std::find(seeds.begin(), seeds.end(), before) != seeds.end()) {
    left_seeds_.insert(before);
  }
  left_seeds_.erase(address);
}

bool AddressOwners::IsOwnedBy(const net::IpAddress& address,
                              std::string_view node) const {
  const auto entry = facts_.table().entries().find(std::string(node));
  if (entry == facts_.table().entries().end()) return false;
  const auto& addresses = entry->second.facts.addresses;
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const HostAddress& own) {
                       return own.prefix.address == address && !own.by_hand;
                     });
}

}  // namespace lb
