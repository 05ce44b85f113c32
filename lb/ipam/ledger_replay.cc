#include "lb/ipam/ledger_replay.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/time/time.h"

namespace lb::ipam {
namespace {

// Holds `claim` beside what the service holds already.
absl::Status HoldToo(const ServiceRequest& request, const Claim& claim,
                     Allocator* allocator) {
  std::vector<net::IpAddress> addresses;
  if (const auto held = allocator->Find(request.service)) {
    for (const AssignedAddress& a : held->addresses) {
      addresses.push_back(a.address);
    }
  }
  addresses.push_back(claim.address);
  return allocator->Hold(request, addresses);
}

// Holds it although the address lies outside of the pools open to it.
absl::Status KeepToo(const ServiceRequest& request, const Claim& claim,
                     Allocator* allocator) {
  std::vector<AssignedAddress> addresses;
  if (const auto held = allocator->Find(request.service)) {
    addresses = held->addresses;
  }
  addresses.push_back({claim.address, claim.pool});
  return allocator->Keep(request, addresses);
}

}  // namespace

HeldAs HoldClaim(const ServiceRequest& request, const Claim& claim,
                 Allocator* allocator) {
  absl::Status verdict = HoldToo(request, claim, allocator);
  if (verdict.ok()) return {HeldAs::Kind::kHeld, absl::OkStatus()};
  const bool is_outside =
      verdict.code() == absl::StatusCode::kNotFound ||
      verdict.code() == absl::StatusCode::kFailedPrecondition;
  if (is_outside && KeepToo(request, claim, allocator).ok()) {
    return {HeldAs::Kind::kOutside, std::move(verdict)};
  }
  return {HeldAs::Kind::kDisplaced, std::move(verdict)};
}

// Without the time nothing would end a cool-down: then there are none. Nor is
// there one that begins in the future: a wrong clock would withhold the address
// until then, from a pool without cool-downs too.
void RememberFreed(const Ledger& ledger, Allocator* allocator) {
  if (allocator->now() == absl::InfinitePast()) return;
  const absl::Time latest = allocator->now() + kClockErrorMax;
  for (const Record& record : ledger.AllRecords()) {
    for (const Freed& freed : record.freed) {
      const absl::Time freed_at = absl::FromUnixMicros(freed.microseconds);
      if (freed_at > latest) continue;
      allocator->Remember(freed.address, {freed_at, record.service});
    }
  }
}

std::vector<StampedClaim> ClaimsInStampOrder(const Ledger& ledger) {
  std::vector<StampedClaim> claims;
  for (const std::string& service : ledger.ServicesSince(0)) {
    const Record* const record = ledger.Find(service);
    for (const Claim& claim : record->claims)
      claims.push_back({record, &claim});
  }
  SortByStamp(&claims);
  return claims;
}

void SortByStamp(std::vector<StampedClaim>* claims) {
  const auto order = [](const StampedClaim& c) {
    return std::tie(c.record->provisional, c.claim->stamp, c.record->service,
                    c.claim->address);
  };
  std::sort(claims->begin(), claims->end(),
            [&](const StampedClaim& a, const StampedClaim& b) {
              return order(a) < order(b);
            });
}

ReplayResult Replay(const Ledger& ledger, const ServiceRequests& requests,
                    Allocator* allocator) {
  allocator->ReleaseAll();
  ReplayResult result;
  std::set<std::string> held, incomplete, orphaned;
  for (const auto& [record, claim] : ClaimsInStampOrder(ledger)) {
    const std::string& service = record->service;
    const auto request = requests.find(service);
    if (request == requests.end()) {
      orphaned.insert(service);
      continue;
    }
    held.insert(service);
    HeldAs held_as = HoldClaim(request->second, *claim, allocator);
    if (held_as.kind == HeldAs::Kind::kHeld) continue;
    const bool is_outside = held_as.kind == HeldAs::Kind::kOutside;
    if (!is_outside) incomplete.insert(service);
    (is_outside ? result.outside : result.displaced)
        .push_back({service, claim->address, std::move(held_as.why)});
  }
  RememberFreed(ledger, allocator);
  std::set_difference(held.begin(), held.end(), incomplete.begin(),
                      incomplete.end(), std::back_inserter(result.held));
  result.orphaned.assign(orphaned.begin(), orphaned.end());
  return result;
}

}  // namespace lb::ipam
