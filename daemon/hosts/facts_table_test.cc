#include "daemon/hosts/facts_table.h"

#include <fmt/format.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(5);
const absl::Time kCivil = absl::UnixEpoch() + absl::Hours(24 * 20'000);

HostFacts Facts(int number) {
  return {.addresses = {{*net::ParseIpPrefix(
              fmt::format("10.0.{}.{}/8", number / 200, 1 + number % 200))}}};
}

// A node's table after it said that it has Facts(number).
FactsTable TableOf(const std::string& node, int number,
                   absl::Time civil = kCivil) {
  FactsTable table(node);
  table.SetOwn(Facts(number), kNow, civil);
  return table;
}

uint64_t DigestOf(int number) {
  return DigestOfFacts(SerializeHostFacts(Facts(number)));
}

TEST(FactsTableTest, NodesLearnOfEachOtherAndOfThirdOnes) {
  FactsTable n1 = TableOf("n1", 1), n2 = TableOf("n2", 2),
             n3 = TableOf("n3", 3);
  EXPECT_THAT(n2.Merge(n1.FullMessage(kNow), kNow), IsOkAndHolds(1U));
  EXPECT_THAT(n3.Merge(n2.FullMessage(kNow), kNow), IsOkAndHolds(2U));
  EXPECT_EQ(n3.entries().at("n1").facts, Facts(1));
  EXPECT_EQ(n3.entries().at("n2").facts, Facts(2));
  const uint64_t version = n3.version();
  EXPECT_THAT(n3.Merge(n2.FullMessage(kNow), kNow), IsOkAndHolds(0U));
  EXPECT_EQ(n3.version(), version);
}

TEST(FactsTableTest, TheLaterStampCounts) {
  FactsTable n1 = TableOf("n1", 1), n2 = TableOf("n2", 2);
  const std::string old = n1.OwnMessage();
  EXPECT_FALSE(n1.SetOwn(Facts(1), kNow, kCivil + absl::Seconds(9)));
  EXPECT_TRUE(n1.SetOwn(Facts(4), kNow, kCivil));  // Its clock stands still.
  EXPECT_THAT(n2.Merge(n1.OwnMessage(), kNow), IsOkAndHolds(1U));
  EXPECT_THAT(n2.Merge(old, kNow), IsOkAndHolds(0U));
  EXPECT_EQ(n2.entries().at("n1").facts, Facts(4));
}

// Two hosts under one name must not take turns.
TEST(FactsTableTest, OfAMemberThatIsUpItsDigestDecides) {
  FactsTable n1 = TableOf("n1", 1);
  FactsTable twin = TableOf("n1", 4, kCivil + absl::Hours(1));
  FactsTable n2 = TableOf("n2", 2);
  n2.SetMembers({{"n1", n1.own_digest()}}, kNow);
  ASSERT_THAT(n2.Merge(n1.OwnMessage(), kNow), IsOkAndHolds(1U));
  EXPECT_THAT(n2.Merge(twin.OwnMessage(), kNow), IsOkAndHolds(0U));
  EXPECT_EQ(n2.entries().at("n1").facts, Facts(1));
  // The metadata of a change may come after the facts.
  const uint64_t version = n2.version();
  n2.SetMembers({{"n1", twin.own_digest()}}, kNow);
  EXPECT_EQ(n2.entries().at("n1").facts, Facts(4));
  EXPECT_GT(n2.version(), version);
}

// It restarted with a clock that ran back.
TEST(FactsTableTest, TheDigestOfTheNodeItselfWinsOverStamps) {
  FactsTable before = TableOf("n1", 1);
  FactsTable n1 = TableOf("n1", 4, kCivil - absl::Hours(1));
  FactsTable n2 = TableOf("n2", 2);
  ASSERT_THAT(n2.Merge(before.OwnMessage(), kNow), IsOkAndHolds(1U));
  EXPECT_THAT(n2.Merge(n1.OwnMessage(), kNow), IsOkAndHolds(0U));
  n2.SetMembers({{"n1", n1.own_digest()}, {"n2", n2.own_digest()}}, kNow);
  EXPECT_THAT(n2.Missing(), ElementsAre("n1"));
  EXPECT_THAT(n2.Merge(n1.OwnMessage(), kNow), IsOkAndHolds(1U));
  EXPECT_EQ(n2.entries().at("n1").facts, Facts(4));
  EXPECT_THAT(n2.Missing(), IsEmpty());
}

TEST(FactsTableTest, ANodeOutbidsOlderWordsOfItsOwn) {
  FactsTable before = TableOf("n1", 1);
  FactsTable n1 = TableOf("n1", 4, kCivil - absl::Hours(1));
  EXPECT_TRUE(n1.TakeNews());
  EXPECT_FALSE(n1.TakeNews());
  EXPECT_THAT(n1.Merge(before.OwnMessage(), kNow), IsOkAndHolds(0U));
  EXPECT_TRUE(n1.TakeNews());
  FactsTable n2 = TableOf("n2", 2);
  ASSERT_THAT(n2.Merge(before.OwnMessage(), kNow), IsOkAndHolds(1U));
  EXPECT_THAT(n2.Merge(n1.OwnMessage(), kNow), IsOkAndHolds(1U));
  EXPECT_EQ(n1.entries().at("n1").facts, Facts(4));
}

TEST(FactsTableTest, MissingAreMembersWhoseFactsAreOthersOrNotHere) {
  FactsTable n1 = TableOf("n1", 1);
  ASSERT_THAT(n1.Merge(TableOf("n2", 2).OwnMessage(), kNow), IsOk());
  n1.SetMembers({{"n1", n1.own_digest()},
                 {"n2", DigestOf(2)},
                 {"n3", DigestOf(3)},
                 {"speaker", std::nullopt}},
                kNow);
  EXPECT_THAT(n1.Missing(), ElementsAre("n3"));
  n1.SetMembers({{"n2", DigestOf(5)}}, kNow);
  EXPECT_THAT(n1.Missing(), ElementsAre("n2"));
}

TEST(FactsTableTest, KeepsWhatAnAbsentMemberHasForItsLifetime) {
  FactsTable n1 = TableOf("n1", 1);
  ASSERT_THAT(n1.Merge(TableOf("n2", 2).OwnMessage(), kNow), IsOk());
  n1.SetMembers({{"n2", DigestOf(2)}}, kNow);
  EXPECT_FALSE(n1.HasAbsent());
  // Nothing happens for days; then n2 fails.
  const absl::Time failed = kNow + absl::Hours(72);
  EXPECT_FALSE(n1.SetMembers({}, failed));
  EXPECT_TRUE(n1.HasAbsent());
  const absl::Time late = failed + FactsTable::kLifetime - absl::Seconds(1);
  EXPECT_FALSE(n1.SetMembers({}, late));
  // A node that learns of it now keeps it no longer than the others do.
  FactsTable n3 = TableOf("n3", 3);
  ASSERT_THAT(n3.Merge(n1.FullMessage(late), late), IsOkAndHolds(2U));
  EXPECT_TRUE(n1.SetMembers({}, late + absl::Seconds(1)));
  EXPECT_FALSE(n1.entries().contains("n2"));
  n3.SetMembers({}, late + absl::Seconds(1));
  EXPECT_FALSE(n3.entries().contains("n2"));
  EXPECT_TRUE(n1.entries().contains("n1"));
}

TEST(FactsTableTest, RejectsEveryTruncation) {
  FactsTable n1 = TableOf("n1", 1);
  const std::string message = n1.OwnMessage();
  for (size_t size = 0; size < message.size(); ++size) {
    if (size == 4) continue;  // The header alone: no entry.
    SCOPED_TRACE(size);
    EXPECT_THAT(TableOf("n2", 2).Merge(message.substr(0, size), kNow),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(FactsTableTest, OneDamagedEntryDoesNotHideTheOthers) {
  FactsTable n1 = TableOf("n1", 1), n2 = TableOf("n2", 2);
  ASSERT_THAT(n2.Merge(n1.OwnMessage(), kNow), IsOk());
  std::string message = n2.FullMessage(kNow);
  const size_t facts = 4 + 1 + 2 + 8 + 4 + 2;  // Where n2's, the first, begin.
  message[facts + 1] = '\x7f';                 // Of so many addresses.
  FactsTable n3 = TableOf("n3", 3);
  EXPECT_THAT(n3.Merge(message, kNow),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(n3.entries().contains("n1"));
  EXPECT_FALSE(n3.entries().contains("n2"));
}

TEST(FactsTableTest, AnyBytesAreMergedOrRefused) {
  Prng prng(1);
  const std::string good = TableOf("n1", 1).OwnMessage();
  FactsTable n2 = TableOf("n2", 2);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    bytes[prng.Uniform(bytes.size())] = static_cast<char>(prng.Uniform(256));
    n2.Merge(bytes, kNow).IgnoreError();
  }
  EXPECT_LE(n2.entries().size(), FactsTable::kNodesMax);
  EXPECT_EQ(n2.entries().at("n2").facts, Facts(2));
}

TEST(FactsTableTest, NodesBeyondTheMaximumAreCountedNotKept) {
  FactsTable table = TableOf("n0", 0);
  for (size_t i = 1; i < FactsTable::kNodesMax + 5; ++i) {
    ASSERT_THAT(
        table.Merge(TableOf(fmt::format("m{}", i), 1).OwnMessage(), kNow),
        IsOk());
  }
  EXPECT_EQ(table.entries().size(), FactsTable::kNodesMax);
  EXPECT_EQ(table.overflowed(), 5U);
}

TEST(FactsTableTest, AFullMessageIsBoundedAndBeginsWithThisNode) {
  HostFacts large;
  for (size_t i = 0; i < kHostAddressesMax; ++i) {
    large.addresses.push_back(
        {*net::ParseIpPrefix(fmt::format("fd00::{:x}/64", i))});
  }
  FactsTable table = TableOf("zz", 0);
  for (int i = 0; i < 400; ++i) {
    FactsTable other(fmt::format("m{}", i));
    other.SetOwn(large, kNow, kCivil);
    ASSERT_THAT(table.Merge(other.OwnMessage(), kNow), IsOkAndHolds(1U));
  }
  const std::string message = table.FullMessage(kNow);
  EXPECT_LE(message.size(), FactsTable::kMessageSizeMax);
  EXPECT_GT(message.size(), FactsTable::kMessageSizeMax / 2);
  FactsTable other = TableOf("n2", 2);
  ASSERT_THAT(other.Merge(message, kNow), IsOk());
  EXPECT_TRUE(other.entries().contains("zz"));
}

TEST(FactsTableTest, StampsThatCannotBeOutbidAreRefused) {
  FactsTable n1 = TableOf("n1", 1);
  std::string message = n1.OwnMessage();
  message[4 + 1 + 2] = '\x7f';  // The first byte of the stamp.
  FactsTable n2 = TableOf("n2", 2);
  EXPECT_THAT(n2.Merge(message, kNow), IsOkAndHolds(0U));
  EXPECT_FALSE(n2.entries().contains("n1"));
}

TEST(FactsRequestTest, NamesWhoAsks) {
  EXPECT_THAT(ParseFactsRequest(FactsRequest("n1")), Optional(Eq("n1")));
  const std::string request = FactsRequest("n1");
  for (size_t size = 0; size < request.size(); ++size) {
    EXPECT_EQ(ParseFactsRequest(request.substr(0, size)), std::nullopt);
  }
  EXPECT_EQ(ParseFactsRequest(TableOf("n1", 1).OwnMessage()), std::nullopt);
  EXPECT_FALSE(IsFactsMessage(request));
}

}  // namespace
}  // namespace lb
