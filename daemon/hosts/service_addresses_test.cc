// Is an address of a service, by questions that are remembered.
#include "daemon/hosts/service_addresses.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/placement/placement.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/config/desired.h"
#include "lb/ipam/assignment.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

net::IpAddress Address(uint64_t i) {
  return *net::ParseIpAddress("10.0.0." + std::to_string(i));
}
std::string Service(uint64_t i) { return "ns/s" + std::to_string(i); }

constexpr uint64_t kServices = 5;
constexpr uint64_t kAddresses = 6;

class ServiceAddressesTest : public testing::Test {
 protected:
  ServiceAddressesTest() {
    for (uint64_t i = 0; i < kServices; ++i) {
      desired_.services[Service(i)].request.service = Service(i);
    }
  }

  void Hold(uint64_t service, std::vector<uint64_t> addresses) {
    auto& held = entries_[Service(service)].assignment.addresses;
    held.clear();
    for (uint64_t i : addresses) held.push_back({Address(i), "pool"});
    addresses_.Note(Service(service));
  }
  void AskFor(uint64_t service, std::vector<uint64_t> addresses) {
    auto& asked =
        desired_.services.at(Service(service)).request.requested_addresses;
    asked.clear();
    for (uint64_t i : addresses) asked.push_back(Address(i));
    addresses_.Note(Service(service));
  }
  bool Contains(uint64_t address) {
    return addresses_.Ask(desired_, entries_).Contains(Address(address));
  }
  bool Update() { return addresses_.Update(desired_, entries_); }

  config::Desired desired_;
  AddressEntries entries_;
  ServiceAddresses addresses_;
};

TEST_F(ServiceAddressesTest, HasWhatServicesHoldAndWhatTheyAskForByName) {
  Hold(1, {1, 2});
  AskFor(2, {3});
  EXPECT_TRUE(Contains(1));
  EXPECT_TRUE(Contains(2));
  EXPECT_TRUE(Contains(3));
  EXPECT_FALSE(Contains(4));
}

TEST_F(ServiceAddressesTest, NothingIsToBeAskedAgainWhileOthersChange) {
  Hold(1, {1});
  EXPECT_TRUE(Contains(1));
  Hold(2, {2});
  EXPECT_FALSE(Update());
}

TEST_F(ServiceAddressesTest, WhatNobodyHadIsAskedAgainWhenAServiceHasIt) {
  EXPECT_FALSE(Contains(1));
  AskFor(2, {1});
  EXPECT_TRUE(Update());
  EXPECT_FALSE(Update()) << "it was told once";
}

TEST_F(ServiceAddressesTest, WhatAServiceHadIsAskedAgainWhenItHasChanged) {
  Hold(1, {1});
  EXPECT_TRUE(Contains(1));
  Hold(1, {});
  EXPECT_TRUE(Update());
  EXPECT_FALSE(Contains(1));
}

// Against questions that are asked again in each step.
TEST_F(ServiceAddressesTest, AnswersThatChangeAreNeverMissed) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    std::vector<bool> known;
    for (int step = 0; step < 40; ++step) {
      const uint64_t service = prng.Uniform(kServices);
      std::vector<uint64_t> addresses;
      while (prng.Chance(50)) addresses.push_back(prng.Uniform(kAddresses));
      prng.Chance(50) ? Hold(service, addresses) : AskFor(service, addresses);
      if (prng.Chance(50)) continue;
      ServiceAddresses fresh;
      auto asked = fresh.Ask(desired_, entries_);
      std::vector<bool> now;
      for (uint64_t i = 0; i < kAddresses; ++i) {
        now.push_back(asked.Contains(Address(i)));
      }
      if (Update() || known.empty()) {
        auto round = addresses_.Ask(desired_, entries_);
        known.clear();
        for (uint64_t i = 0; i < kAddresses; ++i) {
          known.push_back(round.Contains(Address(i)));
        }
      }
      EXPECT_EQ(known, now) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace lb
