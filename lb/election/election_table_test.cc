#include "lb/election/election_table.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/election/testing/explanation_text.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// For 192.168.1.240 the digests order these: node-a, node-c, node-b; for .241:
// node-c, node-a, node-b.
class ElectionTableTest : public testing::Test {
 protected:
  ElectionTableTest() {
    table_.SetMembers(members_);
    table_.SetAdvertisements({{.name = "all"}});
    table_.PutVip("a", VipAt("192.168.1.240"));
    table_.PutVip("b", VipAt("192.168.1.241"));
    table_.Update();
  }

  static Vip VipAt(const std::string& address) {
    return {.address = *net::ParseIpAddress(address), .pool = "first"};
  }
  std::string NodeOf(const std::string& key) const {
    return NodesText(*table_.Find(key));
  }
  std::string Explain(const std::string& key) const {
    return ToText(*table_.Explain(key));
  }
  std::string WhatIf(const std::vector<std::string>& without,
                     const std::vector<std::string>& with) const {
    return ToText(*table_.WhatIf(without, with));
  }

  const std::vector<std::string> members_ = {"node-a", "node-b", "node-c"};
  ElectionTable table_;
};

TEST_F(ElectionTableTest, UpdateNamesWhatChanged) {
  EXPECT_EQ(NodeOf("a"), "node-a");
  EXPECT_EQ(NodeOf("b"), "node-c");
  EXPECT_THAT(table_.Update(), IsEmpty());
  table_.SetMembers({"node-a", "node-b"});
  EXPECT_THAT(table_.Update(), ElementsAre("b"));
  EXPECT_EQ(NodeOf("b"), "node-a");
  table_.PutVip("c", VipAt("192.168.1.242"));
  table_.RemoveVip("a");
  EXPECT_THAT(table_.Update(), ElementsAre("a", "c"));
  EXPECT_EQ(table_.Find("a"), nullptr);
  EXPECT_EQ(table_.size(), 2u);
}

TEST_F(ElectionTableTest, TheSameInputsAgainAreNoChange) {
  table_.SetMembers({"node-c", "node-b", "node-a", "node-a"});
  table_.SetAdvertisements({{.name = "all"}});
  table_.SetDefaultPolicy(Policy::kCompat);
  table_.SetIgnoreExcludeLabel(false);
  table_.PutVip("a", VipAt("192.168.1.240"));
  table_.RemoveVip("z");
  table_.RemoveNode("z");
  table_.SetHolder("z", "node-a");
  EXPECT_THAT(table_.Update(), IsEmpty());
}

TEST_F(ElectionTableTest, OtherInterfacesAreAChange) {
  table_.SetAdvertisements({{.name = "all", .interfaces = {"eth0"}}});
  EXPECT_THAT(table_.Update(), ElementsAre("a", "b"));
  EXPECT_THAT(table_.Find("a")->at(0).interfaces, ElementsAre("eth0"));
}

TEST_F(ElectionTableTest, ANewServiceThatNobodyMayAnnounceIsNamedToo) {
  Vip vip = VipAt("192.168.1.242");
  vip.traffic.endpoints.emplace();
  table_.PutVip("c", vip);
  EXPECT_EQ(table_.Find("c"), nullptr);  // Not before Update().
  EXPECT_THAT(table_.Update(), ElementsAre("c"));
  EXPECT_EQ(NodeOf("c"), "");
}

TEST_F(ElectionTableTest, AnotherAddressOfAServiceIsElectedAnew) {
  table_.PutVip("a", VipAt("192.168.1.241"));
  EXPECT_THAT(table_.Update(), ElementsAre("a"));
  EXPECT_EQ(NodeOf("a"), "node-c");
}

TEST_F(ElectionTableTest, AHolderCountsWithSticky) {
  table_.SetHolder("a", "node-b");
  EXPECT_THAT(table_.Update(), IsEmpty());
  table_.SetDefaultPolicy(Policy::kSticky);
  EXPECT_THAT(table_.Update(), ElementsAre("a"));
  EXPECT_EQ(NodeOf("a"), "node-b");
  Vip vip = VipAt("192.168.1.240");
  vip.holder = "node-c";
  table_.PutVip("a", vip);
  EXPECT_THAT(table_.Update(), ElementsAre("a"));
  EXPECT_EQ(NodeOf("a"), "node-c");
}

