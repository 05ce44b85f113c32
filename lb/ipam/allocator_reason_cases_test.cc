// Why: explanations, events, orphans; and selectors, gates, sharing in depth.
// As tables.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "lb/ipam/testing/allocator_case.h"

namespace lb::ipam {
namespace {

using Case = AllocatorCase;

class AllocatorReasonCases : public testing::TestWithParam<Case> {};

TEST_P(AllocatorReasonCases, GiveTheExpectedOutcome) { RunCase(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Explain, AllocatorReasonCases,
    testing::Values(
        Case{"LowestFree",
             {"a 10.0.0.1-10.0.0.3"},
             {"explain x/1 = 10.0.0.1 (pool a): the lowest free address",
              "holders 10.0.0.1 = nobody"}},
        Case{"Held",
             {"a 10.0.0.1-10.0.0.3"},
             {"assign x/1 = a:10.0.0.1",
              "explain x/1 = 10.0.0.1 (pool a): held before"}},
        Case{"AskedFor",
             {"a 10.0.0.1-10.0.0.3"},
             {"explain x/1 ip=10.0.0.2 = 10.0.0.2 (pool a): asked for"}},
        Case{"Reserved",
             {"a 10.0.0.1-10.0.0.3 reserve=x/1@10.0.0.2|vip@10.0.0.3"},
             {"explain x/1 = 10.0.0.2 (pool a): reserved for it",
              "explain x/2 reservation=vip = 10.0.0.3 (pool a): reserved for "
              "it"}},
        Case{"LeastRecentlyUsed",
             {"a 10.0.0.1/32 lru"},
             {"assign x/1 = a:10.0.0.1", "release x/1",
              "explain x/2 = 10.0.0.1 (pool a): the least recently used "
              "address"}},
        Case{"Shared",
             {"a 10.0.0.1-10.0.0.3"},
             {"assign x/1 key=k tcp=1 = a:10.0.0.1",
              "explain x/2 key=k tcp=2 = 10.0.0.1 (pool a): shared with "
              "services of the same key"}},
        Case{"BothFamilies",
             {"a 10.0.0.1-10.0.0.3", "b 2001:db8::/64"},
             {"explain x/1 prefer = 10.0.0.1 (pool a): the lowest free "
              "address; 2001:db8:: (pool b): the lowest free address"}},
        Case{"Failure",
             {"a 10.0.0.1/32 ns=y", "b 10.0.1.1/32 manual"},
             {"explain x/1 = Service/x/1: pool a: namespace not allowed; pool "
              "b: not assigned automatically"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Events, AllocatorReasonCases,
    testing::Values(
        Case{"Assigned",
             {"a 10.0.0.1/32"},
             {"events x/1 = [IPAllocated] assigned 10.0.0.1 (pool a)"}},
        Case{"NothingChanges",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1", "events x/1 = none"}},
        Case{"Fails",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1",
              "events x/2 = [AllocationFailed] Service/x/2: pool a: full"}},
        Case{"ContradictsItself",
             {"a 10.0.0.1/32"},
             {"events x/1 v6 ip=10.0.0.1 = [LoadBalancerFailed] Service/x/1: "
              "asks for 10.0.0.1, want an IPv6 address"}},
        Case{"Moves",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 = a:10.0.0.1",
              "events x/1 ip=10.0.0.2 = [ClearAssignment] gives up 10.0.0.1 "
              "(pool a); [IPAllocated] assigned 10.0.0.2 (pool a)"}},
        Case{"GainsAFamily",
             {"a 10.0.0.1-10.0.0.2,2001:db8::/64"},
             {"assign x/1 = a:10.0.0.1",
              "events x/1 require = [IPAllocated] assigned 2001:db8:: (pool "
              "a)"}},
        Case{"LosesAFamily",
             {"a 10.0.0.1-10.0.0.2,2001:db8::/64"},
             {"assign x/1 require = a:10.0.0.1 a:2001:db8::",
              "events x/1 v4 = [ClearAssignment] gives up 2001:db8:: (pool "
              "a)"}},
        Case{"PreferGetsOneAndSaysItOnce",
             {"a 10.0.0.1/32"},
             {"events x/1 prefer = [IPAllocated] assigned 10.0.0.1 (pool a); "
              "[AdditionalAssignFailed] no address of the other family to be "
              "had",
              "assign x/1 prefer = a:10.0.0.1", "events x/1 prefer = none"}},
        Case{"PreferWithOneFamilyLacksNothing",
             {"a 10.0.0.1/32"},
             {"events x/1 prefer v4 = [IPAllocated] assigned 10.0.0.1 (pool "
              "a)"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Orphans, AllocatorReasonCases,
    testing::Values(
        Case{"None",
             {"a 10.0.0.1/32"},
             {"orphans x/1 = none", "assign x/1 = a:10.0.0.1",
              "orphans x/1 = none"}},
        Case{"PoolIsGone",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1", "pools",
              "orphans x/1 = 10.0.0.1 asks for 10.0.0.1, which lies in no pool",
              "assign x/1 = a:10.0.0.1"},
             {"b 10.0.1.1/32"}},
        Case{"PoolIsClosed",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1", "pools",
              "orphans x/1 = 10.0.0.1 asks for 10.0.0.1 of pool a: namespace "
              "not allowed"},
             {"a 10.0.0.1/32 ns=y"}},
        Case{"AddressIsExcluded",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 = a:10.0.0.1", "pools",
              "orphans x/1 = 10.0.0.1 asks for 10.0.0.1, which pool a "
              "excludes"},
             {"a 10.0.0.1-10.0.0.2 exclude=10.0.0.1/32"}},
        Case{"AddressIsAvoided",
             {"a 10.0.0.0-10.0.0.2"},
             {"assign x/1 = a:10.0.0.0", "pools",
              "orphans x/1 = 10.0.0.0 asks for 10.0.0.0, which pool a avoids "
              "(avoidBuggyIPs)"},
             {"a 10.0.0.0-10.0.0.2 avoid"}},
        Case{"AddressIsReservedForAnother",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 = a:10.0.0.1", "pools",
              "orphans x/1 = 10.0.0.1 asks for 10.0.0.1, which pool a reserves "
              "for x/2"},
             {"a 10.0.0.1-10.0.0.2 reserve=x/2@10.0.0.1"}},
        Case{"ManualIsNoReason",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1", "pools", "orphans x/1 = none"},
             {"a 10.0.0.1/32 manual"}},
        Case{"AnotherPoolIsNoReason",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1", "pools", "orphans x/1 = none",
              "assign x/1 = b:10.0.0.1"},
             {"b 10.0.0.0/24"}},
        Case{"OneOfTwo",
             {"a 10.0.0.1/32,2001:db8::1/128"},
             {"assign x/1 require = a:10.0.0.1 a:2001:db8::1", "pools",
              "orphans x/1 = 2001:db8::1 asks for 2001:db8::1, which lies in "
              "no pool"},
             {"a 10.0.0.1/32"}},
        Case{"EndWithTheRelease",
             {"a 10.0.0.1/32"},
             {"assign x/1 = a:10.0.0.1", "pools", "release x/1",
              "orphans x/1 = none", "assign x/1 = b:10.0.1.1"},
             {"b 10.0.1.1/32"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Gates, AllocatorReasonCases,
    testing::Values(
        Case{"ByExpressionsOnly",
             {"a 10.0.0.1/32 nosuch=k", "b 10.0.1.1/32"},
             {"assign x/1 label=k:v = b:10.0.1.1", "assign x/2 = a:10.0.0.1"}},
        Case{"ByLabelOrExpression",
             {"a 10.0.0.1-10.0.0.2 label=k:v nosuch=k"},
             {"assign x/1 label=k:v = a:10.0.0.1", "assign x/2 = a:10.0.0.2",
              "assign x/3 label=k:w = RESOURCE_EXHAUSTED labels do not match"}},
        Case{"ByOneOfManyLabels",
             {"a 10.0.0.1/32 label=k:v"},
             {"assign x/1 label=a:b label=k:v label=z:z = a:10.0.0.1"}},
        Case{"OrderHoldsAcrossGates",
             {"a 10.0.0.1/32 priority=3 ns=x",
              "b 10.0.1.1/32 priority=2 "
              "label=k:v",
              "c 10.0.2.1/32 priority=1 nslabel=t:u",
              "d "
              "10.0.3.1/32"},
             {"assign x/1 label=k:v nslabel=t:u = c:10.0.2.1",
              "assign x/2 label=k:v nslabel=t:u = b:10.0.1.1",
              "assign x/3 label=k:v nslabel=t:u = a:10.0.0.1",
              "assign x/4 label=k:v nslabel=t:u = d:10.0.3.1"}},
        Case{"TwoNamespaces",
             {"a 10.0.0.1-10.0.0.2 ns=x|y"},
             {"assign x/1 = a:10.0.0.1", "assign y/1 = a:10.0.0.2",
              "assign z/1 = RESOURCE_EXHAUSTED namespace not allowed"}},
        Case{"ANamespaceLabelIsNoServiceLabel",
             {"a 10.0.0.1/32 label=k:v", "b 10.0.1.1/32 nslabel=k:v"},
             {"assign x/1 nslabel=k:v = b:10.0.1.1",
              "assign x/2 label=k:v = a:10.0.0.1"}},
        Case{"FreedBehindAGate",
             {"a 10.0.0.1/32 ns=x"},
             {"assign x/1 = a:10.0.0.1",
              "assign x/2 = RESOURCE_EXHAUSTED pool a: full", "release x/1",
              "assign x/2 = a:10.0.0.1"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    SharedPlaces, AllocatorReasonCases,
    testing::Values(
        Case{"ManyOfOnePortEachNeedsItsOwn",
             {"a 10.0.0.1-10.0.0.4"},
             {"assign x/1 key=k tcp=80 = a:10.0.0.1",
              "assign x/2 key=k tcp=80 = a:10.0.0.2",
              "assign x/3 key=k tcp=80 = a:10.0.0.3",
              "assign x/4 key=k tcp=443 = a:10.0.0.1",
              "assign x/5 key=k tcp=443 = a:10.0.0.2",
              "assign x/6 key=k tcp=443 tcp=80 = a:10.0.0.4"}},
        Case{"AHolderThatLeavesFreesItsPort",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 key=k tcp=80 = a:10.0.0.1",
              "assign x/2 key=k tcp=443 = a:10.0.0.1", "release x/1",
              "assign x/3 key=k tcp=80 = a:10.0.0.1",
              "assign x/4 key=k tcp=80 = a:10.0.0.2"}},
        Case{"AHolderThatChangesItsPort",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 key=k tcp=80 = a:10.0.0.1",
              "assign x/2 key=k tcp=443 = a:10.0.0.1",
              "assign x/2 key=k tcp=444 = a:10.0.0.1",
              "assign x/3 key=k tcp=443 = a:10.0.0.1"}},
        Case{"WithoutPortsAllMayJoin",
             {"a 10.0.0.1-10.0.0.2"},
             {"assign x/1 key=k = a:10.0.0.1", "assign x/2 key=k = a:10.0.0.1",
              "assign x/3 key=k tcp=80 = a:10.0.0.1"}},
        Case{"BackendsDoNotMix",
             {"a 10.0.0.1-10.0.0.3"},
             {"assign x/1 key=k backend=p tcp=1 = a:10.0.0.1",
              "assign x/2 key=k backend=q tcp=2 = a:10.0.0.2",
              "assign x/3 key=k backend=p tcp=3 = a:10.0.0.1",
              "assign x/4 key=k backend=q tcp=4 = a:10.0.0.2"}},
        Case{"InThePoolAskedFor",
             {"a 10.0.0.1/32", "b 10.0.1.1-10.0.1.2"},
             {"assign x/1 key=k tcp=1 = a:10.0.0.1",
              "assign x/2 key=k tcp=2 pool=b = b:10.0.1.1",
              "assign x/3 key=k tcp=3 pool=b = b:10.0.1.1"}},
        Case{"RangesAsWritten",
             {"a 10.0.1.1/32,10.0.0.1/32"},
             {"assign x/0 = a:10.0.1.1", "assign x/1 key=k tcp=1 = a:10.0.0.1",
              "release x/0", "assign x/2 key=k tcp=2 = a:10.0.1.1"}},
        Case{"AfterAReloadToo",
             {"a 10.0.0.1/32"},
             {"assign x/1 key=k tcp=1 = a:10.0.0.1", "pools",
              "assign x/2 key=k tcp=2 = b:10.0.0.1",
              "assign x/3 key=k tcp=2 = RESOURCE_EXHAUSTED full"},
             {"b 10.0.0.1/32"}},
        Case{"NotInAManualPool",
             {"a 10.0.0.1/32 manual", "b 10.0.1.1/32"},
             {"assign x/1 key=k tcp=1 pool=a = a:10.0.0.1",
              "assign x/2 key=k tcp=2 = b:10.0.1.1"}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace lb::ipam
