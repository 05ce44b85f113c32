// Addresses that hosts have: none is given out, and a service that holds one
// keeps it. As tables.
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/taken_addresses.h"
#include "lb/ipam/testing/allocator_case.h"
#include "lb/ipam/testing/allocator_script.h"

namespace lb::ipam {
namespace {

using Case = AllocatorCase;

class AllocatorTakenCases : public testing::TestWithParam<Case> {};

TEST_P(AllocatorTakenCases, GiveTheExpectedOutcome) { RunCase(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    NotGivenOut, AllocatorTakenCases,
    testing::Values(
        Case{"AutomaticallySkipped",
             {"a 10.0.0.1-10.0.0.4"},
             {"taken 10.0.0.1@n1,10.0.0.3@n2", "assign x/1 = a:10.0.0.2",
              "assign x/2 = a:10.0.0.4", "usage a = 2+2/4 0/0"}},
        Case{"TheLastFreeOne",
             {"a 10.0.0.1-10.0.0.2"},
             {"taken 10.0.0.1@n1", "assign x/1 = a:10.0.0.2",
              "assign x/2 = RESOURCE_EXHAUSTED pool a: full: 2 addresses, "
              "10.0.0.1 is n1's own"}},
        Case{"TheOnlyOne",
             {"a 172.18.8.11/32"},
             {"taken 172.18.8.11@n1",
              "assign x/1 = RESOURCE_EXHAUSTED pool a: 172.18.8.11 is n1's own",
              "check x/1 = RESOURCE_EXHAUSTED pool a: 172.18.8.11 is n1's own",
              "assign x/1 pool=a = RESOURCE_EXHAUSTED pool a: 172.18.8.11 is "
              "n1's own"}},
        Case{"AllOfSeveral",
             {"a 10.0.0.1-10.0.0.3"},
             {"taken 10.0.0.1@n1,10.0.0.2@n2,10.0.0.3@n3",
              "assign x/1 = RESOURCE_EXHAUSTED pool a: 10.0.0.1 is n1's own, 2 "
              "more are taken",
              "usage a = 0+3/3 0/0"}},
        Case{"AnotherPoolHasOne",
             {"a 10.0.0.1/32", "b 10.0.1.1/32"},
             {"taken 10.0.0.1@n1", "assign x/1 = b:10.0.1.1"}},
        Case{"AskedFor",
             {"a 172.18.8.11/32"},
             {"taken 172.18.8.11@n1",
              "assign x/1 ip=172.18.8.11 = FAILED_PRECONDITION pool a: "
              "172.18.8.11 is n1's own"}},
        Case{"AskedForOfAPoolThatIsNotAutomatic",
             {"a 172.18.8.11/32 manual"},
             {"taken 172.18.8.11@n1",
              "assign x/1 ip=172.18.8.11 = FAILED_PRECONDITION pool a: "
              "172.18.8.11 is n1's own"}},
        Case{"ByReservation",
             {"a 10.0.0.1-10.0.0.2 reserve=vip@10.0.0.1"},
             {"taken 10.0.0.1@n1",
              "assign x/1 reservation=vip = FAILED_PRECONDITION pool a: "
              "10.0.0.1 is n1's own"}},
        Case{"ByTheServicesOwnReservation",
             {"a 10.0.0.1-10.0.0.2 reserve=x/1@10.0.0.1"},
             {"taken 10.0.0.1@n1", "assign x/1 = a:10.0.0.2", "taken",
              "assign x/1 = a:10.0.0.2", "release x/1",
              "assign x/1 = a:10.0.0.1"}},
        Case{"ToShare",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 key=k tcp=1 = a:10.0.0.1", "taken 10.0.0.1@n1",
              "assign x/2 key=k tcp=2 = a:10.0.0.2",
              "assign x/3 key=k tcp=3 ip=10.0.0.1 = FAILED_PRECONDITION is "
              "n1's own",
              "taken", "assign x/4 key=k tcp=4 = a:10.0.0.1"}},
        Case{"LeastRecentlyUsed",
             {"a 10.0.0.1-10.0.0.2 lru"},
             {"assign x/1 = a:10.0.0.1", "assign x/2 = a:10.0.0.2",
              "release x/1", "taken 10.0.0.1@n1",
              "assign x/3 = RESOURCE_EXHAUSTED 10.0.0.1 is n1's own", "taken",
              "assign x/3 = a:10.0.0.1"}},
        Case{"Ipv6",
             {"a 2001:db8::1-2001:db8::2"},
             {"taken 2001:db8::1@n1", "assign x/1 = a:2001:db8::2",
              "usage a = 0/0 1+1/2",
              "assign x/2 = RESOURCE_EXHAUSTED full: 2 addresses, 2001:db8::1 "
              "is n1's own"}},
        Case{"BothFamilies",
             {"a 10.0.0.1/32,2001:db8::1/128"},
             {"taken 2001:db8::1@n1",
              "assign x/1 require = RESOURCE_EXHAUSTED pool a: IPv4 "
              "available, IPv6 2001:db8::1 is n1's own",
              "assign x/1 prefer = a:10.0.0.1"}},
        Case{"OutsideOfEveryPool",
             {"a 10.0.0.1/32"},
             {"taken 192.0.2.1@n1", "assign x/1 = a:10.0.0.1",
              "usage a = 1/1 0/0"}},
        Case{"WhatThePoolExcludes",
             {"a 10.0.0.1-10.0.0.2 exclude=10.0.0.1/32"},
             {"taken 10.0.0.1@n1", "usage a = 0/1 0/0",
              "assign x/1 = a:10.0.0.2", "taken", "usage a = 1/1 0/0"}},
        Case{"SurvivesAReload",
             {"b 10.0.1.1/32"},
             {"taken 10.0.0.1@n1", "pools", "assign x/1 = a:10.0.0.2"},
             {"a 10.0.0.1-10.0.0.2"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Held, AllocatorTakenCases,
    testing::Values(
        Case{"IsKept",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 = a:10.0.0.1", "taken 10.0.0.1@n1",
              "assign x/1 = a:10.0.0.1", "usage a = 1/2 0/0"}},
        Case{"IsKeptIfAskedFor",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 ip=10.0.0.1 = a:10.0.0.1", "taken 10.0.0.1@n1",
              "assign x/1 ip=10.0.0.1 = a:10.0.0.1"}},
        Case{"IsAnOrphan",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 = a:10.0.0.1", "orphans x/1 = none",
              "taken 10.0.0.1@n1",
              "orphans x/1 = 10.0.0.1 pool a: 10.0.0.1 is n1's own, want an "
              "address that no host has",
              "release x/1", "assign x/1 = a:10.0.0.2", "usage a = 1+1/2 0/0",
              "orphans x/1 = none"}},
        Case{"OnceReleasedIsNotGivenAgain",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 = a:10.0.0.1", "taken 10.0.0.1@n1", "release x/1",
              "usage a = 0+1/2 0/0", "assign x/1 = a:10.0.0.2"}},
        Case{"IsFreeOnceTheHostHasItNoMore",
             {"a 10.0.0.1/32"},
             {"taken 10.0.0.1@n1", "taken", "assign x/1 = a:10.0.0.1",
              "usage a = 1/1 0/0"}},
        Case{"StaysHeldWhenTheHostHasItNoMore",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1", "taken 10.0.0.1@n1", "taken",
              "assign x/2 = RESOURCE_EXHAUSTED pool a: full",
              "usage a = 1/1 0/0", "orphans x/1 = none"}},
        Case{"ByTwoThatShare",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 key=k tcp=1 = a:10.0.0.1",
              "assign x/2 key=k tcp=2 = a:10.0.0.1", "taken 10.0.0.1@n1",
              "release x/1", "usage a = 1/2 0/0", "release x/2",
              "usage a = 0+1/2 0/0", "assign x/1 = a:10.0.0.2"}},
        Case{"AnEarlierPromiseIsHeld",
             {"a 10.0.0.1-10.0.0.2"},
             {"taken 10.0.0.1@n1", "hold x/1 10.0.0.1 = ok",
              "holders 10.0.0.1 = x/1", "usage a = 1/2 0/0"}},
        Case{"DoesNotRest",
             {"a 10.0.0.1-10.0.0.2 cooldown=60"},
             {"advance 100", "assign x/1 = a:10.0.0.1", "taken 10.0.0.1@n1",
              "release x/1", "assign x/2 = a:10.0.0.2",
              "assign x/3 = RESOURCE_EXHAUSTED full: 2 addresses, 10.0.0.1 is "
              "n1's own"}},
        Case{"ByANewOwner",
             {"a 10.0.0.1/32"},
             {"taken 10.0.0.1@n1", "taken 10.0.0.1@n2",
              "assign x/1 = RESOURCE_EXHAUSTED 10.0.0.1 is n2's own",
              "usage a = 0+1/1 0/0"}}),
    [](const auto& info) { return info.param.name; });

