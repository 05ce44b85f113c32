#include "lb/ipam/ledger_follower.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lb/ipam/ledger_replay.h"

namespace lb::ipam {
namespace {

using net::IpAddress;

// Stands for a service of which only the record is known, so that its
// addresses are not given to others.
ServiceRequest ReservationFor(const std::string& service) {
  ServiceRequest request;
  request.service = service;
  request.service_namespace = service.substr(0, service.find('/'));
  return request;
}

// This run never knew what it asked for, so whether it shares: it must not take
// from a service that is known what the two have together.
void ReserveUnknown(const Record& record, Allocator* allocator) {
  std::vector<AssignedAddress> reserved;
  for (const Claim& claim : record.claims) {
    reserved.push_back({claim.address, claim.pool});
    if (!allocator->Keep(ReservationFor(record.service), reserved).ok()) {
      reserved.pop_back();
    }
  }
}

template <typename Index>
void Remove(const std::string& service, const IpAddress& address,
            Index* index) {
  const auto found = index->find(address);
  found->second.erase(service);
  if (found->second.empty()) index->erase(found);
}

}  // namespace

LedgerFollower::Followed LedgerFollower::Follow(const Ledger& ledger,
                                                Services touched,
                                                FindRequest find_request,
                                                Allocator* allocator) {
  for (std::string& service : ledger.ServicesSince(version_)) {
    touched.insert(std::move(service));
  }
  version_ = ledger.version();
  Addresses concerned;
  for (const std::string& service : touched) {
    Reindex(service, ledger.Find(service), &concerned);
  }
  // Which of so many are remembered goes by the order in which all are told.
  if (freed_count_ > kRestsMax) {
    Followed followed = Rebuild(ledger, find_request, allocator);
    followed.services.merge(touched);
    return followed;
  }
  while (!later_.empty() && later_.begin()->first <= allocator->now()) {
    concerned.insert(later_.begin()->second);
    later_.erase(later_.begin());
  }

  Followed followed = {.services = std::move(touched)};
  Close(*allocator, &followed.services, &concerned);
  for (const std::string& service : followed.services) {
    allocator->Forget(service);
  }
  Hold(ledger, followed.services, find_request, allocator);
  LetAllRest(ledger, concerned, allocator);
  followed.freed = std::any_of(concerned.begin(), concerned.end(),
                               [&](const IpAddress& address) {
                                 return allocator->HoldersOf(address).empty();
                               });
  return followed;
}

LedgerFollower::Services LedgerFollower::TakeUnknown(const Ledger& ledger,
                                                     Services* services) const {
  Services unknown;
  for (auto it = services->begin(); it != services->end();) {
    const auto service = it++;
    if (ledger.Find(*service) != nullptr || indexed_.contains(*service)) {
      continue;
    }
    unknown.insert(unknown.end(), services->extract(service));
  }
  return unknown;
}

bool LedgerFollower::Adopt(const Ledger& ledger, const std::string& service) {
  const Record* const record = ledger.Find(service);
  if (ledger.version() != version_ + 1 || record == nullptr ||
      !record->freed.empty() || indexed_.contains(service)) {
    return false;
  }
  const auto is_known = [this](const Claim& claim) {
    return claimed_by_.contains(claim.address) ||
           freed_by_.contains(claim.address);
  };
  if (std::any_of(record->claims.begin(), record->claims.end(), is_known)) {
    return false;
  }
  Addresses concerned;
  Reindex(service, record, &concerned);
  version_ = ledger.version();
  return true;
}

LedgerFollower::Followed LedgerFollower::FollowPools(const Ledger& ledger,
                                                     Services touched,
                                                     FindRequest find_request,
                                                     Allocator* allocator) {
  for (const auto& [address, services] : claimed_by_) {
    if (allocator->HasPoolFor(address)) continue;
    touched.insert(services.begin(), services.end());
  }
  Followed followed =
      Follow(ledger, std::move(touched), find_request, allocator);
  followed.freed = true;
  if (freed_count_ > kRestsMax) return followed;  // It was rebuilt.
  later_.clear();
  for (const auto& [address, services] : freed_by_) {
    LetRest(ledger, address, allocator);
  }
  return followed;
}

// The index is of the ledger alone, and stays.
LedgerFollower::Followed LedgerFollower::Rebuild(const Ledger& ledger,
                                                 FindRequest find_request,
                                                 Allocator* allocator) {
  std::vector<std::string> changed = ledger.ServicesSince(version_);
  for (const auto& [service, indexed] : indexed_) {
    if (ledger.Find(service) == nullptr) changed.push_back(service);
  }
  Addresses concerned;
  for (const std::string& service : changed) {
    Reindex(service, ledger.Find(service), &concerned);
  }
  version_ = ledger.version();
  allocator->ReleaseAll();
  later_.clear();
  Followed followed = {.freed = true};
  for (const auto& [service, indexed] : indexed_) {
    followed.services.insert(followed.services.end(), service);
  }
  Hold(ledger, followed.services, find_request, allocator);
  if (freed_count_ > kRestsMax) {
    RememberFreed(ledger, allocator);
    return followed;
  }
  for (const auto& [address, services] : freed_by_) {
    LetRest(ledger, address, allocator);
  }
  return followed;
}

std::vector<IpAddress> LedgerFollower::TakeUnclaimed() {
  std::vector<IpAddress> unclaimed;
  for (const IpAddress& address : std::exchange(let_go_, {})) {
    if (!claimed_by_.contains(address)) unclaimed.push_back(address);
  }
  return unclaimed;
}

void LedgerFollower::Reindex(const std::string& service, const Record* record,
                             Addresses* concerned) {
  Indexed& entry = indexed_[service];
  const auto add_all = [&](const std::vector<IpAddress>& addresses) {
    concerned->insert(addresses.begin(), addresses.end());
  };
  add_all(entry.claimed);
  add_all(entry.freed);
  for (const IpAddress& address : entry.claimed) {
    Remove(service, address, &claimed_by_);
    let_go_.insert(address);
  }
  for (const IpAddress& address : entry.freed) {
    Remove(service, address, &freed_by_);
  }
  freed_count_ -= entry.freed.size();
  entry = {};
  if (record == nullptr) {
    indexed_.erase(service);
    return;
  }
  for (const Claim& claim : record->claims) {
    entry.claimed.push_back(claim.address);
    claimed_by_[claim.address].insert(service);
  }
  for (const Freed& freed : record->freed) {
    entry.freed.push_back(freed.address);
    freed_by_[freed.address].insert(service);
  }
  freed_count_ += entry.freed.size();
  add_all(entry.claimed);
  add_all(entry.freed);
}

void LedgerFollower::Close(const Allocator& allocator, Services* services,
                           Addresses* concerned) const {
  std::vector<IpAddress> queue(concerned->begin(), concerned->end());
  const auto add = [&](const IpAddress& address) {
    if (concerned->insert(address).second) queue.push_back(address);
  };
  const auto add_all_of = [&](const std::string& service) {
    if (const auto held = allocator.Find(service)) {
      for (const AssignedAddress& a : held->addresses) add(a.address);
    }
    const auto indexed = indexed_.find(service);
    if (indexed == indexed_.end()) return;
    for (const IpAddress& address : indexed->second.claimed) add(address);
  };
  for (const std::string& service : *services) add_all_of(service);
  while (!queue.empty()) {
    const IpAddress address = queue.back();
    queue.pop_back();
    const auto claimants = claimed_by_.find(address);
    if (claimants == claimed_by_.end()) continue;
    for (const std::string& service : claimants->second) {
      if (services->insert(service).second) add_all_of(service);
    }
  }
}

void LedgerFollower::Hold(const Ledger& ledger, const Services& services,
                          FindRequest find_request, Allocator* allocator) {
  std::vector<StampedClaim> claims;
  std::vector<const Record*> unknown;
  for (const std::string& service : services) {
    const Record* const record = ledger.Find(service);
    if (record == nullptr || record->is_release()) continue;
    if (find_request(service) == nullptr) {
      unknown.push_back(record);
      continue;
    }
    for (const Claim& claim : record->claims) {
      claims.push_back({record, &claim});
    }
  }
  SortByStamp(&claims);
  for (const StampedClaim& claim : claims) {
    HoldClaim(*find_request(claim.record->service), *claim.claim, allocator);
  }
  for (const Record* record : unknown) ReserveUnknown(*record, allocator);
}

void LedgerFollower::LetAllRest(const Ledger& ledger,
                                const Addresses& addresses,
                                Allocator* allocator) {
  for (const IpAddress& address : addresses) {
    LetRest(ledger, address, allocator);
  }
}

void LedgerFollower::LetRest(const Ledger& ledger, const IpAddress& address,
                             Allocator* allocator) {
  allocator->EndRest(address);
  const auto freed_by = freed_by_.find(address);
  if (freed_by == freed_by_.end()) return;
  if (allocator->now() == absl::InfinitePast()) return;
  for (const std::string& service : freed_by->second) {
    const std::vector<Freed>& all = ledger.Find(service)->freed;
    const auto freed = std::find_if(
        all.begin(), all.end(),
        [&](const Freed& freed) { return freed.address == address; });
    const absl::Time at = absl::FromUnixMicros(freed->microseconds);
    if (at > allocator->now() + kClockErrorMax) {
      later_.emplace(at - kClockErrorMax, address);
    } else {
      allocator->Remember(address, {at, service});
    }
  }
}

}  // namespace lb::ipam
