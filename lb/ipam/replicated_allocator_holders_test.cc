// Addresses that hosts have, and those that services without a manifest hold.
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/base/utc_text.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/ipam/testing/two_allocators.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class ReplicatedAllocatorHoldersTest : public TwoAllocators {};

TEST_F(ReplicatedAllocatorHoldersTest,
       AFullPoolCountsWhoHoldsWithoutAManifest) {
  WantOnAll({"default/a", "default/c", "default/k"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  Tell("n1", "n2");
  ReplicatedAllocator::Wanted wanted = Want({"default/b", "default/k"});
  wanted.may_exist.services = {"default/a"};
  for (auto& [node, allocator] : allocators_) allocator->SetWanted(wanted);
  RunFor(absl::Seconds(1));
  const std::string since = FormatUtc(
      hosts_["n1"]->environment().loop->CivilNow() - absl::Seconds(1));
  for (const char* node : {"n1", "n2"}) {
    EXPECT_EQ(
        Shown(node, "default/b"),
        "Service/default/b: pool p: full: 3 addresses, 2 held by services "
        "without a manifest (default/a since " +
            since + ", default/c since " + since + ")")
        << node;
    const auto absent = allocators_[node]->AbsentHolders();
    ASSERT_EQ(absent.size(), 2u);
    EXPECT_EQ(absent[0].service, "default/a");
    EXPECT_TRUE(absent[0].held_back);
    EXPECT_THAT(absent[0].held, ElementsAre(AssignedAddress{
                                    *net::ParseIpAddress("10.0.0.1"), "p"}));
    EXPECT_EQ(absent[1].service, "default/c");
    EXPECT_FALSE(absent[1].held_back);
  }
  // The one is released after a while, the other kept and listed.
  RunFor(ReplicatedAllocator::kReleaseDelay * 3);
  EXPECT_EQ(Shown("n1", "default/b"), "10.0.0.2");
  ASSERT_EQ(allocators_["n1"]->AbsentHolders().size(), 1u);
  EXPECT_EQ(allocators_["n1"]->AbsentHolders()[0].service, "default/a");
  EXPECT_LT(allocators_["n1"]->AbsentHolders()[0].since,
            hosts_["n1"]->environment().loop->CivilNow() - absl::Seconds(10));
  for (auto& [node, allocator] : allocators_) {
    allocator->SetWanted(Want({"default/b", "default/k"}));
  }
  RunFor(ReplicatedAllocator::kReleaseDelay * 3);
  EXPECT_THAT(allocators_["n1"]->AbsentHolders(), IsEmpty());
}

// n2 knows nothing of n1's address: what is agreed is the same all the same.
TEST_F(ReplicatedAllocatorHoldersTest, NoAddressOfAHostIsGivenOut) {
  const TakenAddresses taken = {{*net::ParseIpAddress("10.0.0.1"), "n1's own"}};
  allocators_["n1"]->SetTaken(taken);
  WantOnAll({"default/a", "default/b", "default/c"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  Tell("n1", "n2");
  for (const char* node : {"n1", "n2"}) {
    EXPECT_EQ(Shown(node, "default/a"), "10.0.0.2");
    EXPECT_EQ(Shown(node, "default/b"), "10.0.0.3");
  }
  EXPECT_EQ(Shown("n1", "default/c"),
            "Service/default/c: pool p: full: 3 addresses, 10.0.0.1 is n1's "
            "own");
  EXPECT_EQ(allocators_["n1"]->Usage("p")->taken_ipv4, 1);
  // The host gives it back.
  allocators_["n1"]->SetTaken({});
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n1", "default/c"), "10.0.0.1");
}

TEST_F(ReplicatedAllocatorHoldersTest,
       AHostThatGetsAServicesAddressTakesItFromNobody) {
  WantOnAll({"default/a"});
  SetAuthor("n1");
  RunFor(absl::Seconds(1));
  Tell("n1", "n2");
  const net::IpAddress address = *net::ParseIpAddress("10.0.0.1");
  allocators_["n1"]->SetTaken({{address, "n1's own"}});
  RunFor(absl::Seconds(1));
  for (const char* node : {"n1", "n2"}) {
    EXPECT_EQ(Shown(node, "default/a"), "10.0.0.1");
  }
  EXPECT_THAT(allocators_["n2"]->Orphans(), IsEmpty());
  const auto orphans = allocators_["n1"]->Orphans();
  ASSERT_EQ(orphans.size(), 1u);
  EXPECT_EQ(orphans[0].first, "default/a");
  EXPECT_THAT(std::string(orphans[0].second.reason.message()),
              HasSubstr("pool p: 10.0.0.1 is n1's own"));
  // `lbctl release` gives it another one.
  EXPECT_THAT(allocators_["n1"]->Release({.address = address}, [](auto) {}),
              IsOk());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown("n1", "default/a"), "10.0.0.2");
  Tell("n1", "n2");
  EXPECT_EQ(Shown("n2", "default/a"), "10.0.0.2");
}

TEST_F(ReplicatedAllocatorHoldersTest,
       AHostsAddressThatAServiceAsksForIsNotReleased) {
  const net::IpAddress address = *net::ParseIpAddress("10.0.0.1");
  for (const bool by_name : {true, false}) {
    ReplicatedAllocator::Wanted wanted = Want({"default/a"});
    wanted.pools[0].reservations = {{"vip", address}};
    ServiceRequest& request = wanted.requests["default/a"];
    if (by_name) {
      wanted.pools[0].reservations.clear();
      request.requested_addresses = {address};
    } else {
      request.reservation = "vip";
    }
    allocators_["n1"]->SetTaken({});
    allocators_["n1"]->SetWanted(wanted);
    SetAuthor("n1");
    RunFor(absl::Seconds(1));
    ASSERT_EQ(Shown("n1", "default/a"), "10.0.0.1");
    allocators_["n1"]->SetTaken({{address, "n1's own"}});
    RunFor(absl::Seconds(1));
    EXPECT_EQ(allocators_["n1"]->Orphans().size(), 1u);
    const auto released =
        allocators_["n1"]->Release({.service = "default/a"}, [](auto) {});
    EXPECT_THAT(std::string(released.status().message()),
                HasSubstr("10.0.0.1: default/a asks for it by name"));
  }
}

// "default/a would be given it again" was said of a service that asks for
// another address.
TEST_F(ReplicatedAllocatorHoldersTest,
       TwoThatAskForEachOthersAddressAreToldSo) {
  const net::IpAddress first = *net::ParseIpAddress("10.0.0.1");
  const net::IpAddress second = *net::ParseIpAddress("10.0.0.2");
  const net::IpAddress third = *net::ParseIpAddress("10.0.0.3");
  const auto ask_for = [&](const net::IpAddress& a, const net::IpAddress& b) {
    ReplicatedAllocator::Wanted wanted = Want({"default/a", "default/b"});
    wanted.requests["default/a"].requested_addresses = {a};
    wanted.requests["default/b"].requested_addresses = {b};
    allocators_["n1"]->SetWanted(wanted);
    RunFor(absl::Seconds(1));
    return Shown("n1", "default/a") + " " + Shown("n1", "default/b");
  };
  SetAuthor("n1");
  ASSERT_EQ(ask_for(first, second), "10.0.0.1 10.0.0.2");
  ASSERT_EQ(ask_for(second, first), "10.0.0.1 10.0.0.2");
  const auto released =
      allocators_["n1"]->Release({.address = first}, [](auto) {});
  EXPECT_THAT(std::string(released.status().message()),
              MatchesRegex(
                  "10\\.0\\.0\\.1: default/a keeps it while it is refused "
                  "what it asks for \\(Service/default/a: .*10\\.0\\.0\\.2 is "
                  "held by default/b: .*\\), want its manifest changed; of two "
                  "services that ask for each other's address, one has to ask "
                  "for a third first"));
  // So it is done.
  EXPECT_EQ(ask_for(second, third), "10.0.0.2 10.0.0.3");
  EXPECT_EQ(ask_for(second, first), "10.0.0.2 10.0.0.1");
}

}  // namespace
}  // namespace lb::ipam
