#include "daemon/advertise/advertised_address.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

net::IpPrefix On(std::string_view text) { return *net::ParseIpPrefix(text); }
net::IpAddress At(std::string_view text) { return *net::ParseIpAddress(text); }

// A host with eth0 at 172.18.8.11/24, and with more links and addresses if a
// test adds them.
class AdvertisedAddressTest : public testing::Test {
 protected:
  void Make(const std::string& bound = "0.0.0.0",
            const std::vector<std::string>& seeds = {}) {
    AdvertiseOptions options{.endpoint = {At(bound), 7946},
                             .exclude = {"docker*"}};
    for (const std::string& seed : seeds) options.seeds.push_back(At(seed));
    address_ = std::make_unique<AdvertisedAddress>(std::move(options),
                                                   host_->environment());
    address_->SetObserver([this] { ++changes_; });
    host_->links().SetObserver([this] { address_->OnLinks(); });
  }
  void AddLink(int index, const std::string& name, const std::string& prefix) {
    host_->links().SetLink({.index = index,
                            .name = name,
                            .up = true,
                            .carrier = true,
                            .broadcast = true,
                            .addresses = {On(prefix)}});
  }
  void Remove(std::string_view prefix) {
    host_->links().RemoveAddress("eth0", On(prefix));
  }
  void Add(std::string_view prefix) {
    host_->links().AddAddress("eth0", On(prefix));
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  std::string Address() { return address_->endpoint().address.ToString(); }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* const host_ = world_.AddHost("n1", "172.18.8.11/24");
  std::unique_ptr<AdvertisedAddress> address_;
  int changes_ = 0;
};

TEST_F(AdvertisedAddressTest, WhatIsNamedIsTaken) {
  Make("172.18.8.11");
  EXPECT_EQ(address_->ToString(), "172.18.8.11:7946");
  EXPECT_EQ(address_->HasCarrier(), true);
  host_->SetCarrier(false);
  EXPECT_EQ(address_->HasCarrier(), false);
}

TEST_F(AdvertisedAddressTest, IsTheSourceTowardsTheJoinList) {
  AddLink(1, "docker0", "172.17.0.1/16");
  AddLink(7, "eth1", "10.0.0.11/24");
  Make("0.0.0.0", {"10.0.0.12", "10.0.0.13"});
  EXPECT_EQ(address_->ToString(), "10.0.0.11:7946 (eth1, towards 10.0.0.12)");
  EXPECT_THAT(address_->fault(), IsEmpty());
}

TEST_F(AdvertisedAddressTest, IsElseTheSourceOfTheDefaultRoute) {
  AddLink(1, "docker0", "172.17.0.1/16");
  AddLink(7, "eth1", "10.0.0.11/24");
  host_->routes().SetDefaultGateway(At("172.18.8.1"));
  Make();
  EXPECT_EQ(address_->ToString(), "172.18.8.11:7946 (eth0, default route)");
  EXPECT_THAT(address_->fault(), IsEmpty());
}

TEST_F(AdvertisedAddressTest, SaysThatSeveralFit) {
  AddLink(7, "eth1", "10.0.0.11/24");
  Make("0.0.0.0", {"10.0.0.12", "172.18.8.12"});
  EXPECT_EQ(Address(), "10.0.0.11");
  EXPECT_EQ(address_->fault(),
            "gossip-advertise: several addresses fit: 10.0.0.11 (eth1, towards "
            "10.0.0.12), 172.18.8.11 (eth0, towards 172.18.8.12); 10.0.0.11 is "
            "used, want gossip-advertise with the one to use");
}

TEST_F(AdvertisedAddressTest, FollowsARenewedLease) {
  Make("0.0.0.0", {"172.18.8.12"});
  Remove("172.18.8.11/24");
  RunFor(absl::Milliseconds(20));
  Add("172.18.8.111/24");
  EXPECT_EQ(Address(), "172.18.8.11");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.111");
  EXPECT_EQ(changes_, 1);
  EXPECT_THAT(address_->fault(), IsEmpty());
}

// Containers come and go on this host.
TEST_F(AdvertisedAddressTest, LinksThatComeAndGoDoNotPutItOff) {
  Make("0.0.0.0", {"172.18.8.12"});
  Remove("172.18.8.11/24");
  Add("172.18.8.111/24");
  for (int i = 0; i < 20; ++i) {
    AddLink(7, "veth1", i % 2 == 0 ? "10.9.0.1/32" : "10.9.0.2/32");
    RunFor(AdvertisedAddress::kSettle / 10);
  }
  EXPECT_EQ(Address(), "172.18.8.111");
}

TEST_F(AdvertisedAddressTest, AnAddressThatGoesToAnotherInterfaceIsNoChange) {
  Make("0.0.0.0", {"172.18.8.12"});
  Remove("172.18.8.11/24");
  RunFor(absl::Milliseconds(20));
  AddLink(7, "br0", "172.18.8.11/24");
  RunFor(absl::Seconds(20));
  EXPECT_EQ(Address(), "172.18.8.11");
  EXPECT_EQ(changes_, 0);
  EXPECT_EQ(address_->HasCarrier(), true);
}

TEST_F(AdvertisedAddressTest, AnotherThatFitsAsWellIsNoChange) {
  Make("0.0.0.0", {"172.18.8.12"});
  Add("172.18.8.5/24");  // The kernel prefers it now, in the simulation.
  RunFor(absl::Seconds(20));
  EXPECT_EQ(Address(), "172.18.8.11");
  Remove("172.18.8.11/24");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.5");
}

TEST_F(AdvertisedAddressTest, ABetterFitIsTaken) {
  AddLink(7, "eth1", "10.0.0.11/24");
  Remove("172.18.8.11/24");
  Make("0.0.0.0", {"172.18.8.12"});
  EXPECT_EQ(Address(), "10.0.0.11");
  Add("172.18.8.11/24");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.11");
}

// No event tells of a route.
TEST_F(AdvertisedAddressTest, ADefaultRouteThatComesLaterIsSeen) {
  AddLink(1, "ens1", "10.0.0.11/24");
  Make();
  EXPECT_EQ(Address(), "10.0.0.11");
  EXPECT_THAT(address_->fault(), HasSubstr("several addresses fit"));
  host_->routes().SetDefaultGateway(At("172.18.8.1"));
  RunFor(AdvertisedAddress::kLookAgain + absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.11");
  EXPECT_THAT(address_->fault(), IsEmpty());
}

// A laptop without a network: the lease comes late.
TEST_F(AdvertisedAddressTest, WithoutAnyItWaits) {
  Remove("172.18.8.11/24");
  AddLink(7, "docker0", "172.17.0.1/16");
  Make("0.0.0.0", {"172.18.8.12"});
  EXPECT_EQ(Address(), "127.0.0.1");
  EXPECT_EQ(address_->HasCarrier(), false);
  EXPECT_THAT(address_->fault(),
              HasSubstr("no interface has an address that fits: 172.17.0.1 "
                        "(docker0): excluded; no node can reach this one, want "
                        "gossip-advertise"));
  Add("172.18.8.11/24");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.11");
  EXPECT_EQ(address_->HasCarrier(), true);
  EXPECT_THAT(address_->fault(), IsEmpty());
}

TEST_F(AdvertisedAddressTest, TheLastOneStaysWhileThereIsNone) {
  Make("0.0.0.0", {"172.18.8.12"});
  Remove("172.18.8.11/24");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.11");
  EXPECT_EQ(address_->HasCarrier(), false);
  EXPECT_THAT(address_->fault(), HasSubstr("no interface has an address"));
  Add("172.18.8.11/24");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.11");
  EXPECT_THAT(address_->fault(), IsEmpty());
}

TEST_F(AdvertisedAddressTest, ALinkWithoutCarrierKeepsItForAWhile) {
  AddLink(7, "eth1", "10.0.0.11/24");
  host_->routes().SetDefaultGateway(At("10.0.0.1"));
  Make("0.0.0.0", {"172.18.8.12"});
  EXPECT_EQ(Address(), "172.18.8.11");
  host_->SetCarrier(false);
  RunFor(AdvertisedAddress::kCarrierWait - absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.11");
  EXPECT_EQ(address_->HasCarrier(), false);
  host_->SetCarrier(true);
  RunFor(AdvertisedAddress::kCarrierWait * 2);
  EXPECT_EQ(Address(), "172.18.8.11");
  host_->SetCarrier(false);
  RunFor(AdvertisedAddress::kCarrierWait + absl::Seconds(1));
  EXPECT_EQ(Address(), "10.0.0.11");
}

TEST_F(AdvertisedAddressTest, PoolsThatAreReadLaterCount) {
  Remove("172.18.8.11/24");
  Add("172.18.9.1/32");
  Make();
  EXPECT_EQ(Address(), "172.18.9.1");
  AddLink(7, "eth1", "10.0.0.11/24");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.9.1");
  address_->SetPools(
      {{.name = "p", .ranges = {*net::ParseIpRange("172.18.9.0/24")}}});
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "10.0.0.11");
}

TEST_F(AdvertisedAddressTest, BothFamiliesAreFollowed) {
  Add("2001:db8::11/64");
  Make("::", {"2001:db8::12"});
  EXPECT_EQ(Address(), "2001:db8::11");
  Remove("2001:db8::11/64");
  Add("2001:db8::111/64");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "2001:db8::111");
  // IPv4 also reaches a socket on [::].
  Make("::", {"172.18.8.12"});
  EXPECT_EQ(Address(), "172.18.8.11");
  Make("0.0.0.0", {"2001:db8::12"});
  EXPECT_EQ(Address(), "172.18.8.11");
}

TEST_F(AdvertisedAddressTest, OneThatIsBoundAndGoesIsAFault) {
  Make("172.18.8.11");
  EXPECT_THAT(address_->fault(), IsEmpty());
  Remove("172.18.8.11/24");
  Add("172.18.8.111/24");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Address(), "172.18.8.11");
  EXPECT_EQ(address_->HasCarrier(), false);
  EXPECT_THAT(address_->fault(),
              HasSubstr("172.18.8.11 is on no interface of this host"));
  Add("172.18.8.11/24");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(address_->fault(), IsEmpty());
  EXPECT_EQ(changes_, 2);
}

TEST_F(AdvertisedAddressTest, OneThatNeverWasOursIsNone) {
  Make("192.0.2.1");  // This address is reached by NAT.
  Remove("172.18.8.11/24");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(address_->fault(), IsEmpty());
  EXPECT_EQ(address_->HasCarrier(), std::nullopt);
}

}  // namespace
}  // namespace lb
