#include "lb/election/tenure.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/election/tenure_codec.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const net::IpAddress kVip = *net::ParseIpAddress("192.168.1.240");
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

net::IpAddress VipAt(int i) {
  return net::IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(i));
}

Tenure Of(std::string node, uint64_t term) {
  return {kVip, std::move(node), term, kNow};
}

TEST(TenureTableTest, AClaimMakesTheNodeTheHolderOnce) {
  TenureTable tenures("node-b");
  EXPECT_EQ(tenures.HolderOf(kVip), std::nullopt);
  EXPECT_THAT(tenures.Claim(kVip, kNow + absl::Milliseconds(700)), IsOk());
  EXPECT_EQ(*tenures.Find(kVip), Of("node-b", 1));
  EXPECT_THAT(tenures.Claim(kVip, kNow + absl::Hours(1)), IsOk());
  EXPECT_EQ(*tenures.Find(kVip), Of("node-b", 1));
}

TEST(TenureTableTest, AClaimComesAfterWhatIsKnown) {
  TenureTable tenures("node-b");
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("node-a", 7)})),
              IsOkAndHolds(ElementsAre(kVip)));
  EXPECT_THAT(tenures.Claim(kVip, kNow), IsOk());
  EXPECT_EQ(*tenures.Find(kVip), Of("node-b", 8));
}

TEST(TenureTableTest, AReleaseOutlivesTheClaimBeforeIt) {
  TenureTable tenures("node-b");
  tenures.Release(kVip, kNow);  // Unknown: nothing.
  EXPECT_EQ(tenures.size(), 0u);
  EXPECT_THAT(tenures.Claim(kVip, kNow), IsOk());
  const std::string claim = tenures.FullMessage();
  tenures.Release(kVip, kNow);
  tenures.Release(kVip, kNow);
  EXPECT_EQ(*tenures.Find(kVip), Of("", 2));
  EXPECT_EQ(tenures.HolderOf(kVip), std::nullopt);
  EXPECT_THAT(tenures.Merge(claim), IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(tenures.HolderOf(kVip), std::nullopt);
  EXPECT_THAT(tenures.Claim(kVip, kNow), IsOk());
  EXPECT_EQ(*tenures.Find(kVip), Of("node-b", 3));
}

TEST(TenureTableTest, TheFullMessageIsThatOfTheTableAsItIsNow) {
  TenureTable tenures("node-a");
  EXPECT_EQ(tenures.FullMessage(), SerializeTenures({}));
  ASSERT_THAT(tenures.Claim(kVip, kNow), IsOk());
  EXPECT_EQ(tenures.FullMessage(), SerializeTenures(tenures.AllTenures()));
  tenures.Release(kVip, kNow);
  EXPECT_EQ(tenures.FullMessage(), SerializeTenures(tenures.AllTenures()));
  // Others mostly say what this node has already.
  const std::string own = tenures.FullMessage();
  EXPECT_THAT(tenures.Merge(own), IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(tenures.counters().records_stale, 1u);
  ASSERT_THAT(tenures.Claim(kVip, kNow), IsOk());
  tenures.TakeNews(1400);
  EXPECT_THAT(tenures.Merge(own), IsOkAndHolds(IsEmpty()));
  EXPECT_TRUE(tenures.has_news());  // The other one goes by an old tenure.
}

TEST(TenureTableTest, MergeNamesTheAddressesWithAnotherHolder) {
  TenureTable tenures("node-b");
  EXPECT_THAT(tenures.Claim(kVip, kNow), IsOk());
  // The same holder for a later term; a release of an address that no node
  // held.
  EXPECT_THAT(tenures.Merge(
                  SerializeTenures({Of("node-b", 5), {VipAt(1), "", 3, kNow}})),
              IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(tenures.Merge(SerializeTenures(
                  {Of("node-a", 6), {VipAt(1), "node-c", 9, kNow}})),
              IsOkAndHolds(ElementsAre(VipAt(1), kVip)));
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("", 7)})),
              IsOkAndHolds(ElementsAre(kVip)));
}

TEST(TenureTableTest, TheElectionOrderSettlesClaimsForOneTerm) {
  // The order for 192.168.1.240 is node-a, node-c, node-b.
  TenureTable b("node-b");
  TenureTable c("node-c");
  EXPECT_THAT(b.Claim(kVip, kNow), IsOk());
  EXPECT_THAT(c.Claim(kVip, kNow + absl::Hours(1)), IsOk());
  const std::string from_b = b.FullMessage();
  EXPECT_THAT(b.Merge(c.FullMessage()), IsOkAndHolds(ElementsAre(kVip)));
  EXPECT_THAT(c.Merge(from_b), IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(b.HolderOf(kVip), "node-c");
  EXPECT_EQ(c.HolderOf(kVip), "node-c");
}

TEST(TenureTableTest, NewsAreTheClaimsOfThisNode) {
  TenureTable tenures("node-b");
  EXPECT_THAT(tenures.TakeNews(1400), IsEmpty());
  EXPECT_THAT(tenures.Claim(kVip, kNow), IsOk());
  EXPECT_THAT(tenures.Merge(SerializeTenures({{VipAt(1), "node-c", 9, kNow}})),
              IsOk());
  EXPECT_THAT(tenures.TakeNews(1400),
              ElementsAre(SerializeTenures({Of("node-b", 1)})));
  EXPECT_THAT(tenures.TakeNews(1400), IsEmpty());
}

TEST(TenureTableTest, AClaimThatWasBeatenBeforeItWasToldIsNotTold) {
  TenureTable tenures("node-b");
  EXPECT_THAT(tenures.Claim(kVip, kNow), IsOk());
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("node-a", 1)})), IsOk());
  EXPECT_THAT(tenures.TakeNews(1400),
              ElementsAre(SerializeTenures({Of("node-a", 1)})));
}

