// Elections that follow changes agree, at each step, with others that are told
// everything again.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/placement/elections.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/config/difference.h"
#include "lb/election/tenure.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

constexpr uint64_t kServices = 12;
constexpr int kNodes = 5;

std::string Node(uint64_t i) { return "n" + std::to_string(i); }
std::string Service(uint64_t i) { return "ns/s" + std::to_string(10 + i); }
net::IpAddress Address(uint64_t i) {
  return *net::ParseIpAddress("10.0.0." + std::to_string(i));
}

class ElectionsModelTest
    : public testing::TestWithParam<std::pair<election::Policy, int>> {
 protected:
  ElectionsModelTest() : prng_(GetParam().second), kept_(NewElections()) {
    desired_.advertisements.push_back({.name = "all"});
    for (uint64_t i = 0; i < kServices; ++i) {
      desired_.services[Service(i)].request.service = Service(i);
    }
    kept_.SetDesired(desired_);
  }

  Elections NewElections() { return Elections("n0", GetParam().first); }

  void ChangeMembers() {
    live_.clear();
    for (int i = 0; i < kNodes; ++i) {
      if (i > 0 && prng_.Chance(30)) continue;
      NodeMetadata metadata;
      metadata.draining = prng_.Chance(20);
      metadata.interfaces.emplace();
      if (prng_.Chance(90)) {
        metadata.interfaces->push_back(
            {.name = "eth0",
             .mac = {{2, 0, 0, 0, 0, 1}},
             .families = {.ipv4 = prng_.Chance(90), .ipv6 = prng_.Chance(60)}});
      }
      metadata.tells_families = !prng_.Chance(5);
      live_.push_back({Node(i), metadata});
    }
    if (prng_.Chance(10)) live_.push_back({"speaker", std::nullopt});
    kept_.SetMembers(live_);
  }

  // Some share an address, and some have two.
  void ChangeAddresses() {
    const std::string service = Service(prng_.Uniform(kServices));
    entries_.erase(service);
    ++version_;
    changed_.insert(service);
    if (prng_.Chance(20)) return;
    auto& addresses = entries_[service].assignment.addresses;
    addresses.push_back({Address(prng_.Uniform(2 * kServices)), "pool"});
    if (prng_.Chance(30)) addresses.push_back({Address(100), "pool"});
    if (prng_.Chance(30)) {
      addresses.push_back({*net::ParseIpAddress("fd00::1"), "pool"});
    }
  }

  void HearClaim() {
    election::TenureTable other(Node(1 + prng_.Uniform(kNodes - 1)));
    ASSERT_TRUE(other.Merge(kept_.tenures().FullMessage()).ok());
    other.Claim(Address(prng_.Uniform(2 * kServices)), absl::UnixEpoch())
        .IgnoreError();
    ASSERT_TRUE(kept_.Merge(other.FullMessage()).ok());
  }

  void ChangeDesired() {
    const config::Desired before = desired_;
    auto& services = desired_.services;
    const auto changed =
        std::next(services.begin(),
                  static_cast<ptrdiff_t>(prng_.Uniform(services.size())));
    auto& traffic = changed->second.traffic;
    // An empty list: no node may announce it.
    traffic.endpoints =
        traffic.endpoints.has_value()
            ? std::nullopt
            : std::optional(std::vector<election::ServiceEndpoint>());
    if (prng_.Chance(30)) desired_.advertisements.clear();
    if (desired_.advertisements.empty() && prng_.Chance(60)) {
      desired_.advertisements.push_back({.name = "all"});
    }
    if (prng_.Chance(20)) ComeOrGo();
    if (prng_.Chance(10)) desired_.pool_labels["pool"]["x"] += "y";
    if (prng_.Chance(20)) {
      kept_.SetDesired(desired_);
    } else {
      kept_.SetDesired(desired_, config::DifferenceOf(before, desired_));
    }
  }

  void ComeOrGo() {
    const std::string name = Service(prng_.Uniform(kServices));
    auto& services = desired_.services;
    if (!services.contains(name)) {
      services[name].request.service = name;
    } else if (services.size() > 1) {
      services.erase(name);
    }
  }

  // At times without a word of what changed.
  void Note() {
    if (prng_.Chance(80)) kept_.NoteEntries(changed_, version_);
    changed_.clear();
  }

  void Release() {
    std::vector<net::IpAddress> unused;
    for (uint64_t i = 0; i < 2 * kServices; ++i) {
      if (prng_.Chance(20)) unused.push_back(Address(i));
    }
    for (const net::IpAddress& address : unused) dark_.erase(address);
    kept_.ReleaseUnused(unused, absl::UnixEpoch());
  }

  // Hosts have some, at times all that a service has.
  void ChangeWithheld() {
    withheld_.clear();
    if (prng_.Chance(30)) withheld_[Address(100)] = "n1's own";
    if (prng_.Chance(30)) withheld_[*net::ParseIpAddress("fd00::1")] = "x";
    for (uint64_t i = 0; i < 2 * kServices; ++i) {
      if (!prng_.Chance(15)) continue;
      withheld_[Address(i)] = prng_.Chance(50) ? "n1's own" : "n2's own";
    }
    kept_.SetWithheld(withheld_, absl::UnixEpoch());
  }

  // Just those whose places differ are told.
  void CheckChanged(const Placement& before) {
    std::set<std::string, std::less<>> changed;
    for (const auto& [service, place] : before) {
      const auto now = kept_.placement().find(service);
      if (now == kept_.placement().end() || now->second != place) {
        changed.insert(service);
      }
    }
    for (const auto& [service, place] : kept_.placement()) {
      if (!before.contains(service)) changed.insert(service);
    }
    ASSERT_EQ(kept_.TakeChanged(), changed);
  }

  bool IsLive(const std::string& node) const {
    return std::any_of(live_.begin(), live_.end(),
                       [&](const auto& member) { return member.name == node; });
  }

  uint64_t TermOf(const election::TenureTable& tenures,
                  const net::IpAddress& address) {
    const election::Tenure* const tenure = tenures.Find(address);
    return tenure == nullptr ? 0 : tenure->term;
  }

  bool IsHeldByAnother(const std::string& service,
                       const net::IpAddress& address) {
    const auto holder = kept_.tenures().HolderOf(address);
    if (!holder || *holder == "n0" || !IsLive(*holder)) return false;
    for (const auto& node : kept_.Explain(service)->nodes) {
      if (node.node != *holder) continue;
      return node.verdict == election::NodeVerdict::kAnnouncer ||
             node.verdict == election::NodeVerdict::kNotOwner;
    }
    return false;
  }

  // Notes what no node was to announce before, as far as n0 knows.
  void NoteDark(const Placement& before) {
    for (const auto& [service, place] : kept_.placement()) {
      const auto was = before.find(service);
      const bool is_new = was == before.end();
      if (place.announcers.empty() || (is_new && !IsElected(place, "n0"))) {
        continue;
      }
      if (!is_new && !was->second.announcers.empty()) continue;
      for (const auto& held : entries_.at(service).assignment.addresses) {
        if (is_new && IsHeldByAnother(service, held.address)) continue;
        dark_[held.address] = TermOf(kept_.tenures(), held.address);
      }
    }
  }

  std::set<net::IpAddress> SomeAddresses() {
    std::set<net::IpAddress> some;
    while (prng_.Chance(40)) some.insert(Address(prng_.Uniform(2 * kServices)));
    return some;
  }

  // Comes to what looking at all that this node is elected for comes to.
  void CheckClaim() {
    const bool reuniting = prng_.Chance(20);
    const std::set<net::IpAddress> foreign = SomeAddresses();
    const std::set<net::IpAddress> silent = SomeAddresses();
    election::TenureTable all("n0");
    ASSERT_TRUE(all.Merge(kept_.tenures().FullMessage()).ok());
    std::set<net::IpAddress> unheld;
    for (const auto& [service, place] : kept_.placement()) {
      if (!IsElected(place, "n0")) continue;
      for (const auto& held : entries_.at(service).assignment.addresses) {
        const net::IpAddress& address = held.address;
        const auto holder = all.HolderOf(address);
        if (withheld_.contains(address)) continue;
        if (foreign.contains(address)) {
          unheld.insert(address);
          if (holder == "n0") all.Release(address, absl::UnixEpoch());
          continue;
        }
        const auto dark = dark_.find(address);
        const bool is_dark =
            dark != dark_.end() && TermOf(all, address) <= dark->second;
        if (silent.contains(address)) {
          if (!holder || is_dark) unheld.insert(address);
          continue;
        }
        if (reuniting && holder && !IsLive(*holder)) continue;
        if (is_dark && holder == "n0") all.Release(address, absl::UnixEpoch());
        dark_.erase(address);
        ASSERT_TRUE(all.Claim(address, absl::UnixEpoch()).ok());
      }
    }
    const auto announces = [&](const net::IpAddress& address) {
      return !silent.contains(address);
    };
    ASSERT_EQ(kept_.Claim(entries_, absl::UnixEpoch(), {announces, foreign},
                          reuniting),
              unheld);
    ASSERT_EQ(kept_.tenures().AllTenures(), all.AllTenures());
  }

  Placement PlacementOfOneThatIsToldAnew() {
    Elections fresh = NewElections();
    fresh.SetMembers(live_);
    fresh.SetDesired(desired_);
    fresh.SetWithheld(withheld_, absl::UnixEpoch());
    EXPECT_TRUE(fresh.Merge(kept_.tenures().FullMessage()).ok());
    return fresh.Update(desired_, entries_, 1);
  }

  Prng prng_;
  config::Desired desired_;
  AddressEntries entries_;
  uint64_t version_ = 0;
  std::set<std::string, std::less<>> changed_;  // Since the last Update().
  std::vector<Elections::LiveMember> live_;
  std::map<net::IpAddress, std::string> withheld_;
  std::map<net::IpAddress, uint64_t> dark_;  // With the tenures' terms.
  Elections kept_;
};

