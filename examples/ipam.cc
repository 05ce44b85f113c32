// Address management alone: two pools, three services, and an agreed record.
//
//   bazel run //examples:ipam
#include <cstdio>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_replay.h"
#include "lb/net/ip_range.h"

namespace {

using lb::ipam::Allocator;
using lb::ipam::Ledger;
using lb::ipam::Pool;

Pool MakePool(const std::string& name, const std::string& range) {
  return {.name = name, .ranges = {*lb::net::ParseIpRange(range)}};
}

void Print(const std::string& who, const std::string& what) {
  std::printf("%-14s %s\n", who.c_str(), what.c_str());
}

}  // namespace

int main() {
  const std::vector<Pool> pools = {
      MakePool("first-pool", "192.0.2.1-192.0.2.2"),
      MakePool("second-pool", "2001:db8::/64")};
  Allocator allocator;
  if (const absl::Status status = allocator.SetPools(pools); !status.ok()) {
    Print("pools", status.ToString());
    return 1;
  }
  lb::ipam::ServiceRequests requests;
  for (const char* name : {"demo/web", "demo/dns", "demo/mail"}) {
    requests[name] = {.service = name,
                      .service_namespace = "demo",
                      .families = {lb::net::IpFamily::kIpv4}};
  }
  requests["demo/dns"].family_policy =
      lb::ipam::FamilyPolicy::kRequireDualStack;
  requests["demo/web"].requested_addresses = {
      *lb::net::ParseIpAddress("192.0.2.2")};

  // This node assigns, and records what it assigned.
  Ledger ledger("node-a");
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  for (const char* name : {"demo/web", "demo/dns", "demo/mail"}) {
    const auto assignment = allocator.Assign(requests.at(name));
    Print(name, assignment.ok() ? assignment->ToString()
                                : assignment.status().ToString());
    if (!assignment.ok()) continue;
    if (!ledger.Propose(name, *assignment, now).ok()) return 1;
  }

  // Another node hears of it and comes to the same allocation.
  Ledger other("node-b");
  other.Merge(ledger.AllRecords());
  Allocator its_allocator;
  if (!its_allocator.SetPools(pools).ok()) return 1;
  Replay(other, requests, &its_allocator);
  const bool agrees = its_allocator.List() == allocator.List();
  Print("node-b", agrees ? "agrees" : "differs");
  return agrees ? 0 : 1;
}