TEST_F(ElectionTableTest, ExplainsWhatElectDecides) {
  EXPECT_EQ(Explain("a"),
            "192.168.1.240 compat holder=- winner=node-a []: node-a ranks "
            "first of 3: it has the lowest digest\n"
            "1 node-a announcer score=0 0905ce28\n"
            "2 node-c notOwner score=0 a6530f9d\n"
            "3 node-b notOwner score=0 c5db6995\n");
  EXPECT_THAT(table_.Explain("z"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("Service/z")));
}

// Two services, three nodes: a share of one each.
TEST_F(ElectionTableTest, ExplainsWhatTheBalanceDecides) {
  table_.SetDefaultPolicy(Policy::kBalanced);
  table_.PutVip("b", VipAt("192.168.1.240"));
  table_.Update();
  EXPECT_EQ(Explain("b"),
            "192.168.1.240 balanced holder=- winner=node-c []: nobody holds "
            "it; node-c is the first of 3 that has room, 1 of at most 1\n"
            "1 node-a notOwner score=0 0905ce28\n"
            "2 node-c announcer score=0 a6530f9d\n"
            "3 node-b notOwner score=0 c5db6995\n");
  table_.SetHolder("a", "node-b");
  table_.SetHolder("b", "node-b");
  table_.Update();
  EXPECT_EQ(Explain("b"),
            "192.168.1.240 balanced holder=node-b winner=node-a []: its holder "
            "node-b has its share; node-a is the first of 3 that has room, 1 "
            "of at most 1\n"
            "1 node-a announcer score=0 0905ce28\n"
            "2 node-c notOwner score=0 a6530f9d\n"
            "3 node-b notOwner score=0 c5db6995\n");
}

TEST_F(ElectionTableTest, ExplainsABalancedServiceThatNobodyMayAnnounce) {
  table_.SetDefaultPolicy(Policy::kBalanced);
  table_.SetMembers({});
  table_.Update();
  EXPECT_EQ(Explain("a"),
            "192.168.1.240 balanced holder=- winner=- []: no node is a "
            "candidate\n");
}

TEST_F(ElectionTableTest, WhatIfTellsTheMovesAndChangesNothing) {
  EXPECT_EQ(WhatIf({}, {}), "");
  EXPECT_EQ(WhatIf({"node-b"}, {}), "");
  EXPECT_EQ(WhatIf({"node-a"}, {}), "a 192.168.1.240 node-a->node-c\n");
  EXPECT_EQ(WhatIf({"node-a", "node-c"}, {}),
            "a 192.168.1.240 node-a->node-b\n"
            "b 192.168.1.241 node-c->node-b\n");
  EXPECT_EQ(WhatIf(members_, {}),
            "a 192.168.1.240 node-a->\n"
            "b 192.168.1.241 node-c->\n");
  EXPECT_EQ(WhatIf({"node-c"}, {"node-x"}), "b 192.168.1.241 node-c->node-x\n");
  EXPECT_EQ(NodeOf("a"), "node-a");
  EXPECT_THAT(table_.Update(), IsEmpty());
}

TEST_F(ElectionTableTest, WhatIfGoesByPoliciesAndHolders) {
  table_.SetDefaultPolicy(Policy::kSticky);
  table_.SetHolder("a", "node-b");
  table_.Update();
  EXPECT_EQ(WhatIf({"node-a"}, {}), "");
  EXPECT_EQ(WhatIf({"node-b"}, {}), "a 192.168.1.240 node-b->node-a\n");
}

TEST_F(ElectionTableTest, WhatIfRefusesWhatIsNotSo) {
  EXPECT_THAT(table_.WhatIf({{"node-x"}}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("without \"node-x\": no member, want one")));
  EXPECT_THAT(
      table_.WhatIf({}, {{"node-a"}}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("with \"node-a\": a member already, want another")));
}

}  // namespace
}  // namespace lb::election