TEST_P(ElectionsModelTest, WhatFollowedChangesIsAsWhatIsToldAnew) {
  int moves = 0;
  int withheld = 0;
  for (int step = 0; step < 1000; ++step) {
    SCOPED_TRACE(step);
    switch (prng_.Uniform(9)) {
      case 0:
        ChangeMembers();
        break;
      case 1:
      case 2:
        ChangeAddresses();
        break;
      case 3:
        Release();
        break;
      case 4:
        ChangeDesired();
        break;
      case 5:
        ChangeWithheld();
        break;
      default:
        HearClaim();
    }
    const Placement before = kept_.placement();
    const uint64_t version_before = kept_.version();
    Note();
    kept_.Update(desired_, entries_, version_);
    ASSERT_EQ(kept_.placement(), PlacementOfOneThatIsToldAnew());
    ASSERT_EQ(kept_.version() != version_before, kept_.placement() != before);
    if (kept_.version() != version_before) ++moves;
    CheckChanged(before);
    NoteDark(before);
    CheckClaim();
    if (HasFatalFailure()) return;
    for (const auto& [service, place] : kept_.placement()) {
      if (place.reason.starts_with("withheld")) ++withheld;
    }
  }
  EXPECT_GT(withheld, 100);
  EXPECT_GT(moves, 100);
}

INSTANTIATE_TEST_SUITE_P(
    Seeds, ElectionsModelTest,
    testing::Values(std::pair(election::Policy::kCompat, 1),
                    std::pair(election::Policy::kCompat, 2),
                    std::pair(election::Policy::kSticky, 3),
                    std::pair(election::Policy::kSticky, 4),
                    std::pair(election::Policy::kBalanced, 5),
                    std::pair(election::Policy::kBalanced, 6)));

}  // namespace
}  // namespace lb
