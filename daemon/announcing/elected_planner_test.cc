#include "daemon/announcing/elected_planner.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::Key;

net::IpAddress Vip(uint64_t number) {
  return net::IpAddress::Ipv4(0x0a000000u + static_cast<uint32_t>(number));
}

// The inputs of n1's looks, and what Announcing was told of them.
class ElectedPlannerTest : public testing::Test {
 protected:
  // The service has these addresses, and the node announces it; "": none does.
  void Put(const std::string& service, const std::set<uint64_t>& addresses,
           const std::string& node) {
    auto& assigned = entries_[service].assignment.addresses;
    assigned.clear();
    for (const uint64_t address : addresses) {
      assigned.push_back({Vip(address), "p"});
    }
    auto& announcers = placement_[service].announcers;
    announcers.clear();
    if (!node.empty()) announcers.push_back({.node = node});
    changed_.insert(service);
    ++version_;
  }
  void Remove(const std::string& service) {
    entries_.erase(service);
    placement_.erase(service);
    changed_.insert(service);
    ++version_;
  }
  ElectedPlaces::Inputs Inputs() const {
    return {.node = node_,
            .entries = entries_,
            .placement = placement_,
            .pools = pools_,
            .withheld = withheld_,
            .probed = probed_};
  }
  // Looks, and tells what was planned.
  ElectedPlanner::Plan Look() {
    const auto services_at = [this](const net::IpAddress& address) {
      ElectedPlanner::Services services;
      for (const auto& [service, entry] : entries_) {
        for (const auto& assigned : entry.assignment.addresses) {
          if (assigned.address == address) services.insert(service);
        }
      }
      return services;
    };
    ElectedPlanner::Plan plan =
        planner_.Next({.acts = acts_,
                       .entries_version = version_,
                       .placement_version = version_,
                       .withheld_version = withheld_version_,
                       .inputs = Inputs(),
                       .entries_before = before_,
                       .changed = changed_,
                       .services_at = services_at});
    before_ = entries_;
    changed_.clear();
    Tell(plan);
    return plan;
  }
  // The addresses of a plan; nullopt: it has all.
  std::optional<std::set<net::IpAddress>> Looked() {
    const ElectedPlanner::Plan plan = Look();
    std::set<net::IpAddress> addresses;
    if (std::holds_alternative<Elected>(plan)) return std::nullopt;
    if (const auto* change = std::get_if<ElectedChange>(&plan)) {
      for (const auto& [address, place] : *change) addresses.insert(address);
    }
    return addresses;
  }
  void Tell(const ElectedPlanner::Plan& plan) {
    if (const auto* all = std::get_if<Elected>(&plan)) told_ = *all;
    const auto* change = std::get_if<ElectedChange>(&plan);
    if (change == nullptr) return;
    for (const auto& [address, place] : *change) {
      told_.here.erase(address);
      told_.elsewhere.erase(address);
      if (place.here) told_.here.emplace(address, *place.here);
      if (place.elsewhere) told_.elsewhere.insert(address);
    }
  }

  const std::string node_ = "n1";
  AddressEntries entries_;
  AddressEntries before_;
  Placement placement_;
  std::vector<ipam::Pool> pools_ = {{.name = "p"}};
  std::map<net::IpAddress, absl::Time> withheld_;
  std::set<net::IpAddress> probed_;
  ElectedPlanner::Services changed_;
  uint64_t version_ = 1;
  uint64_t withheld_version_ = 0;
  bool acts_ = true;
  ElectedPlanner planner_;
  Elected told_;
};

TEST_F(ElectedPlannerTest, TheFirstLookPlansAll) {
  Put("a", {1}, "n1");
  Put("b", {2}, "n2");
  EXPECT_EQ(Looked(), std::nullopt);
  EXPECT_THAT(told_.here, ElementsAre(Key(Vip(1))));
  EXPECT_THAT(told_.elsewhere, ElementsAre(Vip(2)));
}

