#include "daemon/placement/elections.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/placement/service_vip.h"
#include "lb/base/portion.h"
#include "lb/base/status_macros.h"
#include "lb/election/digest.h"
#include "lb/election/election.h"
#include "lb/ipam/assignment.h"

namespace lb {
namespace {

// "nobody may announce it: n1 notMember, n2 noUsableInterface (wants NDP on
// eth7; it has eth0 (ARP))"
std::string ReasonOf(const election::Explanation& explanation) {
  std::string reason = "nobody may announce it:";
  const char* separator = " ";
  bool excluded = false;
  bool excluded_only = true;  // Of the members.
  for (const auto& node : explanation.nodes) {
    if (node.verdict == election::NodeVerdict::kNodeLabeledExcludeBalancers) {
      excluded = true;
    } else if (node.verdict != election::NodeVerdict::kNotMember) {
      excluded_only = false;
    }
    reason += fmt::format("{}{} {}", separator, node.node,
                          election::ToString(node.verdict));
    if (node.verdict == election::NodeVerdict::kNoUsableInterface) {
      reason += fmt::format(" ({})", node.lack);
    }
    separator = ", ";
  }
  if (excluded && excluded_only) {
    reason += fmt::format(
        "; every member has the label {}: remove it, or set ignore-exclude-lb "
        "on all nodes",
        election::kExcludeLabel);
  }
  return reason;
}

using Services = AddressIndex::Services;

void AddAll(const Services& from, Services& to) {
  to.insert(from.begin(), from.end());
}

void AddAll(const config::Desired& desired, Services& services) {
  for (const auto& [name, service] : desired.services) {
    services.insert(services.end(), name);
  }
}

}  // namespace

void Elections::SetMembers(std::vector<LiveMember> live) {
  cluster_.SetMembers(std::move(live), table_);
  unplaced_.reasons_due = true;
}

void Elections::SetDesired(const config::Desired& desired) {
  cluster_.SetNodes(desired.nodes, desired.advertisements, table_);
  unplaced_.reasons_due = true;
  entries_version_.reset();
}

void Elections::SetDesired(const config::Desired& desired,
                           const config::Difference& difference) {
  if (difference.pools) AddAll(desired, asked_);
  asked_.insert(difference.services.begin(), difference.services.end());
  if (!difference.cluster) return;
  cluster_.SetNodes(desired.nodes, desired.advertisements, table_);
  unplaced_.reasons_due = true;
}

void Elections::NoteEntries(const Services& changed, uint64_t entries_version) {
  touched_.insert(changed.begin(), changed.end());
  if (entries_version_) entries_version_ = entries_version;
}

void Elections::SetWithheld(std::map<net::IpAddress, std::string> withheld,
                            absl::Time civil_now) {
  const auto change = withheld_.Set(std::move(withheld));
  for (const net::IpAddress& address : change.begun) {
    tenures_.Release(address, civil_now);
    new_holders_.insert(address);
  }
  for (const net::IpAddress& address : change.concerned) {
    AddAll(index_.At(address), withheld_changed_);
  }
}

const Placement& Elections::Update(const config::Desired& desired,
                                   const AddressEntries& entries,
                                   uint64_t entries_version) {
  Services due;
  if (entries_version_ != entries_version) {
    PutServices(desired, entries, due);
    entries_version_ = entries_version;
    touched_.clear();
    asked_.clear();
  } else {
    PutChanged(desired, entries, due);
  }
  due.merge(std::exchange(withheld_changed_, {}));
  PutHolders();
  const std::vector<std::string> elected = table_.Update();
  due.insert(elected.begin(), elected.end());
  if (std::exchange(unplaced_.reasons_due, false)) {
    AddAll(unplaced_.services, due);
  }
  index_.AddSharers(due);
  Placement described;
  for (const std::string& service : due) {
    if (index_.Find(service) == nullptr) continue;
    described.emplace(service, Describe(service));
  }
  JoinSharers(entries, described);
  withheld_.Apply(entries, described);
  bool changed = false;
  for (const std::string& service : due) {
    if (!Place(service, described)) continue;
    changed_.insert(service);
    changed = true;
  }
  if (changed) ++version_;
  return placement_;
}

// True: it has another place than before.
bool Elections::Place(const std::string& service, const Placement& described) {
  const auto now = described.find(service);
  NoteInherited(service, now == described.end() ? nullptr : &now->second);
  unplaced_.services.erase(service);
  unclaimed_.Remove(service);
  if (const auto* const put = index_.Find(service)) {
    for (const auto& address : put->addresses) unclaimed_.EndWait(address);
  }
  if (now == described.end()) return placement_.erase(service) > 0;
  if (now->second.announcers.empty()) unplaced_.services.insert(service);
  if (IsElected(now->second, node_)) unclaimed_.Add(service);
  const auto [before, is_new] = placement_.try_emplace(service, now->second);
  if (is_new) {
    NoteNew(service);
  } else if (before->second.announcers.empty() &&
             !now->second.announcers.empty()) {
    NoteDark(service);
  }
  if (!is_new && before->second == now->second) return false;
  before->second = now->second;
  return true;
}

// Adds to `due` the new ones.
void Elections::PutServices(const config::Desired& desired,
                            const AddressEntries& entries, Services& due) {
  due.merge(index_.AllSharers());
  unplaced_.reasons_due = true;
  EndAllWaits();
  AddressIndex::ByName gone = index_.TakeAll();
  for (const auto& [name, service] : desired.services) {
    const auto entry = entries.find(name);
    if (entry == entries.end()) continue;
    if (entry->second.assignment.addresses.empty()) continue;
    PutService(desired, service, entry->second.assignment);
    unclaimed_.Add(name);
    const net::IpAddress& first = entry->second.assignment.addresses[0].address;
    if (gone.erase(name) == 0 || withheld_.Contains(first)) due.insert(name);
  }
  for (const auto& [service, put] : gone) table_.RemoveVip(service);
  due.merge(index_.AllSharers());
}

// The same for those that were touched.
void Elections::PutChanged(const config::Desired& desired,
                           const AddressEntries& entries, Services& due) {
  std::set<net::IpAddress> concerned;
  Services touched = std::exchange(touched_, {});
  touched.merge(TakeFirst(kPortion, asked_));
  for (const std::string& name : touched) {
    due.insert(name);
    for (const net::IpAddress& address : index_.Remove(name)) {
      concerned.insert(address);
    }
    const config::Service* const service = config::FindService(desired, name);
    const auto entry = entries.find(name);
    if (service == nullptr || entry == entries.end() ||
        entry->second.assignment.addresses.empty()) {
      table_.RemoveVip(name);
      continue;
    }
    PutService(desired, *service, entry->second.assignment);
    for (const auto& assigned : entry->second.assignment.addresses) {
      concerned.insert(assigned.address);
    }
  }
  for (const net::IpAddress& address : concerned) {
    unclaimed_.EndWait(address);
    AddAll(index_.At(address), due);
  }
}

void Elections::PutService(const config::Desired& desired,
                           const config::Service& service,
                           const ipam::Assignment& assignment) {
  const std::string& name = service.request.service;
  AddressIndex::Service put = {.vip = VipOf(desired, service, assignment)};
  election::Vip& vip = put.vip;
  vip.holder = tenures_.HolderOf(vip.address);
  table_.PutVip(name, vip);
  for (const auto& assigned : assignment.addresses) {
    put.addresses.push_back(assigned.address);
  }
  index_.Put(name, std::move(put));
}

void Elections::PutHolders() {
  for (const net::IpAddress& address : std::exchange(new_holders_, {})) {
    const auto holder = tenures_.HolderOf(address);
    for (const std::string& service : index_.DecidedBy(address)) {
      table_.SetHolder(service, holder);
    }
    unclaimed_.AddAll(index_.At(address));
  }
}

ServicePlacement Elections::Describe(const std::string& service) const {
  const election::Announcers& announcers = *table_.Find(service);
  if (!announcers.empty()) return {.announcers = announcers};
  const auto explanation = table_.Explain(service);
  if (!explanation.ok()) return {};
  return {.reason = ReasonOf(*explanation),
          .lacks_endpoints = std::any_of(
              explanation->nodes.begin(), explanation->nodes.end(),
              [](const election::NodeExplanation& node) {
                return node.verdict == election::NodeVerdict::kNoEndpoints;
              })};
}

std::set<net::IpAddress> Elections::Claim(const AddressEntries& entries,
                                          absl::Time civil_now,
                                          const Wire& wire, bool reuniting) {
  if (std::exchange(anew_, false)) {
    EndAllWaits();
    dark_.clear();
    for (const auto& [service, place] : placement_) NoteNew(service);
  }
  EndWaits(wire);
  for (const net::IpAddress& address : wire.foreign) {
    unclaimed_.AddAll(index_.At(address));
  }
  for (const std::string& service : unclaimed_.TakeDue()) {
    ClaimService(service, entries, civil_now, wire, reuniting);
  }
  return unclaimed_.Probes();
}

// Makes those due that are announced now, or whose tenure has changed.
void Elections::EndWaits(const Wire& wire) {
  const bool terms_changed = std::exchange(terms_changed_, false);
  const auto ended = unclaimed_.EndWaits(
      [&](const net::IpAddress& address, const ClaimQueue::Waiting& waiting) {
        return wire.announces(address) || wire.foreign.contains(address) ||
               (terms_changed && TermOf(address) != waiting.term);
      });
  for (const net::IpAddress& address : ended) {
    unclaimed_.AddAll(index_.At(address));
  }
}

void Elections::EndAllWaits() {
  const auto all = [](const auto&, const auto&) { return true; };
  for (const net::IpAddress& address : unclaimed_.EndWaits(all)) {
    unclaimed_.AddAll(index_.At(address));
  }
}

void Elections::ClaimService(const std::string& service,
                             const AddressEntries& entries,
                             absl::Time civil_now, const Wire& wire,
                             bool reuniting) {
  const auto place = placement_.find(service);
  if (place == placement_.end() || !IsElected(place->second, node_)) return;
  for (const auto& assigned : entries.at(service).assignment.addresses) {
    const net::IpAddress& address = assigned.address;
    unclaimed_.EndWait(address);
    if (withheld_.Contains(address)) continue;
    const auto holder = tenures_.HolderOf(address);
    if (wire.foreign.contains(address)) {
      unclaimed_.Add(service);
      unclaimed_.Wait(address, {.to_probe = true});
      if (holder != node_) continue;
      tenures_.Release(address, civil_now);
      new_holders_.insert(address);
      continue;
    }
    const bool is_dark = IsDark(address);
    if (holder == node_ && !is_dark) continue;
    if (!wire.announces(address)) {
      const bool is_new = !holder || is_dark;
      unclaimed_.Wait(address,
                      {.term = TermOf(address),
                       .to_probe = is_new && !MayBeASpeakers(service)});
      continue;
    }
    unclaimed_.Add(service);
    if (reuniting && holder && !cluster_.IsLive(*holder)) continue;
    dark_.erase(address);
    inherited_.Remove(service);
    // By a new term the others know that it is announced again.
    if (holder == node_) tenures_.Release(address, civil_now);
    // A full table: the election goes by rank, as without holders.
    tenures_.Claim(address, civil_now).IgnoreError();
    new_holders_.insert(address);
  }
}

uint64_t Elections::TermOf(const net::IpAddress& address) const {
  const election::Tenure* const tenure = tenures_.Find(address);
  return tenure == nullptr ? 0 : tenure->term;
}

bool Elections::IsDark(const net::IpAddress& address) const {
  const auto dark = dark_.find(address);
  return dark != dark_.end() && TermOf(address) <= dark->second;
}

// And would that live member announce it if this node were not?
bool Elections::IsHeldByAnother(const std::string& service,
                                const net::IpAddress& address) const {
  const auto holder = tenures_.HolderOf(address);
  if (!holder || *holder == node_ || !cluster_.IsLive(*holder)) return false;
  const auto explanation = table_.Explain(service);
  return explanation.ok() &&
         std::any_of(
             explanation->nodes.begin(), explanation->nodes.end(),
             [&](const auto& node) {
               return node.node == *holder &&
                      (node.verdict == election::NodeVerdict::kAnnouncer ||
                       node.verdict == election::NodeVerdict::kNotOwner);
             });
}

void Elections::NoteInherited(const std::string& service,
                              const ServicePlacement* now) {
  InheritedServices::Place place;
  if (now != nullptr) {
    place.is_here = IsElected(*now, node_);
    place.by_speaker =
        cluster_.mixed() &&
        std::any_of(now->announcers.begin(), now->announcers.end(),
                    [&](const election::Announcer& announcer) {
                      return !cluster_.IsLbd(announcer.node);
                    });
  }
  inherited_.Note(service, place);
}

// A speaker of MetalLB announced it, or without this node would. Until that has
// heard of this node and has looked at all services, it answers for the
// address, and would answer a probe as if it were a foreign host.
bool Elections::MayBeASpeakers(const std::string& service) const {
  if (inherited_.Contains(service)) return true;
  if (!cluster_.mixed()) return false;
  const auto explanation = table_.Explain(service);
  return explanation.ok() &&
         std::any_of(explanation->nodes.begin(), explanation->nodes.end(),
                     [&](const election::NodeExplanation& node) {
                       return node.rank > 0 && !cluster_.IsLbd(node.node);
                     });
}

void Elections::NoteDark(const std::string& service) {
  for (const net::IpAddress& address : index_.Find(service)->addresses) {
    dark_[address] = TermOf(address);
  }
}

// An address that another node announces now counts as announced before.
void Elections::NoteNew(const std::string& service) {
  if (!IsElected(placement_.at(service), node_)) return;
  for (const net::IpAddress& address : index_.Find(service)->addresses) {
    if (IsHeldByAnother(service, address)) continue;
    dark_[address] = TermOf(address);
  }
}

void Elections::Reclaim(const net::IpAddress& vip, absl::Time civil_now) {
  if (tenures_.HolderOf(vip) != node_) return;
  unclaimed_.AddAll(index_.At(vip));
  tenures_.Release(vip, civil_now);
  tenures_.Claim(vip, civil_now).IgnoreError();
}

void Elections::ReleaseUnused(absl::Span<const net::IpAddress> unused,
                              absl::Time civil_now) {
  for (const net::IpAddress& address : unused) {
    dark_.erase(address);
    tenures_.Release(address, civil_now);
    new_holders_.insert(address);
  }
}

absl::StatusOr<size_t> Elections::Merge(std::string_view tenures) {
  terms_changed_ = true;
  LB_ASSIGN_OR_RETURN(const auto changed, tenures_.Merge(tenures));
  new_holders_.insert(changed.begin(), changed.end());
  return changed.size();
}

bool Elections::Precedes(const net::IpAddress& vip,
                         const std::string& other) const {
  const Services& services = index_.At(vip);
  if (!services.empty()) {
    election::Vip known = index_.Find(*services.begin())->vip;
    known.holder.reset();
    const election::Decision decision =
        election::Elect(cluster_.Only({node_, other}), known);
    if (decision.winner) return *decision.winner == other;
  }
  const std::string subject = vip.ToString();
  return election::ComputeDigest(other, subject) <
         election::ComputeDigest(node_, subject);
}

}  // namespace lb
