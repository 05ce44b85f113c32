#include "lb/announce/segment_table.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace lb::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const net::IpAddress kVip = *net::ParseIpAddress("2001:db8::1");
const net::IpAddress kGroup = *net::ParseIpAddress("ff02::1:ff00:1");

class SegmentTableTest : public testing::Test {
 protected:
  static Interface Named(const std::string& name, int index) {
    return {.name = name,
            .index = index,
            .mac = {{2, 0, 0, 0, 0, 1}},
            .link_local = *net::ParseIpAddress("fe80::1")};
  }
  // "join eth0 ff02::1:ff00:1"
  std::vector<std::string> TakeGroups() {
    std::vector<std::string> lines;
    for (const GroupChange& change : segments_.TakeGroups()) {
      const bool joins = change.action == GroupChange::Action::kJoin;
      lines.push_back((joins ? "join " : "leave ") + change.interface + " " +
                      change.group.ToString());
    }
    return lines;
  }
  void Hold(const std::string& interface, const net::IpAddress& vip) {
    segments_.At(interface).Hold(vip);
    segments_.NoteGroups();
  }

  const ScheduleOptions schedule_;
  const ClaimOptions claim_;
  const Demand demand_{/*watched_max=*/10};
  SegmentTable segments_{&schedule_, &claim_, &demand_, Prng(1)};
};

TEST_F(SegmentTableTest, HasOneSegmentForEachUsableInterface) {
  EXPECT_THAT(segments_.Match({Named("eth1", 3), Named("eth0", 2)}),
              ElementsAre("eth0", "eth1"));
  std::vector<std::string> names;
  for (const auto& [name, entry] : segments_) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("eth0", "eth1"));
  EXPECT_THAT(segments_.Match({Named("eth1", 3)}), ElementsAre("eth1"));
  EXPECT_EQ(segments_.Find("eth0"), nullptr);
  EXPECT_NE(segments_.Find("eth1"), nullptr);
}

TEST_F(SegmentTableTest, AnInterfaceThatStaysKeepsItsClaims) {
  segments_.Match({Named("eth0", 2)});
  Hold("eth0", kVip);
  segments_.Match({Named("eth0", 2), Named("eth1", 3)});
  EXPECT_THAT(segments_.At("eth0").held(), ElementsAre(kVip));
  segments_.Match({});
  segments_.Match({Named("eth0", 2)});
  EXPECT_THAT(segments_.At("eth0").held(), IsEmpty());
}

TEST_F(SegmentTableTest, GroupsFollowTheClaims) {
  segments_.Match({Named("eth0", 2)});
  Hold("eth0", kVip);
  Hold("eth0", *net::ParseIpAddress("10.0.0.1"));
  EXPECT_THAT(TakeGroups(), ElementsAre("join eth0 " + kGroup.ToString()));
  EXPECT_THAT(TakeGroups(), IsEmpty());
  segments_.At("eth0").Drop(absl::UnixEpoch(), kVip);
  EXPECT_THAT(TakeGroups(), IsEmpty());  // It was not told.
  segments_.NoteGroups();
  EXPECT_THAT(TakeGroups(), ElementsAre("leave eth0 " + kGroup.ToString()));
}

TEST_F(SegmentTableTest, AnInterfaceThatWasReplacedJoinsAgain) {
  segments_.Match({Named("eth0", 2)});
  Hold("eth0", kVip);
  TakeGroups();
  segments_.Match({Named("eth0", 2)});
  EXPECT_THAT(TakeGroups(), IsEmpty());
  segments_.Match({Named("eth0", 7)});
  EXPECT_THAT(TakeGroups(), ElementsAre("join eth0 " + kGroup.ToString()));
}

}  // namespace
}  // namespace lb::announce
