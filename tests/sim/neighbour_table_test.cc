// The neighbour table against what Linux does: frames on entries, and timers.
#include "tests/sim/neighbour_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr net::MacAddress kOld = {{2, 0, 0, 0, 0, 1}};
constexpr net::MacAddress kNew = {{2, 0, 0, 0, 0, 2}};

class NeighbourTableTest : public testing::Test {
 protected:
  void SetUp() override { table_.emplace(own_, Prng(1)); }
  // An entry with kOld, confirmed now.
  void Resolve() {
    EXPECT_FALSE(table_->Use(now_, vip_));
    ASSERT_THAT(table_->TakeQuestions(), SizeIs(1));
    table_->OnArp(now_, Claim(net::ArpOperation::kReply, kOld, own_), true);
    ASSERT_EQ(table_->Use(now_, vip_), kOld);
  }
  net::ArpPacket Claim(net::ArpOperation operation, net::MacAddress mac,
                       net::IpAddress target, net::MacAddress target_mac = {}) {
    return {.operation = operation,
            .sender_mac = mac,
            .sender_ip = vip_,
            .target_mac = target_mac,
            .target_ip = target};
  }

  const net::IpAddress own_ = *net::ParseIpAddress("10.0.0.1");
  const net::IpAddress vip_ = *net::ParseIpAddress("10.0.0.9");
  absl::Time now_ = absl::UnixEpoch();
  std::optional<NeighbourTable> table_;
};

TEST_F(NeighbourTableTest, WhichClaimsMoveAnEntry) {
  const struct {
    const char* what;
    net::ArpOperation operation;
    net::IpAddress target;
    net::MacAddress target_mac;
    bool at_once;
  } cases[] = {
      {"gratuitous request", net::ArpOperation::kRequest, vip_, {}, true},
      {"gratuitous reply", net::ArpOperation::kReply, vip_, kNew, true},
      {"reply to all", net::ArpOperation::kReply, vip_, net::kBroadcastMac,
       false},
      {"question to us", net::ArpOperation::kRequest, own_, {}, true},
      {"plain reply", net::ArpOperation::kReply, own_, {}, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    for (const bool late : {false, true}) {
      SetUp();
      Resolve();
      const absl::Time at = now_ + absl::Milliseconds(late ? 1001 : 999);
      table_->OnArp(at, Claim(c.operation, kNew, c.target, c.target_mac),
                    false);
      EXPECT_EQ(table_->Find(vip_), c.at_once || late ? kNew : kOld);
    }
  }
}

TEST_F(NeighbourTableTest, OnlyAQuestionToUsMakesAnEntry) {
  table_->OnArp(now_, Claim(net::ArpOperation::kRequest, kOld, vip_), false);
  EXPECT_EQ(table_->Find(vip_), std::nullopt);
  table_->OnArp(now_, Claim(net::ArpOperation::kRequest, kOld, own_), false);
  EXPECT_EQ(table_->Find(vip_), kOld);
}

TEST_F(NeighbourTableTest, OnlyTheOverrideFlagMovesAnIpv6Entry) {
  table_->Use(now_, vip_);
  net::NeighborAdvertisement message = {
      .target = vip_, .solicited = true, .target_mac = kOld};
  table_->OnAdvertisement(now_, message);
  EXPECT_EQ(table_->Find(vip_), kOld);  // It had none.
  message.target_mac = kNew;
  table_->OnAdvertisement(now_ + absl::Seconds(5), message);
  EXPECT_EQ(table_->Find(vip_), kOld);
  message.override_cache = true;
  table_->OnAdvertisement(now_, message);
  EXPECT_EQ(table_->Find(vip_), kNew);
}

TEST_F(NeighbourTableTest, AnEntryThatNobodyConfirmsIsAskedForAndGivenUp) {
  Resolve();
  int unicast = 0;
  const absl::Time end = now_ + NeighbourTable::WrongMax();
  while (table_->Find(vip_) && now_ < end) {
    now_ += absl::Milliseconds(250);
    table_->Use(now_, vip_);
    table_->OnTimer(now_);
    for (const auto& question : table_->TakeQuestions()) {
      EXPECT_EQ(question.to, kOld);
      ++unicast;
    }
  }
  EXPECT_EQ(unicast, NeighbourTable::kSolicits);
  EXPECT_LT(now_, end);
  EXPECT_THAT(table_->TakeGivenUp(), ElementsAre(vip_));
  EXPECT_THAT(table_->TakeGivenUp(), IsEmpty());
}

}  // namespace
}  // namespace lb
