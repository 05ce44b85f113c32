// What is known of members' MACs, its bytes, and what a restart makes of it.
#include "lb/announce/member_macs.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/member_macs_codec.h"
#include "lb/announce/member_macs_store.h"
#include "lb/base/state_value.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"

namespace lb::announce {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

net::MacAddress Mac(uint8_t last) { return {{2, 0, 0, 0, 0, last}}; }

TEST(MemberMacsTest, KnowsWhatMembersSaid) {
  MemberMacs macs(10);
  macs.Learn("n1", {Mac(1), Mac(2)});
  macs.Learn("n2", {});
  EXPECT_THAT(macs.NodeOf(Mac(2)), Optional(std::string("n1")));
  EXPECT_THAT(macs.NodeOf(Mac(3)), Eq(std::nullopt));
}

TEST(MemberMacsTest, AMacBelongsToWhoClaimedItLast) {
  MemberMacs macs(10);
  macs.Learn("n1", {Mac(1)});
  macs.Learn("n2", {Mac(1)});
  EXPECT_THAT(macs.NodeOf(Mac(1)), Optional(std::string("n2")));
  EXPECT_EQ(macs.size(), 1u);
}

TEST(MemberMacsTest, SaysWhatIsNew) {
  MemberMacs macs(10);
  EXPECT_TRUE(macs.Learn("n1", {Mac(1)}));
  EXPECT_FALSE(macs.Learn("n1", {Mac(1)}));
  EXPECT_FALSE(macs.Learn("n1", {}));
  EXPECT_TRUE(macs.Learn("n2", {Mac(1)}));
}

TEST(MemberMacsTest, HasTheLatestLast) {
  MemberMacs macs(10);
  EXPECT_THAT(macs.Latest(5), IsEmpty());
  macs.Learn("n1", {Mac(1)});
  macs.Learn("n2", {Mac(2)});
  macs.Learn("n1", {Mac(1)});
  EXPECT_THAT(macs.Latest(5),
              ElementsAre(MemberMac{Mac(2), "n2"}, MemberMac{Mac(1), "n1"}));
  EXPECT_THAT(macs.Latest(1), ElementsAre(MemberMac{Mac(1), "n1"}));
}

TEST(MemberMacsTest, ForgetsTheLeastRecentlyHeard) {
  MemberMacs macs(2);
  macs.Learn("n1", {Mac(1)});
  macs.Learn("n2", {Mac(2)});
  macs.Learn("n1", {Mac(1)});
  macs.Learn("n3", {Mac(3)});
  EXPECT_EQ(macs.size(), 2u);
  EXPECT_THAT(macs.NodeOf(Mac(1)), Optional(std::string("n1")));
  EXPECT_THAT(macs.NodeOf(Mac(2)), Eq(std::nullopt));
}

TEST(MemberMacsCodecTest, RejectsEveryTruncationAndEveryChangedByte) {
  const std::vector<MemberMac> members = {{Mac(1), "n1"},
                                          {Mac(2), std::string(255, 'n')}};
  const std::string good = SerializeMemberMacs(members);
  EXPECT_THAT(ParseMemberMacs(good), IsOkAndHolds(members));
  EXPECT_THAT(ParseMemberMacs(SerializeMemberMacs({})),
              IsOkAndHolds(std::vector<MemberMac>()));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(ParseMemberMacs(good.substr(0, size)),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
    std::string changed = good;
    changed[size] ^= 1;
    EXPECT_THAT(ParseMemberMacs(changed), StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
}

// The checksum fits, the members do not.
TEST(MemberMacsCodecTest, RejectsMembersThatAreNone) {
  const StateFormat format = {"LBMM", 1, ""};
  const std::string member = std::string(6, 'm') + "\2n1";
  EXPECT_THAT(ParseMemberMacs(SealStateValue(format, member + member)), IsOk());
  for (size_t size = 1; size < member.size(); ++size) {
    EXPECT_THAT(ParseMemberMacs(
                    SealStateValue(format, member + member.substr(0, size))),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("member 1")))
        << size;
  }
  EXPECT_THAT(ParseMemberMacs(SealStateValue(format, std::string(7, '\0'))),
              StatusIs(absl::StatusCode::kDataLoss));
}

class MemberMacsStoreTest : public testing::Test {
 protected:
  MemberMacsStoreTest()
      : host_(world_.AddHost(
            {.name = "n1",
             .addresses = {*net::ParseIpPrefix("172.18.8.11/24")}})) {
    Start();
  }

  void Start() {
    store_ = std::make_unique<MemberMacsStore>(host_->environment().loop,
                                               host_->environment().state);
    restored_ = store_->Restore();
  }
  void Crash() {
    host_->Crash();
    store_.reset();
    host_->Restart();
    Start();
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  std::map<std::string, std::string>& Values() {
    return host_->state().values();
  }

  io::SimWorld world_{1};
  io::SimHost* const host_;
  std::unique_ptr<MemberMacsStore> store_;
  absl::Status restored_;
};

TEST_F(MemberMacsStoreTest, KnowsAfterACrashWhatItWasTold) {
  EXPECT_THAT(restored_, IsOk());
  store_->Learn("n2", {Mac(2)});
  RunFor(MemberMacsStore::kSaveDelay / 2);
  store_->Learn("n3", {Mac(3)});
  RunFor(MemberMacsStore::kSaveDelay);
  Crash();
  EXPECT_THAT(restored_, IsOk());
  EXPECT_THAT(store_->NodeOf(Mac(2)), Optional(std::string("n2")));
  EXPECT_THAT(store_->NodeOf(Mac(3)), Optional(std::string("n3")));
}

TEST_F(MemberMacsStoreTest, WritesOnlyWhatIsNewAndAtMostOnceInADelay) {
  store_->Learn("n2", {Mac(2)});
  RunFor(absl::Seconds(5));
  ASSERT_THAT(Values(), SizeIs(1));
  Values().clear();
  store_->Learn("n2", {Mac(2)});
  RunFor(absl::Seconds(5));
  EXPECT_THAT(Values(), IsEmpty());
  store_->Learn("n3", {Mac(3)});
  RunFor(MemberMacsStore::kSaveDelay * 0.9);
  EXPECT_THAT(Values(), IsEmpty());
}

TEST_F(MemberMacsStoreTest, TriesAgainUntilTheDiskTakesIt) {
  host_->state().SetWriteError(absl::ResourceExhaustedError("full"));
  store_->Learn("n2", {Mac(2)});
  RunFor(absl::Seconds(5));
  host_->state().SetWriteError(absl::OkStatus());
  RunFor(MemberMacsStore::kSaveDelay * 2);
  Crash();
  EXPECT_THAT(store_->NodeOf(Mac(2)), Optional(std::string("n2")));
}

TEST_F(MemberMacsStoreTest, KeepsTheLatestOfMany) {
  for (size_t n = 0; n <= MemberMacsStore::kSavedMax; ++n) {
    const net::MacAddress mac = {
        {2, 0, 0, 0, static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)}};
    store_->Learn("n2", {mac});
  }
  RunFor(MemberMacsStore::kSaveDelay * 2);
  Crash();
  EXPECT_EQ(store_->NodeOf({{2, 0, 0, 0, 0, 0}}), std::nullopt);
  EXPECT_THAT(store_->NodeOf({{2, 0, 0, 0, 4, 0}}),
              Optional(std::string("n2")));
  EXPECT_THAT(store_->NodeOf({{2, 0, 0, 0, 0, 1}}),
              Optional(std::string("n2")));
}

TEST_F(MemberMacsStoreTest, ADamagedValueIsNamed) {
  store_->Learn("n2", {Mac(2)});
  RunFor(MemberMacsStore::kSaveDelay * 2);
  ASSERT_THAT(Values(), SizeIs(1));
  Values().begin()->second.resize(10);
  Crash();
  EXPECT_THAT(restored_, StatusIs(absl::StatusCode::kDataLoss,
                                  "member-macs: 10 bytes: cut short"));
  EXPECT_EQ(store_->NodeOf(Mac(2)), std::nullopt);
}

}  // namespace
}  // namespace lb::announce
