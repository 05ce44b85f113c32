// Which address a service gets: order, requests, pools' rules. As tables.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "lb/ipam/testing/allocator_case.h"

namespace lb::ipam {
namespace {

using Case = AllocatorCase;

class AllocatorChoiceCases : public testing::TestWithParam<Case> {};

TEST_P(AllocatorChoiceCases, GiveTheExpectedOutcome) { RunCase(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    OrderAndExhaustion, AllocatorChoiceCases,
    testing::Values(
        Case{"LowestFirst",
             {"a 10.0.0.1-10.0.0.3"},
             {"assign x/1 = a:10.0.0.1", "assign x/2 = a:10.0.0.2",
              "assign x/3 = a:10.0.0.3"}},
        Case{"SameServiceKeepsItsAddress",
             {"a 10.0.0.1-10.0.0.3"},
             {"assign x/1 = a:10.0.0.1", "assign x/1 = a:10.0.0.1"}},
        Case{"AFreedAddressIsUsedAgain",
             {"a 10.0.0.1-10.0.0.3"},
             {"assign x/1 = a:10.0.0.1", "assign x/2 = a:10.0.0.2",
              "release x/1", "assign x/3 = a:10.0.0.1"}},
        Case{"ReleaseOfNothing",
             {"a 10.0.0.1/32"},
             {"release x/1 = held nothing"}},
        Case{"FullPoolSaysSo",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1",
              "assign x/2 = RESOURCE_EXHAUSTED Service/x/2: pool a: full"}},
        Case{"EveryPoolIsExplained",
             {"a 10.0.0.1/32", "b 10.0.1.0/24 ns=y", "c 10.0.2.0/24 manual",
              "d 10.0.3.0/24 label=k:v"},
             {"assign x/1 = a:10.0.0.1",
              "assign x/2 = RESOURCE_EXHAUSTED Service/x/2: pool b: namespace "
              "not allowed; pool d: service labels do not match; pool a: full; "
              "pool c: not assigned automatically"}},
        Case{"NoPools",
             {},
             {"assign x/1 = RESOURCE_EXHAUSTED there are no pools"}},
        Case{"OnlyEightPoolsAreExplained",
             {"a 10.0.1.0/24 manual", "b 10.0.2.0/24 manual",
              "c 10.0.3.0/24 manual", "d 10.0.4.0/24 manual",
              "e 10.0.5.0/24 manual", "f 10.0.6.0/24 manual",
              "g 10.0.7.0/24 manual", "h 10.0.8.0/24 manual",
              "i 10.0.9.0/24 manual", "j 10.1.0.0/24 manual"},
             {"assign x/1 = RESOURCE_EXHAUSTED pool h: not assigned "
              "automatically; and 2 more pools"}},
        Case{"PoolsGoByName",
             {"b 10.0.1.1/32", "a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1", "assign x/2 = b:10.0.1.1"}},
        Case{"RangesGoAsWritten",
             {"a 10.0.9.1/32,10.0.0.1/32"},
             {"assign x/1 = a:10.0.9.1", "assign x/2 = a:10.0.0.1"}},
        Case{"AFreedEarlierRangeComesFirst",
             {"a 10.0.9.1/32,10.0.0.1/32"},
             {"assign x/1 = a:10.0.9.1", "assign x/2 = a:10.0.0.1",
              "release x/1", "release x/2", "assign x/3 = a:10.0.9.1"}},
        Case{"ManualPoolIsNotAutomatic",
             {"a 10.0.0.1/32 manual", "b 10.0.1.1/32"},
             {"assign x/1 = b:10.0.1.1",
              "assign x/2 = RESOURCE_EXHAUSTED pool a: not assigned "
              "automatically; pool b: full"}},
        Case{"NetworkAndBroadcastAddressesAreGivenOut",
             {"a 10.0.0.0/31"},
             {"assign x/1 = a:10.0.0.0", "assign x/2 = a:10.0.0.1"}},
        Case{"TheLastAddressOfIpv4",
             {"a 255.255.255.255/32"},
             {"assign x/1 = a:255.255.255.255",
              "assign x/2 = RESOURCE_EXHAUSTED full"}},
        Case{"TheLastAddressOfIpv6",
             {"a ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"},
             {"assign x/1 = a:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
              "assign x/2 = RESOURCE_EXHAUSTED full"}},
        Case{"AllOfIpv6",
             {"a ::/0"},
             {"assign x/1 = a:::", "assign x/2 = a:::1"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    AvoidBuggyIps, AllocatorChoiceCases,
    testing::Values(
        Case{"SkipsZero", {"a 10.0.0.0/24 avoid"}, {"assign x/1 = a:10.0.0.1"}},
        Case{"SkipsBothAtABorder",
             {"a 10.0.0.254-10.0.1.1 avoid"},
             {"assign x/1 = a:10.0.0.254", "assign x/2 = a:10.0.1.1",
              "assign x/3 = RESOURCE_EXHAUSTED pool a: full"}},
        Case{"RefusesOneThatIsAskedFor",
             {"a 10.0.0.0/24 avoid"},
             {"assign x/1 ip=10.0.0.255 = FAILED_PRECONDITION asks for "
              "10.0.0.255, which pool a avoids (avoidBuggyIPs)",
              "hold x/1 10.0.0.0 = FAILED_PRECONDITION avoids"}},
        Case{"OnlyBuggyOnes",
             {"a 10.0.0.0/32,10.0.0.255/32 avoid"},
             {"assign x/1 = RESOURCE_EXHAUSTED pool a: no IPv4 addresses"}},
        Case{"Ipv6IsNeverBuggy",
             {"a 2001:db8::/127 avoid"},
             {"assign x/1 = a:2001:db8::"}},
        Case{"GivesThemOutOtherwise",
             {"a 10.0.0.255-10.0.1.0"},
             {"assign x/1 = a:10.0.0.255", "assign x/2 = a:10.0.1.0"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Asked, AllocatorChoiceCases,
    testing::Values(
        Case{"Address",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 ip=10.0.0.5 = a:10.0.0.5"}},
        Case{"AddressOfAManualPool",
             {"a 10.0.0.1-10.0.0.9 manual"},
             {"assign x/1 ip=10.0.0.5 = a:10.0.0.5"}},
        Case{"AddressInNoPool",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 ip=10.9.9.9 = NOT_FOUND Service/x/1: asks for "
              "10.9.9.9, which lies in no pool"}},
        Case{"AddressOfAnother",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 = a:10.0.0.1",
              "assign x/2 ip=10.0.0.1 = ALREADY_EXISTS 10.0.0.1 is held by "
              "x/1: not shared"}},
        Case{"AddressNeverFallsBack",
             {"a 10.0.0.1-10.0.0.9", "b 10.0.1.0/24"},
             {"assign x/1 = a:10.0.0.1",
              "assign x/2 ip=10.0.0.1 = ALREADY_EXISTS held by x/1",
              "assign x/2 = a:10.0.0.2"}},
        Case{"AFailureKeepsWhatIsHeld",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 = a:10.0.0.1",
              "assign x/1 ip=10.9.9.9 = NOT_FOUND lies in no pool",
              "assign x/2 = a:10.0.0.2", "assign x/1 = a:10.0.0.1"}},
        Case{"AnotherAddressMoves",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 = a:10.0.0.1", "assign x/1 ip=10.0.0.5 = a:10.0.0.5",
              "assign x/2 = a:10.0.0.1"}},
        Case{
            "NoLongerAskedForIsKept",
            {"a 10.0.0.1-10.0.0.9"},
            {"assign x/1 ip=10.0.0.5 = a:10.0.0.5", "assign x/1 = a:10.0.0.5"}},
        Case{"MappedAddressIsIpv4",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 ip=::ffff:10.0.0.5 = a:10.0.0.5"}},
        Case{"BothFamilies",
             {"a 10.0.0.1-10.0.0.9,2001:db8::/64"},
             {"assign x/1 ip=2001:db8::5,10.0.0.5 = a:10.0.0.5 "
              "a:2001:db8::5"}},
        Case{"BothFamiliesOfTwoPools",
             {"a 10.0.0.1-10.0.0.9", "b 2001:db8::/64"},
             {"assign x/1 require ip=10.0.0.5,2001:db8::5 = a:10.0.0.5 "
              "b:2001:db8::5"}},
        Case{"OrderDoesNotToggle",
             {"a 10.0.0.1-10.0.0.9,fc00::/64"},
             {"assign x/1 ip=fc00::5,10.0.0.5 = a:10.0.0.5 a:fc00::5",
              "assign x/1 ip=10.0.0.5,fc00::5 = a:10.0.0.5 a:fc00::5"}},
        Case{"TwoOfOneFamily",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 ip=10.0.0.1,10.0.0.2 = INVALID_ARGUMENT asks for "
              "10.0.0.1, 10.0.0.2, want at most one address of each family"}},
        Case{"TheSameTwice",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 ip=10.0.0.1,10.0.0.1 = INVALID_ARGUMENT at most one "
              "address of each family"}},
        Case{"WrongFamily",
             {"a 10.0.0.1-10.0.0.9"},
             {"assign x/1 v6 ip=10.0.0.1 = INVALID_ARGUMENT asks for 10.0.0.1, "
              "want an IPv6 address"}},
        Case{"OneOfRequiredTwo",
             {"a 10.0.0.1-10.0.0.9,2001:db8::/64"},
             {"assign x/1 require ip=10.0.0.1 = INVALID_ARGUMENT asks for "
              "10.0.0.1 alone, want one address of each family"}},
        Case{"OneOfPreferredTwo",
             {"a 10.0.0.1-10.0.0.9,2001:db8::/64"},
             {"assign x/1 prefer ip=10.0.0.1 = a:10.0.0.1"}},
        Case{"Pool",
             {"a 10.0.0.1/32", "b 10.0.1.1/32 manual"},
             {"assign x/1 pool=b = b:10.0.1.1",
              "assign x/2 pool=b = RESOURCE_EXHAUSTED Service/x/2: pool b: "
              "full"}},
        Case{"PoolThatDoesNotExist",
             {"a 10.0.0.1/32"},
             {"assign x/1 pool=z = NOT_FOUND asks for pool z, which does not "
              "exist"}},
        Case{"PoolOfOthers",
             {"a 10.0.0.1/32 ns=y"},
             {"assign x/1 pool=a = FAILED_PRECONDITION pool a: namespace not "
              "allowed"}},
        Case{"PoolWithoutTheFamily",
             {"a 10.0.0.1/32"},
             {"assign x/1 v6 pool=a = RESOURCE_EXHAUSTED pool a: no IPv6 "
              "addresses"}},
        Case{"AnotherPoolMoves",
             {"a 10.0.0.1/32", "b 10.0.1.1/32"},
             {"assign x/1 = a:10.0.0.1", "assign x/1 pool=b = b:10.0.1.1",
              "assign x/2 = a:10.0.0.1"}},
        Case{"AddressAndItsPool",
             {"a 10.0.0.1/32", "b 10.0.1.1/32"},
             {"assign x/1 ip=10.0.1.1 pool=b = b:10.0.1.1"}},
        Case{"AddressAndAnotherPool",
             {"a 10.0.0.1/32", "b 10.0.1.1/32"},
             {"assign x/1 ip=10.0.1.1 pool=a = FAILED_PRECONDITION asks for "
              "10.0.1.1, which lies in pool b, and for pool a"}},
        Case{"AddressOfAPoolOfOthers",
             {"a 10.0.0.1/32 label=k:v"},
             {"assign x/1 ip=10.0.0.1 = FAILED_PRECONDITION asks for 10.0.0.1 "
              "of pool a: service labels do not match",
              "assign x/1 ip=10.0.0.1 label=k:v = a:10.0.0.1"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    ServiceAllocationRules, AllocatorChoiceCases,
    testing::Values(
        Case{"PinnedPoolsComeFirst",
             {"a 10.0.0.1/32", "z 10.0.1.1/32 ns=x"},
             {"assign x/1 = z:10.0.1.1", "assign x/2 = a:10.0.0.1"}},
        Case{"LowerPriorityNumberFirst",
             {"a 10.0.0.1/32 priority=20", "b 10.0.1.1/32 priority=10"},
             {"assign x/1 = b:10.0.1.1", "assign x/2 = a:10.0.0.1"}},
        Case{"PriorityZeroIsLast",
             {"a 10.0.0.1/32 priority=0", "b 10.0.1.1/32 priority=99"},
             {"assign x/1 = b:10.0.1.1", "assign x/2 = a:10.0.0.1"}},
        Case{"EqualPrioritiesGoByName",
             {"c 10.0.2.1/32 priority=5", "b 10.0.1.1/32 priority=5",
              "a 10.0.0.1/32 priority=5"},
             {"assign x/1 = a:10.0.0.1", "assign x/2 = b:10.0.1.1",
              "assign x/3 = c:10.0.2.1"}},
        Case{"PinnedIsNoFallbackForOthers",
             {"a 10.0.0.1/32 ns=y"},
             {"assign x/1 = RESOURCE_EXHAUSTED namespace not allowed",
              "assign y/1 = a:10.0.0.1"}},
        Case{"NamespaceSelector",
             {"a 10.0.0.1/32 nslabel=team:red"},
             {"assign x/1 = RESOURCE_EXHAUSTED namespace not allowed",
              "assign x/1 nslabel=team:red = a:10.0.0.1"}},
        Case{"NamespaceOrSelector",
             {"a 10.0.0.1-10.0.0.2 ns=y nslabel=team:red"},
             {"assign y/1 = a:10.0.0.1",
              "assign x/1 nslabel=team:red = a:10.0.0.2"}},
        Case{"NamespaceAndServiceSelector",
             {"a 10.0.0.1/32 ns=x label=k:v"},
             {"assign x/1 = RESOURCE_EXHAUSTED service labels do not match",
              "assign y/1 label=k:v = RESOURCE_EXHAUSTED namespace not allowed",
              "assign x/1 label=k:v = a:10.0.0.1"}},
        Case{"AnyServiceSelector",
             {"a 10.0.0.1-10.0.0.2 label=k:v label=k:w"},
             {"assign x/1 label=k:v = a:10.0.0.1",
              "assign x/2 label=k:w = a:10.0.0.2",
              "assign x/3 label=k:u = RESOURCE_EXHAUSTED labels do not"}},
        Case{"ManualPinnedPool",
             {"a 10.0.0.1/32 ns=x manual", "b 10.0.1.1/32"},
             {"assign x/1 = b:10.0.1.1", "assign x/2 pool=a = a:10.0.0.1"}},
        Case{"ClosingDoesNotTakeAway",
             {"a 10.0.0.1/32 label=k:v"},
             {"assign x/1 label=k:v = a:10.0.0.1", "assign x/1 = a:10.0.0.1",
              "release x/1",
              "assign x/1 = RESOURCE_EXHAUSTED labels do not match"}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace lb::ipam
