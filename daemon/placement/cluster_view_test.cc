#include "daemon/placement/cluster_view.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/election/announcer.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;

const NodeMetadata kAble = {
    .interfaces = {{{.name = "eth0",
                     .mac = {{0x02, 0, 0x5e, 0, 0x53, 1}},
                     .families = {.ipv4 = true, .ipv6 = true}}}}};

NodeMetadata Draining() {
  NodeMetadata metadata = kAble;
  metadata.draining = true;
  return metadata;
}

class ClusterViewTest : public testing::Test {
 protected:
  void SetMembers(std::vector<LiveMember> live) {
    view_.SetMembers(std::move(live), table_);
  }
  const election::NodeAttributes& Node(const std::string& name) const {
    return table_.cluster().nodes.at(name);
  }

  ClusterView view_{election::Policy::kSticky};
  election::ElectionTable table_;
};

TEST_F(ClusterViewTest, TellsWhatMembersSayOfThemselves) {
  SetMembers({{"n1", kAble}, {"n2", Draining()}});
  EXPECT_THAT(table_.cluster().members, ElementsAre("n1", "n2"));
  EXPECT_FALSE(Node("n1").draining);
  EXPECT_TRUE(Node("n2").draining);
  EXPECT_TRUE(Node("n1").usable_interfaces.has_value());
  EXPECT_EQ(table_.cluster().default_policy, election::Policy::kSticky);
  EXPECT_TRUE(view_.IsLive("n2"));
  EXPECT_FALSE(view_.IsLive("n3"));
}

TEST_F(ClusterViewTest, BesideASpeakerNothingCountsThatItDoesNotKnow) {
  view_.SetNodes({}, {{.name = "all", .policy = election::Policy::kBalanced}},
                 table_);
  SetMembers({{"n1", Draining()}, {"speaker", std::nullopt}});
  EXPECT_TRUE(view_.mixed());
  EXPECT_THAT(table_.cluster().nodes, IsEmpty());
  EXPECT_EQ(table_.cluster().default_policy, election::Policy::kCompat);
  EXPECT_FALSE(table_.cluster().advertisements.at(0).policy.has_value());
  SetMembers({{"n1", Draining()}});
  EXPECT_FALSE(view_.mixed());
  EXPECT_TRUE(Node("n1").draining);
  EXPECT_EQ(table_.cluster().advertisements.at(0).policy,
            election::Policy::kBalanced);
}

TEST_F(ClusterViewTest, BesideAnOlderLbdAllGoByWhatItReads) {
  NodeMetadata arp_only = kAble;
  (*arp_only.interfaces)[0].families.ipv6 = false;
  NodeMetadata older = kAble;
  older.tells_families = false;
  SetMembers({{"n1", arp_only}});
  EXPECT_FALSE(Node("n1").usable_interfaces->by_name.at("eth0").ipv6);
  SetMembers({{"n1", arp_only}, {"n2", older}});
  EXPECT_TRUE(Node("n1").usable_interfaces->by_name.at("eth0").ipv6);
}

TEST_F(ClusterViewTest, TheExcludeLabelIsIgnoredIfAllLbdsIgnoreIt) {
  NodeMetadata ignores = kAble;
  ignores.ignores_exclude_label = true;
  SetMembers({{"n1", ignores}, {"n2", kAble}});
  EXPECT_FALSE(table_.cluster().ignore_exclude_label);
  SetMembers({{"n1", ignores}, {"speaker", std::nullopt}});
  EXPECT_TRUE(table_.cluster().ignore_exclude_label);
}

TEST_F(ClusterViewTest, NodesThatAreGoneLeaveTheTable) {
  view_.SetNodes({{"n1", {.name = "n1", .network_unavailable = true}},
                  {"n9", {.name = "n9"}}},
                 {}, table_);
  SetMembers({{"n1", kAble}, {"n2", kAble}});
  EXPECT_THAT(table_.cluster().nodes,
              ElementsAre(Key("n1"), Key("n2"), Key("n9")));
  EXPECT_TRUE(Node("n1").network_unavailable);
  view_.SetNodes({}, {}, table_);
  SetMembers({{"n1", kAble}});
  EXPECT_THAT(table_.cluster().nodes, ElementsAre(Key("n1")));
  EXPECT_FALSE(Node("n1").network_unavailable);
}

// Both nodes of a pair must come to the same, whatever each hears.
TEST_F(ClusterViewTest, APairGoesByTheManifestsAlone) {
  view_.SetNodes({{"n1", {.name = "n1", .network_unavailable = true}},
                  {"n9", {.name = "n9"}}},
                 {{.name = "all"}}, table_);
  SetMembers({{"n1", Draining()}, {"speaker", std::nullopt}});
  const election::Cluster pair = view_.Only({"n1", "n2"});
  EXPECT_THAT(pair.members, ElementsAre("n1", "n2"));
  EXPECT_THAT(pair.nodes, ElementsAre(Key("n1")));
  EXPECT_FALSE(pair.nodes.at("n1").draining);
  EXPECT_EQ(pair.advertisements.size(), 1u);
}

}  // namespace
}  // namespace lb
