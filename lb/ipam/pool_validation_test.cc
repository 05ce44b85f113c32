#include "lb/ipam/pool_validation.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/label_selector.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

struct Verdict {
  std::string name;
  std::vector<std::string> ranges;
  std::string refusal;  // Empty: accepted.
};

struct Case {
  std::string name;
  std::vector<Verdict> pools;
};

std::vector<Pool> PoolsOf(const Case& c) {
  std::vector<Pool> pools;
  for (const Verdict& verdict : c.pools) {
    Pool pool = {.name = verdict.name};
    for (const std::string& range : verdict.ranges) {
      pool.ranges.push_back(*net::ParseIpRange(range));
    }
    pools.push_back(pool);
  }
  return pools;
}

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"Neighbours",
       {{"a", {"10.0.0.1-10.0.0.4"}, ""}, {"b", {"10.0.0.5-10.0.0.9"}, ""}}},
      {"BothFamilies",
       {{"a", {"10.0.0.0/24", "2001:db8::/64"}, ""},
        {"b", {"10.0.1.0/24", "2001:db8:0:1::/64"}, ""}}},
      {"OverlapAtTheEnd",
       {{"a", {"10.0.0.1-10.0.0.5"}, ""},
        {"b",
         {"10.0.0.5-10.0.0.9"},
         "IPAddressPool/b: spec.addresses: 10.0.0.5-10.0.0.9 overlaps "
         "IPAddressPool/a in 10.0.0.5-10.0.0.5, want ranges that share no "
         "address"}}},
      {"OverlapAtTheBeginning",
       {{"a", {"10.0.0.5-10.0.0.9"}, ""},
        {"b", {"10.0.0.1-10.0.0.6"}, "in 10.0.0.5-10.0.0.6"}}},
      {"Inside",
       {{"a", {"10.0.0.0/16"}, ""},
        {"b", {"10.0.3.0/24"}, "in 10.0.3.0-10.0.3.255"}}},
      {"Around",
       {{"a", {"10.0.3.0/24"}, ""},
        {"b", {"10.0.0.0/16"}, "in 10.0.3.0-10.0.3.255"}}},
      {"SecondRange",
       {{"a", {"10.0.0.0/24"}, ""},
        {"b", {"10.0.1.0/24", "10.0.0.9/32"}, "in 10.0.0.9-10.0.0.9"}}},
      {"WithinThePool",
       {{"a",
         {"10.0.0.0/24", "10.0.0.9/32"},
         "10.0.0.9-10.0.0.9 overlaps another range of the pool"},
        {"b", {"10.0.0.0/24"}, ""}}},
      {"ARefusedPoolTakesNoRoom",
       {{"a", {"10.0.0.0-10.0.0.5"}, ""},
        {"b", {"10.0.0.5-10.0.0.9"}, "overlaps IPAddressPool/a"},
        {"c", {"10.0.0.6-10.0.0.9"}, ""}}},
      {"DuplicateName",
       {{"a", {"10.0.0.0/24"}, ""},
        {"a",
         {"10.0.1.0/24"},
         "IPAddressPool/a: metadata.name: an earlier pool has it"}}},
      {"ARefusedNameIsFree",
       {{"a", {}, "spec.addresses: none, want at least one range"},
        {"a", {"10.0.1.0/24"}, ""}}},
      {"NoName", {{"", {"10.0.0.0/24"}, "metadata.name: empty"}}},
      {"WholeSpaces",
       {{"a", {"0.0.0.0/0", "::/0"}, ""},
        {"b", {"2001:db8::1/128"}, "overlaps IPAddressPool/a"}}},
  };
  return cases;
}

TEST(ValidatePoolsTest, RefusesABadPoolAlone) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    const std::vector<absl::Status> verdicts = ValidatePools(PoolsOf(c));
    ASSERT_EQ(verdicts.size(), c.pools.size());
    for (size_t i = 0; i < verdicts.size(); ++i) {
      SCOPED_TRACE(c.pools[i].name);
      if (c.pools[i].refusal.empty()) {
        EXPECT_THAT(verdicts[i], IsOk());
      } else {
        EXPECT_THAT(verdicts[i],
                    StatusIs(absl::StatusCode::kInvalidArgument,
                             testing::HasSubstr(c.pools[i].refusal)));
      }
    }
  }
}

struct FieldCase {
  std::string refusal;
  std::function<void(Pool&)> spoil;
};

