// A replicated allocator that is told of many services at once looks at a
// portion of them at a time, and comes to the same.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/portion.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using testing::Each;
using testing::Le;
using testing::SizeIs;

constexpr int kMany = 2 * static_cast<int>(kPortion) + 500;

std::string NameOf(int i) { return fmt::format("default/s{:05}", i); }
net::IpAddress At(std::string_view text) { return *net::ParseIpAddress(text); }

ServiceRequest RequestOf(int i, uint16_t port = 80) {
  return {.service = NameOf(i),
          .service_namespace = "default",
          .ports = {{Protocol::kTcp, port}}};
}

ReplicatedAllocator::Wanted WantedOf(int services, uint16_t port = 80) {
  ReplicatedAllocator::Wanted wanted;
  wanted.pools.push_back(
      {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/16")}});
  for (int i = 0; i < services; ++i) {
    wanted.requests[NameOf(i)] = RequestOf(i, port);
  }
  return wanted;
}

// The author, and what it showed at each of its changes.
class PortionsTest : public testing::Test {
 protected:
  PortionsTest() : host_(world_.AddHost("n1", "10.1.0.1/24")) { Start(); }

  void Start() {
    allocator_ = std::make_unique<ReplicatedAllocator>(
        "n1", io::StatePorts::From(host_->environment()),
        [this] { OnChange(); });
    allocator_->Restore();
    allocator_->SetAuthor("n1");
  }
  void OnChange() {
    changed_.push_back(allocator_->TakeChanged().size());
    absent_ += allocator_->AbsentHolders().size();
    if (on_change_) on_change_();
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  // Until so many services are shown, and no longer.
  void RunUntilShown(size_t count) {
    ASSERT_TRUE(world_.loop().RunUntil(
        [&] { return allocator_->entries().size() >= count; },
        absl::Minutes(1)));
  }
  static std::string Dump(const ReplicatedAllocator& allocator) {
    std::string text;
    for (const auto& [service, entry] : allocator.entries()) {
      text += fmt::format("{}: {} {}\n", service, entry.assignment.ToString(),
                          entry.reason);
    }
    return text;
  }
  // The dump of an allocator that is told only this, on a host of its own.
  static std::string DumpOf(const ReplicatedAllocator::Wanted& wanted) {
    io::SimWorld world(/*seed=*/1);
    ReplicatedAllocator allocator(
        "n1",
        io::StatePorts::From(world.AddHost("n1", "10.1.0.1/24")->environment()),
        [] {});
    allocator.Restore();
    allocator.SetAuthor("n1");
    allocator.SetWanted(wanted);
    world.loop().RunFor(absl::Minutes(1));
    return Dump(allocator);
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_;
  std::function<void()> on_change_;
  std::vector<size_t> changed_;
  size_t absent_ = 0;
  std::unique_ptr<ReplicatedAllocator> allocator_;
};

TEST_F(PortionsTest, ManyNewServicesAreShownInPortions) {
  allocator_->SetWanted(WantedOf(kMany));
  RunFor(absl::Seconds(1));
  EXPECT_THAT(allocator_->entries(), SizeIs(kMany));
  for (const auto& [service, entry] : allocator_->entries()) {
    ASSERT_THAT(entry.assignment.addresses, SizeIs(1)) << service;
  }
  EXPECT_THAT(changed_, Each(Le(2 * kPortion)));  // Written, and new ones.
}

// A speaker may wait for the last of many before it tells routers.
TEST_F(PortionsTest, NewServicesAreAwaitedUntilAllHaveTheirAddresses) {
  EXPECT_EQ(allocator_->awaited(), 0u);
  allocator_->SetWanted(WantedOf(kMany));
  EXPECT_EQ(allocator_->awaited(), static_cast<size_t>(kMany));
  on_change_ = [&] {
    size_t with_address = 0;
    for (const auto& [service, entry] : allocator_->entries()) {
      with_address += entry.assignment.addresses.size();
    }
    ASSERT_EQ(allocator_->awaited() == 0, with_address == kMany);
  };
  RunFor(absl::Seconds(1));
  EXPECT_EQ(allocator_->awaited(), 0u);
  // Those that go are not awaited.
  on_change_ = [&] { ASSERT_EQ(allocator_->awaited(), 0u); };
  allocator_->SetWanted(WantedOf(0));
  RunFor(absl::Seconds(1));
}

TEST_F(PortionsTest, WhatFollowsARestartIsShownInPortions) {
  allocator_->SetWanted(WantedOf(kMany));
  RunFor(absl::Seconds(10));
  const std::string before = Dump(*allocator_);
  Start();
  changed_.clear();
  allocator_->SetWanted(WantedOf(kMany));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Dump(*allocator_), before);
  EXPECT_THAT(changed_, Each(Le(kPortion)));
  EXPECT_EQ(absent_, 0u);  // None is taken for one that no manifest asks for.
}

TEST_F(PortionsTest, WhatAnotherNodeToldIsShownInPortions) {
  Ledger other("n2");
  const absl::Time now = host_->environment().loop->CivilNow();
  for (int i = 0; i < kMany; ++i) {
    const Assignment assignment = {
        {{net::IpAddress::Ipv4((10u << 24) + (64u << 16) + i), "p"}}};
    ASSERT_THAT(other.Propose(NameOf(i), assignment, now), IsOk());
  }
  allocator_->SetAuthor("n2");
  allocator_->SetWanted(WantedOf(kMany));
  RunFor(absl::Seconds(1));
  changed_.clear();
  ASSERT_THAT(allocator_->Merge(SerializeMessage(other.AllRecords())), IsOk());
  RunFor(absl::Seconds(1));
  for (const auto& [service, entry] : allocator_->entries()) {
    ASSERT_THAT(entry.assignment.addresses, SizeIs(1)) << service;
  }
  EXPECT_THAT(changed_, Each(Le(kPortion)));
}

TEST_F(PortionsTest, AChangeBetweenTwoPortionsCounts) {
  allocator_->SetWanted(WantedOf(kMany));
  ASSERT_TRUE(world_.loop().RunUntil(
      [&] { return allocator_->ledger().size() > 0; }, absl::Minutes(1)));
  ReplicatedAllocator::WantedChange change;
  change.requests[NameOf(0)] = std::nullopt;          // It is assigned.
  change.requests[NameOf(kMany - 1)] = std::nullopt;  // It is not yet.
  ServiceRequest other = RequestOf(kMany - 2);
  other.requested_addresses = {At("10.64.200.1")};
  change.requests[NameOf(kMany - 2)] = other;
  allocator_->ChangeWanted(std::move(change));
  RunFor(absl::Seconds(30));
  EXPECT_THAT(allocator_->entries(), SizeIs(kMany - 2));
  EXPECT_FALSE(allocator_->entries().contains(NameOf(0)));
  EXPECT_EQ(allocator_->entries().at(NameOf(kMany - 2)).assignment.ToString(),
            "10.64.200.1 (pool p)");
  EXPECT_EQ(allocator_->ledger().Find(NameOf(kMany - 1)), nullptr);
}

TEST_F(PortionsTest, ASecondReloadDuringTheFirstComesToTheSecond) {
  allocator_->SetWanted(WantedOf(kMany));
  RunUntilShown(kPortion);
  ReplicatedAllocator::Wanted second = WantedOf(kMany, /*port=*/81);
  second.pools.front().ranges = {*net::ParseIpRange("10.64.0.0/17")};
  allocator_->SetWanted(second);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(Dump(*allocator_), DumpOf(second));
}

TEST_F(PortionsTest, SharersAreShownTogether) {
  ReplicatedAllocator::Wanted wanted = WantedOf(kMany);
  for (const int i : {0, kMany - 1}) {
    wanted.requests[NameOf(i)].sharing_key = "key";
    wanted.requests[NameOf(i)].requested_addresses = {At("10.64.200.1")};
    wanted.requests[NameOf(i)].ports[0].port = static_cast<uint16_t>(80 + i);
  }
  allocator_->SetWanted(wanted);
  RunFor(absl::Seconds(10));
  // A restart knows of all at once that they have the address.
  Start();
  int seen = 0;
  on_change_ = [&] {
    const auto& entries = allocator_->entries();
    ASSERT_EQ(entries.contains(NameOf(0)), entries.contains(NameOf(kMany - 1)));
    seen += entries.contains(NameOf(0)) ? 1 : 0;
  };
  allocator_->SetWanted(wanted);
  RunFor(absl::Seconds(10));
  EXPECT_GT(seen, 1);
}

TEST_F(PortionsTest, WhoHoldsAnAddressKeepsItBeforeNewOnes) {
  ReplicatedAllocator::Wanted wanted = WantedOf(kMany);
  allocator_->SetWanted(wanted);
  RunFor(absl::Seconds(10));
  // The last one asks for the first free address, as new ones before it in
  // name would get it.
  const net::IpAddress free =
      net::IpAddress::Ipv4((10u << 24) + (64u << 16) + kMany);
  wanted.requests[NameOf(kMany - 1)].requested_addresses = {free};
  for (int i = 0; i < kMany; ++i) {
    ServiceRequest request = RequestOf(i);
    request.service = fmt::format("default/a{:05}", i);
    wanted.requests[request.service] = request;
  }
  allocator_->SetWanted(wanted);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(allocator_->entries().at(NameOf(kMany - 1)).assignment.ToString(),
            free.ToString() + " (pool p)");
}

TEST_F(PortionsTest, OtherPoolsAreLookedAtByAll) {
  allocator_->SetWanted(WantedOf(kMany));
  RunFor(absl::Seconds(10));
  ReplicatedAllocator::Wanted wanted = WantedOf(kMany);
  wanted.pools.front().name = "q";
  wanted.requests[NameOf(7)].requested_pool = "q";
  allocator_->SetWanted(wanted);
  RunFor(absl::Seconds(10));
  for (const auto& [service, entry] : allocator_->entries()) {
    ASSERT_EQ(entry.assignment.addresses.at(0).pool, "q") << service;
    ASSERT_EQ(entry.reason, "") << service;
  }
}

}  // namespace
}  // namespace lb::ipam