// 20,000 hosts in a row at the start of a /8: the first free one is behind
// them.
TEST(AllocatorTakenTest, ManyInAHugePoolAreSkipped) {
  Allocator allocator;
  ASSERT_THAT(allocator.SetPools(ReadPools({"a 10.0.0.0/8"})), IsOk());
  TakenAddresses taken;
  const uint32_t first = 10u << 24;
  for (uint32_t i = 0; i < 20'000; ++i) {
    taken[net::IpAddress::Ipv4(first + i)] = fmt::format("n{}'s own", i);
  }
  allocator.SetTaken(taken);
  EXPECT_EQ(Perform("assign x/1", allocator), "a:10.0.78.32");
  EXPECT_EQ(Perform("usage a", allocator), "1+20000/16777216 0/0");
  taken.erase(net::IpAddress::Ipv4(first + 300));
  allocator.SetTaken(taken);
  EXPECT_EQ(Perform("assign x/2", allocator), "a:10.0.1.44");
}

TEST(AllocatorTakenTest, NotesFollowFull) {
  Allocator allocator;
  ASSERT_THAT(allocator.SetPools(ReadPools({"a 10.0.0.1-10.0.0.3"})), IsOk());
  allocator.SetTaken({{*net::ParseIpAddress("10.0.0.1"), "n1's own"}});
  allocator.SetNotes({{{"a", net::IpFamily::kIpv4}, "2 held by ghosts"}});
  Perform("assign x/1", allocator);
  Perform("assign x/2", allocator);
  EXPECT_THAT(Perform("assign x/3", allocator),
              testing::HasSubstr("pool a: full: 3 addresses, 10.0.0.1 is n1's "
                                 "own, 2 held by ghosts"));
}

}  // namespace
}  // namespace lb::ipam
