#include "daemon/hosts/withheld_facts.h"

#include <fmt/format.h>

#include <string>

#include "daemon/hosts/host_facts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Optional;

WithheldFact Fact(const std::string& address) {
  return {.address = *net::ParseIpAddress(address),
          .interface = "eth0",
          .mac = {{2, 0, 0x5e, 0, 0x53, 1}},
          .since = absl::FromUnixSeconds(1'700'000'000)};
}

WithheldFacts Two() {
  WithheldFacts withheld = {.facts = {Fact("172.18.8.201"), Fact("fd00::201")},
                            .omitted = 3};
  withheld.facts[1].member = "n2";
  withheld.facts[1].by_proxy = true;
  return withheld;
}

TEST(WithheldFactsTest, BytesAreAsDocumented) {
  WithheldFacts one = {.facts = {Fact("1.2.3.4")}};
  one.facts[0].member = "n2";
  one.facts[0].since = absl::FromUnixSeconds(5);
  EXPECT_EQ(SerializeWithheld(one), std::string("\0\0"
                                                "\0\x1\x2\x3\x4"
                                                "\x4"
                                                "eth0"
                                                "\x2\0\x5e\0\x53\x1"
                                                "\x2"
                                                "n2"
                                                "\0\0\0\0\0\0\0\x5",
                                                29));
}

TEST(WithheldFactsTest, TravelsWithTheFactsOfTheHost) {
  const HostFacts facts = {.withheld = Two()};
  const std::string bytes = SerializeHostFacts(facts);
  EXPECT_THAT(ParseHostFacts(bytes), IsOkAndHolds(facts));
  // A node that withholds nothing tells no more than what comes before.
  EXPECT_TRUE(bytes.starts_with(SerializeHostFacts({})));
}

TEST(WithheldFactsTest, EveryTruncationIsRefused) {
  const std::string bytes = SerializeWithheld(Two());
  const size_t first = SerializeWithheld({.facts = {Two().facts[0]}}).size();
  EXPECT_THAT(ParseWithheld(bytes), Optional(Eq(Two())));
  for (size_t size = 0; size < bytes.size(); ++size) {
    if (size == 2 || size == first) continue;  // The list ends there.
    EXPECT_EQ(ParseWithheld(bytes.substr(0, size)), std::nullopt) << size;
  }
}

TEST(WithheldFactsTest, WhatIsDamagedIsRefusedWithTheFacts) {
  std::string bytes = SerializeHostFacts({.withheld = Two()});
  const size_t without = SerializeHostFacts({}).size();
  for (size_t size = without + 1; size < bytes.size(); ++size) {
    EXPECT_THAT(ParseHostFacts(bytes.substr(0, size)),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << size;
  }
  const size_t size_at = without + 2;
  bytes[size_at] = static_cast<char>(bytes[size_at] - 1);
  EXPECT_THAT(ParseHostFacts(bytes),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("damaged or cut short")));
}

TEST(WithheldFactsTest, WhatDoesNotFitIsCounted) {
  HostFacts facts;
  for (int i = 0; i < 200; ++i) {
    facts.withheld.facts.push_back(Fact(fmt::format("10.0.0.{}", i)));
  }
  BoundHostFacts(&facts);
  EXPECT_GT(facts.withheld.facts.size(), 40u);
  EXPECT_EQ(facts.withheld.facts.size() + facts.withheld.omitted, 200u);
  EXPECT_TRUE(facts.complete);  // Of what the host owns nothing is missing.
  EXPECT_THAT(ParseHostFacts(SerializeHostFacts(facts)), IsOkAndHolds(facts));
}

TEST(WithheldFactsTest, AClockThatIsSetMakesNoNews) {
  WithheldFacts later = Two();
  for (WithheldFact& fact : later.facts) fact.since += absl::Seconds(1);
  KeepSince(Two(), &later);
  EXPECT_EQ(later, Two());
  later.facts[0].mac.bytes[5] = 2;  // Another host: it begins again.
  later.facts[0].since += absl::Seconds(9);
  const WithheldFacts other = later;
  KeepSince(Two(), &later);
  EXPECT_EQ(later, other);
}

}  // namespace
}  // namespace lb