TEST(ValidatePoolsTest, NamesTheFieldThatIsWrong) {
  const auto address = [](std::string_view text) {
    return *net::ParseIpAddress(text);
  };
  const auto annotation = [](const std::string& name) {
    return "IPAddressPool/b: metadata.annotations[lb.io/" + name + "]: ";
  };
  const LabelSelector none_in = {
      .match_expressions = {{"k", LabelRequirement::Operator::kIn, {}}}};
  const FieldCase kCases[] = {
      {"spec.serviceAllocation.serviceSelectors[0]: \"k\": 0 values",
       [&](Pool& p) {
         p.service_allocation = {.service_selectors = {none_in}};
       }},
      {"spec.serviceAllocation.namespaceSelectors[1]: \"k\": 0 values",
       [&](Pool& p) {
         p.service_allocation = {.namespace_selectors = {{}, none_in}};
       }},
      {"spec.serviceAllocation.priority: -1, want 0 or more",
       [](Pool& p) { p.service_allocation = {.priority = -1}; }},
      {annotation("exclude") + "10.9.0.0-10.9.0.255, want addresses of the",
       [](Pool& p) { p.excluded = {*net::ParseIpRange("10.9.0.0/24")}; }},
      {annotation("exclude") + "10.0.0.9-10.0.0.1, want addresses of the",
       [&](Pool& p) {
         p.excluded = {{address("10.0.0.9"), address("10.0.0.1")}};
       }},
      {annotation("cool-down") + "-1s, want 0s..24h",
       [](Pool& p) { p.cool_down = absl::Seconds(-1); }},
      {annotation("cool-down") + "24h0.001s, want 0s..24h",
       [](Pool& p) { p.cool_down = kCoolDownMax + absl::Milliseconds(1); }},
      {annotation("reserve") + "10.0.0.1 for \"\": no name",
       [&](Pool& p) {
         p.reservations = {{"", address("10.0.0.1")}};
       }},
      {annotation("reserve") + "10.9.0.1 for \"v\": not given out",
       [&](Pool& p) {
         p.reservations = {{"v", address("10.9.0.1")}};
       }},
      {annotation("reserve") + "10.0.0.1 for \"v\": not given out",
       [&](Pool& p) {
         p.excluded = {*net::ParseIpRange("10.0.0.0/30")};
         p.reservations = {{"v", address("10.0.0.1")}};
       }},
      {annotation("reserve") + "10.0.0.1 for \"w\": reserved twice",
       [&](Pool& p) {
         p.reservations = {{"v", address("10.0.0.1")},
                           {"w", address("10.0.0.1")}};
       }},
      {annotation("reserve") + "10.0.0.2 for \"v\": the name has an IPv4",
       [&](Pool& p) {
         p.reservations = {{"v", address("10.0.0.1")},
                           {"v", address("10.0.0.2")}};
       }},
      {annotation("reserve") + "10.0.0.2 for \"taken\": the name has an IPv4",
       [&](Pool& p) {
         p.reservations = {{"taken", address("10.0.0.2")}};
       }},
  };
  const Pool first = {.name = "a",
                      .ranges = {*net::ParseIpRange("10.1.0.0/24")},
                      .reservations = {{"taken", address("10.1.0.1")}}};
  const Pool good = {.name = "b",
                     .ranges = {*net::ParseIpRange("10.0.0.0/24")}};
  EXPECT_THAT(ValidatePools({{first, good}}),
              testing::ElementsAre(IsOk(), IsOk()));
  for (const FieldCase& c : kCases) {
    SCOPED_TRACE(c.refusal);
    Pool bad = good;
    c.spoil(bad);
    EXPECT_THAT(ValidatePools({{first, bad}}),
                testing::ElementsAre(
                    IsOk(), StatusIs(absl::StatusCode::kInvalidArgument,
                                     testing::HasSubstr(c.refusal))));
  }
}

TEST(ValidatePoolsTest, RefusesARangeThatIsNone) {
  const net::IpAddress low = net::IpAddress::Ipv4(1);
  const net::IpAddress high = net::IpAddress::Ipv4(2);
  const net::IpAddress other = net::IpAddress::Ipv6(1);
  EXPECT_THAT(ValidatePools({{{.name = "a", .ranges = {{high, low}}}}}),
              testing::ElementsAre(StatusIs(
                  absl::StatusCode::kInvalidArgument,
                  testing::HasSubstr("0.0.0.2-0.0.0.1, want first <= last"))));
  EXPECT_THAT(
      ValidatePools({{{.name = "a", .ranges = {{low, other}}}}}),
      testing::ElementsAre(StatusIs(absl::StatusCode::kInvalidArgument)));
}

}  // namespace
}  // namespace lb::ipam