// Two sides of a partition: a node that meets the older claim tells the newer
// one.
TEST(TenureTableTest, WhatBeatsAnotherHoldersTenureIsToldAgain) {
  TenureTable tenures("node-a");
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("node-c", 4)})), IsOk());
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("node-c", 3)})), IsOk());
  EXPECT_FALSE(tenures.has_news());
  EXPECT_THAT(tenures.TakeNews(1400), IsEmpty());
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("node-b", 3)})),
              IsOkAndHolds(IsEmpty()));
  EXPECT_TRUE(tenures.has_news());
  EXPECT_THAT(tenures.TakeNews(1400),
              ElementsAre(SerializeTenures({Of("node-c", 4)})));
  EXPECT_FALSE(tenures.has_news());
}

TEST(TenureTableTest, NewsComeInMessagesOfTheGivenSize) {
  TenureTable sender(std::string(kNodeNameSizeMax, 'n'));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT(sender.Claim(VipAt(i), kNow), IsOk());
  }
  const std::vector<std::string> news = sender.TakeNews(1400);
  EXPECT_GE(news.size(), 15u);
  EXPECT_LE(news.size(), 25u);
  TenureTable receiver("node-b");
  for (const std::string& message : news) {
    EXPECT_LE(message.size(), 1400u);
    EXPECT_THAT(receiver.Merge(message), IsOk());
  }
  EXPECT_EQ(receiver.AllTenures(), sender.AllTenures());
}

TEST(TenureTableTest, NewsThatDoNotFitAreCounted) {
  TenureTable tenures(std::string(200, 'n'));
  EXPECT_THAT(tenures.Claim(kVip, kNow), IsOk());
  EXPECT_THAT(tenures.TakeNews(100), IsEmpty());
  EXPECT_EQ(tenures.news_left_out(), 1u);
}

TEST(TenureTableTest, AllOfTenThousandAddressesAreWellBelowOneMegabyte) {
  std::vector<Tenure> tenures;
  for (int i = 0; i < 10'000; ++i) {
    tenures.push_back({net::IpAddress::Ipv6(absl::MakeUint128(
                           0x20010db800000000, static_cast<uint64_t>(i))),
                       fmt::format("node-{:04}.rack-07.example", i % 1000),
                       1000, kNow});
  }
  TenureTable table("node-b");
  EXPECT_THAT(table.Merge(SerializeTenures(tenures)),
              IsOkAndHolds(SizeIs(10'000)));
  EXPECT_LE(table.FullMessage().size(), 400'000u);
}

TEST(TenureTableTest, AFullTableForgetsTheOldestReleaseOnly) {
  TenureTable tenures("node-b", /*tenures_max=*/3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(tenures.Claim(VipAt(i), kNow), IsOk());
  }
  EXPECT_THAT(tenures.Claim(VipAt(3), kNow),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("tenure of 10.0.0.3: term 1 in a table of 3, "
                                 "want at most")));
  EXPECT_THAT(tenures.Merge(SerializeTenures({{VipAt(4), "n", 1, kNow}})),
              IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(tenures.counters().records_refused, 2u);
  tenures.Release(VipAt(2), kNow + absl::Seconds(1));
  tenures.Release(VipAt(0), kNow + absl::Seconds(2));
  EXPECT_THAT(tenures.Claim(VipAt(3), kNow), IsOk());
  EXPECT_EQ(tenures.Find(VipAt(2)), nullptr);
  EXPECT_NE(tenures.Find(VipAt(0)), nullptr);
  // A holder known already changes in a full table, too.
  EXPECT_THAT(tenures.Merge(SerializeTenures({{VipAt(1), "n", 9, kNow}})),
              IsOkAndHolds(ElementsAre(VipAt(1))));
  EXPECT_EQ(tenures.size(), 3u);
}

// A release that became a claim again is no longer one to forget.
TEST(TenureTableTest, AClaimedAddressIsNotForgotten) {
  TenureTable tenures("node-b", /*tenures_max=*/1);
  EXPECT_THAT(tenures.Claim(VipAt(0), kNow), IsOk());
  tenures.Release(VipAt(0), kNow);
  EXPECT_THAT(tenures.Claim(VipAt(0), kNow), IsOk());
  EXPECT_THAT(tenures.Claim(VipAt(1), kNow),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(tenures.HolderOf(VipAt(0)), "node-b");
}

TEST(TenureTableTest, NothingComesAfterTheLastTerm) {
  TenureTable tenures("node-b");
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("node-a", kTermMax)})),
              IsOk());
  EXPECT_THAT(tenures.Claim(kVip, kNow),
              StatusIs(absl::StatusCode::kResourceExhausted));
  tenures.Release(kVip, kNow);
  EXPECT_EQ(tenures.HolderOf(kVip), "node-a");
}

TEST(TenureTableTest, CountsWhatItRefuses) {
  TenureTable tenures("node-b");
  EXPECT_THAT(tenures.Merge("LBLM"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("node-a", 2)})), IsOk());
  EXPECT_THAT(tenures.Merge(SerializeTenures({Of("node-a", 2)})), IsOk());
  EXPECT_EQ(tenures.counters().messages_refused, 1u);
  EXPECT_EQ(tenures.counters().records_merged, 1u);
  EXPECT_EQ(tenures.counters().records_stale, 1u);
}

}  // namespace
}  // namespace lb::election
