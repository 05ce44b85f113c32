#include "lb/announce/announcement_table.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace lb::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const net::IpAddress kVip = *net::ParseIpAddress("10.0.0.1");
const net::IpAddress kOther = *net::ParseIpAddress("10.0.0.2");

class AnnouncementTableTest : public testing::Test {
 protected:
  static Interface Named(const std::string& name, int index) {
    return {
        .name = name, .index = index, .mac = {{2, 0, 0, 0, 0, 1}}, .arp = true};
  }
  std::string Set(Announcements announcements) {
    return table_.SetAnnouncements(std::move(announcements), interfaces_)
        .ToString();
  }
  std::string Change(const AnnouncementChanges& changes) {
    return table_.Change(changes, interfaces_).ToString();
  }
  std::string SetInterfaces(std::vector<Interface> interfaces) {
    interfaces_ = std::move(interfaces);
    return table_.SetInterfaces(interfaces_).ToString();
  }
  Role RoleOf(const Announcement& announcement) const {
    return table_.current().at(announcement).role;
  }

  const Interface eth0_ = Named("eth0", 2);
  const Interface eth1_ = Named("eth1", 3);
  std::vector<Interface> interfaces_ = {eth0_};
  AnnouncementTable table_{/*announcements_max=*/3};
};

TEST_F(AnnouncementTableTest, ThePlanIsTheDifference) {
  EXPECT_EQ(Set({{kVip, {}}}), "start 10.0.0.1@eth0");
  EXPECT_EQ(Set({{kVip, {}}}), "nothing");
  EXPECT_EQ(Change({{kOther, Terms{}}}), "start 10.0.0.2@eth0");
  EXPECT_EQ(Change({{kVip, std::nullopt}}), "stop 10.0.0.1@eth0");
  EXPECT_EQ(SetInterfaces({}), "stop 10.0.0.2@eth0");
}

TEST_F(AnnouncementTableTest, AnInterfaceThatComesLaterIsProbed) {
  Set({{kVip, {.role = Role::kAnnounce}}});
  EXPECT_EQ(RoleOf({kVip, "eth0"}), Role::kAnnounce);
  SetInterfaces({eth0_, eth1_});
  EXPECT_EQ(RoleOf({kVip, "eth1"}), Role::kProbeFirst);
}

TEST_F(AnnouncementTableTest, WhereItWasAnnouncedItGoesOn) {
  Set({{kVip, {.role = Role::kProbeFirst}}});
  table_.OnClaimChange({kVip, "eth0"}, ClaimState::kProbing,
                       ClaimState::kAnnouncing);
  EXPECT_TRUE(table_.IsProven({kVip, "eth0"}));
  SetInterfaces({});
  SetInterfaces({eth0_});
  EXPECT_EQ(RoleOf({kVip, "eth0"}), Role::kAnnounce);
  Change({{kVip, std::nullopt}});
  EXPECT_FALSE(table_.IsProven({kVip, "eth0"}));
}

TEST_F(AnnouncementTableTest, AnAddressFoundFreeIsProvenBeforeItsDelivery) {
  Set({{kVip, {.role = Role::kProbeFirst}}});
  table_.OnClaimChange({kVip, "eth0"}, ClaimState::kProbing,
                       ClaimState::kAwaiting);
  EXPECT_TRUE(table_.IsProven({kVip, "eth0"}));
}

TEST_F(AnnouncementTableTest, AForeignHostKeepsItUntilTheClaimGoesOn) {
  Set({{kVip, {.role = Role::kProbeFirst}}});
  const Announcement announcement = {kVip, "eth0"};
  table_.OnClaimChange(announcement, ClaimState::kProbing,
                       ClaimState::kAnnouncing);
  table_.OnClaimChange(announcement, ClaimState::kAnnouncing,
                       ClaimState::kConflicted);
  EXPECT_THAT(table_.foreign(), ElementsAre(announcement));
  EXPECT_FALSE(table_.IsProven(announcement));
  // Probing again says nothing yet.
  table_.OnClaimChange(announcement, ClaimState::kConflicted,
                       ClaimState::kProbing);
  EXPECT_THAT(table_.foreign(), ElementsAre(announcement));
  table_.OnClaimChange(announcement, ClaimState::kProbing,
                       ClaimState::kAnnouncing);
  EXPECT_THAT(table_.foreign(), IsEmpty());
}

TEST_F(AnnouncementTableTest, WhereItWasNeverAnnouncedNothingIsHandedOver) {
  Set({{kVip, {.role = Role::kProbeFirst}}});
  EXPECT_EQ(Change({{kVip, Terms{.role = Role::kHandOver}}}),
            "stop 10.0.0.1@eth0");
}

TEST_F(AnnouncementTableTest, ThoseBeyondTheMaximumAreRefused) {
  interfaces_ = {eth0_, eth1_};
  Set({{kVip, {}}, {kOther, {}}});
  EXPECT_THAT(table_.current(), SizeIs(3));
  EXPECT_EQ(table_.refused(), 1u);
  EXPECT_THAT(table_.Of(kOther), ElementsAre(Announcement{kOther, "eth0"}));
  // Once there is room for all, no look at some of them would tell.
  EXPECT_EQ(Change({{kVip, std::nullopt}}),
            "start 10.0.0.2@eth1; stop 10.0.0.1@eth0 10.0.0.1@eth1");
  EXPECT_EQ(table_.refused(), 0u);
}

TEST_F(AnnouncementTableTest, OnlyWhatIsWantedIsOverAProxy) {
  Set({{kVip, {.despite_proxy = true}}, {kOther, {}}});
  EXPECT_TRUE(table_.DespiteProxy({kVip, "eth0"}));
  EXPECT_FALSE(table_.DespiteProxy({kVip, "eth1"}));
  EXPECT_FALSE(table_.DespiteProxy({kOther, "eth0"}));
}

}  // namespace
}  // namespace lb::announce
