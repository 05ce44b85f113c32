#include "daemon/agent/elections.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "lb/base/status_macros.h"
#include "lb/election/candidates.h"
#include "lb/election/digest.h"
#include "lb/ipam/assignment.h"

namespace lb {
namespace {

using election::NodeAttributes;

void Apply(const NodeMetadata& metadata, NodeAttributes* node) {
  node->draining = metadata.draining;
  // It would leave an address dark that another node has.
  node->silent = metadata.silent;
  node->holding_down = metadata.holding_down;
  if (!metadata.interfaces) return;
  node->usable_interfaces.emplace();
  for (const AnnouncingInterface& interface : *metadata.interfaces) {
    node->usable_interfaces->insert(interface.name);
  }
}

// "nobody may announce it: n1 notMember, n2 noLocalEndpoints"
std::string ReasonOf(const election::Explanation& explanation) {
  std::string reason = "nobody may announce it:";
  const char* separator = " ";
  for (const auto& node : explanation.nodes) {
    reason += fmt::format("{}{} {}", separator, node.node,
                          election::ToString(node.verdict));
    separator = ", ";
  }
  return reason;
}

}  // namespace

void Elections::SetMembers(std::vector<LiveMember> live) {
  live_ = std::move(live);
  mixed_ = false;
  std::vector<std::string> names;
  for (const LiveMember& member : live_) {
    names.push_back(member.name);
    mixed_ |= !member.metadata.has_value();
  }
  table_.SetMembers(names);
  PutNodes();
}

void Elections::SetDesired(const config::Desired& desired) {
  nodes_ = desired.nodes;
  advertisements_ = desired.advertisements;
  entries_version_.reset();
  PutNodes();
}

// All that all members know of each other, and nothing else.
void Elections::PutNodes() {
  std::map<std::string, NodeAttributes, std::less<>> nodes = nodes_;
  for (const LiveMember& member : live_) {
    if (mixed_ || !member.metadata) continue;
    const auto [it, is_new] = nodes.try_emplace(member.name);
    if (is_new) it->second = election::NodeKnownByName(member.name);
    Apply(*member.metadata, &it->second);
  }
  std::set<std::string, std::less<>> listed;
  for (const auto& [name, node] : nodes) {
    table_.PutNode(node);
    listed.insert(name);
    listed_nodes_.erase(name);
  }
  for (const std::string& name : listed_nodes_) table_.RemoveNode(name);
  listed_nodes_ = std::move(listed);

  auto advertisements = advertisements_;
  if (mixed_) {
    for (auto& advertisement : advertisements) advertisement.policy.reset();
  }
  table_.SetAdvertisements(std::move(advertisements));
  table_.SetDefaultPolicy(mixed_ ? election::Policy::kCompat : default_policy_);
}

const Placement& Elections::Update(const config::Desired& desired,
                                   const AddressEntries& entries,
                                   uint64_t entries_version) {
  Services due = sharers_;
  if (entries_version_ != entries_version) {
    PutServices(desired, entries, due);
    entries_version_ = entries_version;
    due.insert(sharers_.begin(), sharers_.end());
  }
  PutHolders();
  AddServicesToDescribe(table_.Update(), due);
  Placement described;
  for (const std::string& service : due) {
    if (vips_.contains(service)) described.emplace(service, Describe(service));
  }
  JoinSharers(entries, described);
  bool changed = false;
  for (const std::string& service : due) {
    const auto now = described.find(service);
    const auto before = placement_.find(service);
    if (now == described.end()) {
      changed |= placement_.erase(service) > 0;
    } else if (before == placement_.end() || before->second != now->second) {
      placement_.insert_or_assign(service, std::move(now->second));
      changed = true;
    }
  }
  if (changed) ++version_;
  return placement_;
}

// Adds to `due` the new ones.
void Elections::PutServices(const config::Desired& desired,
                            const AddressEntries& entries, Services& due) {
  auto gone = std::exchange(vips_, {});
  first_services_.clear();
  decided_by_.clear();
  sharers_.clear();
  for (const config::Service& service : desired.services) {
    const auto entry = entries.find(service.request.service);
    if (entry == entries.end()) continue;
    if (entry->second.assignment.addresses.empty()) continue;
    PutService(desired, service, entry->second.assignment);
    if (gone.erase(service.request.service) == 0) {
      due.insert(service.request.service);
    }
  }
  for (const auto& [service, vip] : gone) table_.RemoveVip(service);
}

void Elections::PutService(const config::Desired& desired,
                           const config::Service& service,
                           const ipam::Assignment& assignment) {
  const std::string& name = service.request.service;
  const ipam::AssignedAddress& first = assignment.addresses[0];
  election::Vip vip = {
      .address = first.address, .pool = first.pool, .traffic = service.traffic};
  const auto labels = desired.pool_labels.find(vip.pool);
  if (labels != desired.pool_labels.end()) vip.pool_labels = labels->second;
  vip.holder = tenures_.HolderOf(vip.address);
  table_.PutVip(name, vip);
  for (const auto& assigned : assignment.addresses) {
    const auto [of, is_new] =
        first_services_.try_emplace(assigned.address, name);
    if (!is_new) sharers_.insert({name, of->second});
  }
  decided_by_.emplace(vip.address, name);
  vips_.emplace(name, std::move(vip));
}

void Elections::PutHolders() {
  for (const net::IpAddress& address : std::exchange(new_holders_, {})) {
    const auto holder = tenures_.HolderOf(address);
    const auto [begin, end] = decided_by_.equal_range(address);
    for (auto it = begin; it != end; ++it) {
      table_.SetHolder(it->second, holder);
    }
  }
}

// The reason why nobody announces a service may change without its election;
// and who shares goes by the others' elections.
void Elections::AddServicesToDescribe(const std::vector<std::string>& elected,
                                      Services& due) const {
  due.insert(elected.begin(), elected.end());
  for (const auto& [service, place] : placement_) {
    if (place.node.empty()) due.insert(service);
  }
}

ServicePlacement Elections::Describe(const std::string& service) const {
  const election::Placement& place = *table_.Find(service);
  if (!place.node.empty()) return {place.node, place.interfaces, ""};
  const auto explanation = table_.Explain(service);
  return {.reason = explanation.ok() ? ReasonOf(*explanation) : ""};
}

std::set<net::IpAddress> Elections::Claim(const AddressEntries& entries,
                                          absl::Time civil_now,
                                          bool reuniting) {
  std::set<net::IpAddress> unheld;
  for (const auto& [service, place] : placement_) {
    if (place.node != node_) continue;
    for (const auto& assigned : entries.at(service).assignment.addresses) {
      const auto holder = tenures_.HolderOf(assigned.address);
      if (holder == node_) continue;
      if (reuniting && holder && !IsLive(*holder)) continue;
      if (!holder) unheld.insert(assigned.address);
      // A full table: the election goes by rank, as without holders.
      tenures_.Claim(assigned.address, civil_now).IgnoreError();
      new_holders_.insert(assigned.address);
    }
  }
  return unheld;
}

bool Elections::IsLive(std::string_view node) const {
  return std::any_of(live_.begin(), live_.end(),
                     [&](const auto& member) { return member.name == node; });
}

void Elections::Reclaim(const net::IpAddress& vip, absl::Time civil_now) {
  if (tenures_.HolderOf(vip) != node_) return;
  tenures_.Release(vip, civil_now);
  tenures_.Claim(vip, civil_now).IgnoreError();
}

void Elections::ReleaseUnused(const std::vector<net::IpAddress>& on_record,
                              absl::Time civil_now) {
  std::set<net::IpAddress> now(on_record.begin(), on_record.end());
  for (const net::IpAddress& address : on_record_) {
    if (now.contains(address)) continue;
    tenures_.Release(address, civil_now);
    new_holders_.insert(address);
  }
  on_record_ = std::move(now);
}

absl::StatusOr<size_t> Elections::Merge(std::string_view tenures) {
  LB_ASSIGN_OR_RETURN(const auto changed, tenures_.Merge(tenures));
  new_holders_.insert(changed.begin(), changed.end());
  return changed.size();
}

bool Elections::Precedes(const net::IpAddress& vip,
                         const std::string& other) const {
  const auto service = first_services_.find(vip);
  if (service != first_services_.end()) {
    election::Cluster two;
    two.members = {node_, other};
    two.advertisements = advertisements_;
    for (const std::string& name : two.members) {
      const auto node = nodes_.find(name);
      if (node != nodes_.end()) two.nodes.insert(*node);
    }
    election::Vip known = vips_.at(service->second);
    known.holder.reset();
    const election::Decision decision = election::Elect(two, known);
    if (decision.winner) return *decision.winner == other;
  }
  const std::string subject = vip.ToString();
  return election::ComputeDigest(other, subject) <
         election::ComputeDigest(node_, subject);
}

}  // namespace lb