TEST_F(ElectedPlannerTest, ASecondLookPlansNothing) {
  Put("a", {1}, "n1");
  Look();
  EXPECT_TRUE(std::holds_alternative<std::monostate>(Look()));
}

TEST_F(ElectedPlannerTest, OneServicePlansTheAddressesItHasAndHad) {
  Put("a", {1}, "n1");
  Put("b", {2}, "n1");
  Look();
  Put("a", {3}, "n1");
  EXPECT_EQ(Looked(), std::set({Vip(1), Vip(3)}));
  EXPECT_THAT(told_.here, ElementsAre(Key(Vip(2)), Key(Vip(3))));
}

TEST_F(ElectedPlannerTest, ANodeThatMayNotActAnnouncesNothing) {
  Put("a", {1}, "n1");
  Look();
  acts_ = false;
  EXPECT_EQ(Looked(), std::nullopt);
  EXPECT_EQ(told_, Elected());
  Put("b", {2}, "n1");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(Look()));
  acts_ = true;
  EXPECT_EQ(Looked(), std::nullopt);
  EXPECT_THAT(told_.here, ElementsAre(Key(Vip(1)), Key(Vip(2))));
}

TEST_F(ElectedPlannerTest, AddressesThatAreProbedFirstAreToldSo) {
  Put("a", {1}, "n1");
  Put("b", {2}, "n1");
  probed_ = {Vip(1)};
  Look();
  EXPECT_EQ(told_.here[Vip(1)].role, announce::Role::kProbeFirst);
  probed_ = {Vip(1), Vip(2)};
  EXPECT_EQ(Looked(), std::set({Vip(2)}));
  EXPECT_EQ(told_.here[Vip(2)].role, announce::Role::kProbeFirst);
}

// The announcer itself goes on from a probe to the announcement.
TEST_F(ElectedPlannerTest, ProbesThatEndedWellPlanNothing) {
  Put("a", {1}, "n1");
  probed_ = {Vip(1)};
  Look();
  probed_.clear();
  EXPECT_TRUE(std::holds_alternative<std::monostate>(Look()));
}

TEST_F(ElectedPlannerTest, OtherOwnersPlanAll) {
  Put("a", {1}, "n1");
  Look();
  withheld_ = {{Vip(1), absl::UnixEpoch()}};
  ++withheld_version_;
  EXPECT_EQ(Looked(), std::nullopt);
  EXPECT_EQ(told_, Elected());
}

TEST_F(ElectedPlannerTest, AfterForgetAllIsPlanned) {
  Put("a", {1}, "n1");
  Look();
  pools_[0].announce_despite_proxy = true;
  EXPECT_TRUE(std::holds_alternative<std::monostate>(Look()));
  planner_.Forget();
  EXPECT_EQ(Looked(), std::nullopt);
  EXPECT_TRUE(told_.here[Vip(1)].despite_proxy);
}

// Whatever happens, look by look: what was told is what all addresses say. Only
// that a probe has ended is not told.
TEST_F(ElectedPlannerTest, WhatWasToldIsWhatAllSay) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    for (int step = 0; step < 30; ++step) {
      const std::string service = fmt::format("s{}", prng.Uniform(5));
      if (prng.Chance(20)) {
        Remove(service);
      } else {
        Put(service, {prng.Uniform(6), prng.Uniform(6)},
            fmt::format("n{}", 1 + prng.Uniform(2)));
      }
      if (prng.Chance(10)) acts_ = !acts_;
      if (prng.Chance(10)) {
        withheld_ = {{Vip(prng.Uniform(6)), absl::UnixEpoch()}};
        ++withheld_version_;
      }
      if (prng.Chance(30)) Look();
    }
    acts_ = true;
    Look();
    ASSERT_EQ(told_, ElectedPlaces(Inputs()).All());
  }
}

}  // namespace
}  // namespace lb
