#include "daemon/placement/elections.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr net::MacAddress kMac = {{0x02, 0, 0x5e, 0, 0x53, 1}};
constexpr net::IpFamilies kArp = {.ipv4 = true};
constexpr net::IpFamilies kNdp = {.ipv6 = true};
constexpr net::IpFamilies kBoth = {.ipv4 = true, .ipv6 = true};

// What a node is elected for it announces, or none of it yet.
const Elections::Wire kAnnounced = {[](const auto&) { return true; }, {}};
const Elections::Wire kNotYet = {[](const auto&) { return false; }, {}};

// The metadata of a node with one interface.
NodeMetadata Able(const net::IpFamilies& families = kBoth) {
  return {.interfaces = {{{"eth0", kMac, families}}}};
}

// Elections of n1, made of service names and their addresses.
class ElectionsTest : public testing::Test {
 protected:
  ElectionsTest() { desired_.advertisements.push_back({.name = "all"}); }

  void AddService(const std::string& name,
                  const std::vector<std::string>& addresses) {
    desired_.services[name].request.service = name;
    ipam::ReplicatedAllocator::Entry& entry = entries_[name];
    for (const std::string& address : addresses) {
      entry.assignment.addresses.push_back(
          {*net::ParseIpAddress(address), "pool"});
    }
  }

  Placement Place() {
    std::vector<Elections::LiveMember> live;
    for (const std::string& member : members_) {
      live.push_back({member, NodeMetadata{}});
    }
    elections_.SetMembers(live);
    elections_.SetDesired(desired_);
    return elections_.Update(desired_, entries_, ++version_);
  }
  std::string NodeOf(const std::string& service) {
    return election::NodesText(Place().at(service).announcers);
  }
  // How many of the members announce the address.
  int AnnouncersOf(const std::string& address) {
    int count = 0;
    for (const std::string& member : members_) {
      count += AnnouncementsOf(member, entries_, Place())
                   .count(*net::ParseIpAddress(address));
    }
    return count;
  }

  std::vector<std::string> members_ = {"n1", "n2", "n3"};
  config::Desired desired_;
  AddressEntries entries_;
  uint64_t version_ = 0;
  Elections elections_{"n1", election::Policy::kCompat};
};

TEST_F(ElectionsTest, FirstAddressDecidesForBoth) {
  AddService("a", {"10.0.0.1"});
  AddService("b", {"10.0.0.2", "2001:db8::2"});
  const Placement placement = Place();
  EXPECT_EQ(election::NodesText(placement.at("a").announcers), "n2");
  EXPECT_EQ(election::NodesText(placement.at("b").announcers), "n1");
  EXPECT_EQ(AnnouncersOf("10.0.0.2"), 1);
  EXPECT_EQ(AnnouncersOf("2001:db8::2"), 1);
}

TEST_F(ElectionsTest, AServiceWithoutAddressesHasNoPlace) {
  AddService("a", {});
  EXPECT_THAT(Place(), IsEmpty());
}

TEST_F(ElectionsTest, NamesWhyNobodyMayAnnounce) {
  AddService("a", {"10.0.0.1"});
  desired_.advertisements.clear();
  EXPECT_EQ(NodeOf("a"), "");
  EXPECT_THAT(Place().at("a").reason, HasSubstr("n1 noMatchingAdvertisement"));
  EXPECT_EQ(AnnouncersOf("10.0.0.1"), 0);
}

TEST_F(ElectionsTest, NobodyAnnouncesWithoutMembers) {
  AddService("a", {"10.0.0.1"});
  members_.clear();
  EXPECT_EQ(NodeOf("a"), "");
}

// Each service alone would go by its own first address, so that two nodes would
// answer for a shared second one.
TEST_F(ElectionsTest, SharersOfAnAddressGoToOneNode) {
  for (int i = 1; i <= 20; ++i) {
    entries_.clear();
    desired_.services.clear();
    AddService("a", {"10.0.0." + std::to_string(i), "2001:db8::1"});
    AddService("b", {"2001:db8::1"});
    EXPECT_EQ(AnnouncersOf("2001:db8::1"), 1);
    EXPECT_EQ(NodeOf("a"), NodeOf("b"));
  }
}

TEST_F(ElectionsTest, SharersOfSharersGoThereToo) {
  for (int i = 1; i <= 20; ++i) {
    entries_.clear();
    desired_.services.clear();
    const std::string own = "10.0.0." + std::to_string(i);
    AddService("a", {own});
    AddService("b", {"2001:db8::1"});
    AddService("c", {own, "2001:db8::1"});
    EXPECT_EQ(AnnouncersOf(own), 1);
    EXPECT_EQ(AnnouncersOf("2001:db8::1"), 1);
  }
}

// A service that no node may announce does not take its sharer down with it.
TEST_F(ElectionsTest, ASharerWithoutANodeDoesNotDecide) {
  AddService("a", {"10.0.0.1"});
  AddService("b", {"10.0.0.1"});
  desired_.services["a"].traffic.endpoints.emplace();  // None: no candidate.
  EXPECT_EQ(NodeOf("a"), "");
  EXPECT_EQ(NodeOf("b"), "n2");
  EXPECT_EQ(AnnouncersOf("10.0.0.1"), 1);
}

TEST_F(ElectionsTest, SharersAnnounceOnTheInterfacesOfBoth) {
  AddService("a", {"10.0.0.1"});
  AddService("b", {"10.0.0.1"});
  Placement placement = Place();
  placement["a"].announcers[0].interfaces = {"eth0"};
  placement["b"].announcers[0].interfaces = {"eth1"};
  const net::IpAddress shared = *net::ParseIpAddress("10.0.0.1");
  EXPECT_THAT(AnnouncementsOf("n2", entries_, placement).at(shared).interfaces,
              ElementsAre("eth0", "eth1"));
  placement["a"].announcers[0].interfaces = {};  // All.
  EXPECT_THAT(AnnouncementsOf("n2", entries_, placement).at(shared).interfaces,
              IsEmpty());
}

// Elections of one node, with what members say of themselves.
class MembersTest : public testing::Test {
 protected:
  MembersTest() {
    desired_.advertisements.push_back({.name = "all"});
    desired_.services["web"].request.service = "web";
    entries_["web"].assignment.addresses.push_back({kVip, "pool"});
  }

  // The node that announces "web", as `elections` sees it.
  std::string NodeOf(Elections& elections) {
    elections.SetMembers(live_);
    elections.SetDesired(desired_);
    const Placement& placement =
        elections.Update(desired_, entries_, ++version_);
    return election::NodesText(placement.at("web").announcers);
  }

  const net::IpAddress kVip = *net::ParseIpAddress("10.0.0.1");
  // In rank: n2, n3, n1.
  std::vector<Elections::LiveMember> live_ = {
      {"n1", Able()}, {"n2", Able()}, {"n3", Able()}};
  config::Desired desired_;
  AddressEntries entries_;
  uint64_t version_ = 0;
};

TEST_F(MembersTest, WhoDrainsOrIsSilentOrHasNoInterfaceIsPassedOver) {
  Elections elections("n1", election::Policy::kCompat);
  EXPECT_EQ(NodeOf(elections), "n2");
  live_[1].metadata->draining = true;
  EXPECT_EQ(NodeOf(elections), "n3");
  live_[2].metadata->silent = true;
  EXPECT_EQ(NodeOf(elections), "n1");
  const auto why = elections.Explain("web");
  ASSERT_TRUE(why.ok());
  for (const auto& node : why->nodes) {
    if (node.node == "n1") continue;
    EXPECT_EQ(node.verdict, node.node == "n2"
                                ? election::NodeVerdict::kNodeDraining
                                : election::NodeVerdict::kNodeSilent);
  }
  live_[2].metadata = {.interfaces = {{}}};
  EXPECT_EQ(NodeOf(elections), "n1");
  live_[1].metadata = Able();
  EXPECT_EQ(NodeOf(elections), "n2");
}

// IPv6 is switched off on n2: NDP needs a link-local address.
TEST_F(MembersTest, ANodeWithoutNdpIsNotElectedForAnIpv6Address) {
  entries_["web"].assignment.addresses = {
      {*net::ParseIpAddress("fd00::4"), "pool"}};
  Elections elections("n1", election::Policy::kCompat);
  const std::string first = NodeOf(elections);
  for (auto& member : live_) {
    if (member.name == first) member.metadata = Able(kArp);
  }
  const std::string second = NodeOf(elections);
  EXPECT_NE(second, first);
  for (auto& member : live_) member.metadata = Able(kArp);
  elections.SetMembers(live_);
  const auto& place = elections.Update(desired_, entries_, version_).at("web");
  EXPECT_THAT(place.announcers, testing::IsEmpty());
  EXPECT_EQ(place.reason,
            "nobody may announce it: n1 noUsableInterface (wants NDP on any "
            "interface; it has eth0 (ARP)), n2 noUsableInterface (wants NDP on "
            "any interface; it has eth0 (ARP)), n3 noUsableInterface (wants "
            "NDP on any interface; it has eth0 (ARP))");
}

TEST_F(MembersTest, AServiceOfBothFamiliesPrefersANodeThatHasBoth) {
  entries_["web"].assignment.addresses.push_back(
      {*net::ParseIpAddress("fd00::4"), "pool"});
  Elections elections("n1", election::Policy::kCompat);
  EXPECT_EQ(NodeOf(elections), "n2");
  live_[1].metadata = Able(kArp);
  EXPECT_EQ(NodeOf(elections), "n3");
  live_[0].metadata = live_[2].metadata = Able(kArp);
  EXPECT_EQ(NodeOf(elections), "n2");
}

// It shares the address of one that needs both.
TEST_F(MembersTest, SharersGoWhereTheOneOfBothFamiliesGoes) {
  entries_["zweb"] = entries_["web"];
  entries_["zweb"].assignment.addresses.push_back(
      {*net::ParseIpAddress("fd00::4"), "pool"});
  desired_.services["zweb"].request.service = "zweb";
  live_[1].metadata = Able(kArp);
  Elections elections("n1", election::Policy::kCompat);
  EXPECT_EQ(NodeOf(elections), "n3");
  EXPECT_TRUE(IsElected(elections.placement().at("zweb"), "n3"));
}

// It would elect itself, by what it knows of the others.
TEST_F(MembersTest, WhileAnOlderLbdIsAMemberAllElectAsItDoes) {
  Elections elections("n1", election::Policy::kCompat);
  live_[1].metadata = Able(kNdp);
  EXPECT_EQ(NodeOf(elections), "n3");
  live_[0].metadata = {.interfaces = {{{"eth0", kMac}}},
                       .tells_families = false};
  EXPECT_EQ(NodeOf(elections), "n2");
  live_[1].metadata = {.interfaces = {{}}};
  EXPECT_EQ(NodeOf(elections), "n3");
  live_[1].metadata->older_read_all = false;
  EXPECT_EQ(NodeOf(elections), "n2");
}

TEST_F(MembersTest, TheExcludeLabelIsIgnoredOnceAllIgnoreIt) {
  desired_.nodes["n2"] = election::NodeKnownByName("n2");
  desired_.nodes["n2"].labels[std::string(election::kExcludeLabel)] = "";
  Elections elections("n1", election::Policy::kCompat);
  EXPECT_EQ(NodeOf(elections), "n3");
  live_[0].metadata->ignores_exclude_label = true;
  live_[1].metadata->ignores_exclude_label = true;
  EXPECT_EQ(NodeOf(elections), "n3");
  live_[2].metadata->ignores_exclude_label = true;
  EXPECT_EQ(NodeOf(elections), "n2");
}

// A MetalLB speaker elects without all this, and would leave the address to n2.
TEST_F(MembersTest, AMemberThatIsNoLbdMakesAllElectionsMetallbs) {
  Elections elections("n1", election::Policy::kSticky);
  live_[1].metadata->draining = true;
  EXPECT_EQ(NodeOf(elections), "n3");
  EXPECT_FALSE(elections.mixed());
  live_.push_back({"speaker", std::nullopt});
  EXPECT_EQ(NodeOf(elections), "n2");
  EXPECT_TRUE(elections.mixed());
  EXPECT_EQ(elections.Explain("web")->policy, election::Policy::kCompat);
}

// It announced the address until now, and answers for it until it hears of n2.
TEST_F(MembersTest, WhatASpeakerMayHaveIsNotProbed) {
  live_.pop_back();
  live_.push_back({"n3", std::nullopt});
  Elections elections("n2", election::Policy::kCompat);
  EXPECT_EQ(NodeOf(elections), "n2");
  EXPECT_THAT(elections.Claim(entries_, absl::UnixEpoch(), kNotYet), IsEmpty());
  EXPECT_THAT(elections.Claim(entries_, absl::UnixEpoch(), kAnnounced),
              IsEmpty());
  EXPECT_EQ(elections.tenures().HolderOf(kVip), "n2");
}

// It leaves the gossip before its process ends, and answers until then.
TEST_F(MembersTest, WhatASpeakerHadUntilItLeftIsNotProbed) {
  live_ = {
      {"n1", NodeMetadata{}}, {"n2", std::nullopt}, {"n3", NodeMetadata{}}};
  Elections elections("n3", election::Policy::kCompat);
  EXPECT_EQ(NodeOf(elections), "n2");
  EXPECT_THAT(elections.Claim(entries_, absl::UnixEpoch(), kNotYet), IsEmpty());
  live_ = {{"n1", NodeMetadata{}}, {"n3", NodeMetadata{}}};
  EXPECT_EQ(NodeOf(elections), "n3");
  EXPECT_FALSE(elections.mixed());
  EXPECT_THAT(elections.Claim(entries_, absl::UnixEpoch(), kNotYet), IsEmpty());
}

TEST_F(MembersTest, WhatNoSpeakerMayHaveIsProbed) {
  live_.push_back({"speaker", std::nullopt});
  desired_.nodes["speaker"] = election::NodeKnownByName("speaker");
  desired_.nodes["speaker"].network_unavailable = true;
  Elections elections("n2", election::Policy::kCompat);
  EXPECT_EQ(NodeOf(elections), "n2");
  EXPECT_THAT(elections.Claim(entries_, absl::UnixEpoch(), kNotYet),
              ElementsAre(kVip));
}

TEST_F(MembersTest, StickyHoldersAreAgreedByClaims) {
  Elections first("n3", election::Policy::kSticky);
  Elections other("n2", election::Policy::kSticky);
  std::swap(live_[1], live_.back());
  live_.pop_back();  // n2 is not there yet.
  EXPECT_EQ(NodeOf(first), "n3");
  EXPECT_THAT(first.Claim(entries_, absl::UnixEpoch(), kNotYet),
              ElementsAre(kVip));
  EXPECT_THAT(first.Claim(entries_, absl::UnixEpoch(), kAnnounced), IsEmpty());
  live_.push_back({"n2", NodeMetadata{}});
  EXPECT_EQ(NodeOf(first), "n3");
  EXPECT_EQ(NodeOf(other), "n2");  // Has not heard of it.
  ASSERT_TRUE(other.Merge(first.tenures().FullMessage()).ok());
  EXPECT_EQ(NodeOf(other), "n3");
  EXPECT_THAT(other.Claim(entries_, absl::UnixEpoch(), kNotYet), IsEmpty());
  // A takeover is no new address: others are not to be asked for it.
  live_ = {{"n1", NodeMetadata{}}, {"n2", NodeMetadata{}}};
  EXPECT_EQ(NodeOf(other), "n2");
  EXPECT_THAT(other.Claim(entries_, absl::UnixEpoch(), kNotYet), IsEmpty());
  EXPECT_EQ(other.tenures().HolderOf(kVip), "n3");
  EXPECT_THAT(other.Claim(entries_, absl::UnixEpoch(), kAnnounced), IsEmpty());
  EXPECT_EQ(other.tenures().HolderOf(kVip), "n2");
}

// The node was elected, and lost the election before its probes ended.
TEST_F(MembersTest, WhatWasNeverAnnouncedIsProbedByWhoeverIsElectedNext) {
  Elections first("n2", election::Policy::kCompat);
  Elections other("n3", election::Policy::kCompat);
  EXPECT_EQ(NodeOf(first), "n2");
  EXPECT_THAT(first.Claim(entries_, absl::UnixEpoch(), kNotYet),
              ElementsAre(kVip));
  ASSERT_TRUE(other.Merge(first.tenures().FullMessage()).ok());
  live_[1].metadata->draining = true;
  EXPECT_EQ(NodeOf(other), "n3");
  EXPECT_THAT(other.Claim(entries_, absl::UnixEpoch(), kNotYet),
              ElementsAre(kVip));
  live_[1].metadata->draining = false;
  EXPECT_EQ(NodeOf(first), "n2");
  EXPECT_THAT(first.Claim(entries_, absl::UnixEpoch(), kNotYet),
              ElementsAre(kVip));
  EXPECT_EQ(first.tenures().HolderOf(kVip), std::nullopt);
}

// Its last holder said nothing of who has it by now.
TEST_F(MembersTest, WhatNobodyWasToAnnounceIsProbedUntilSomebodyDid) {
  Elections first("n2", election::Policy::kCompat);
  Elections other("n3", election::Policy::kCompat);
  const auto claim = [&](Elections& elections, const Elections::Wire& wire) {
    return elections.Claim(entries_, absl::UnixEpoch(), wire);
  };
  const auto nobody_may = [&](bool nobody) {
    for (auto& member : live_) {
      member.metadata = Able();
      if (nobody) member.metadata->interfaces->clear();
    }
    for (Elections* elections : {&first, &other}) {
      EXPECT_EQ(NodeOf(*elections), nobody ? "" : "n2");
    }
  };
  nobody_may(false);
  EXPECT_THAT(claim(first, kAnnounced), IsEmpty());
  ASSERT_TRUE(other.Merge(first.tenures().FullMessage()).ok());
  EXPECT_THAT(claim(other, kNotYet), IsEmpty());
  nobody_may(true);
  nobody_may(false);
  EXPECT_EQ(first.tenures().HolderOf(kVip), "n2");
  EXPECT_THAT(claim(first, kNotYet), ElementsAre(kVip));
  // It dies while it probes, and after it.
  const auto live = std::exchange(live_, {live_[0], live_[2]});
  EXPECT_EQ(NodeOf(other), "n3");
  EXPECT_THAT(claim(other, kNotYet), ElementsAre(kVip));
  live_ = live;
  EXPECT_EQ(NodeOf(other), "n2");
  EXPECT_THAT(claim(first, kAnnounced), IsEmpty());
  ASSERT_TRUE(other.Merge(first.tenures().FullMessage()).ok());
  live_ = {live_[0], live_[2]};
  EXPECT_EQ(NodeOf(other), "n3");
  EXPECT_THAT(claim(other, kNotYet), IsEmpty());
}

// It knows of the holder, and not whether that announced the address.
TEST_F(MembersTest, ANodeThatStartsProbesUnlessALiveHolderMayAnnounceIt) {
  const auto probes = [&](const std::string& holder) {
    Elections holders(holder, election::Policy::kCompat);
    const auto live = std::exchange(
        live_, {{"n1", NodeMetadata{}}, {holder, NodeMetadata{}}});
    NodeOf(holders);
    holders.Claim(entries_, absl::UnixEpoch(), kAnnounced);
    live_ = live;
    Elections fresh("n2", election::Policy::kCompat);
    EXPECT_TRUE(fresh.Merge(holders.tenures().FullMessage()).ok());
    EXPECT_EQ(NodeOf(fresh), "n2");
    return !fresh.Claim(entries_, absl::UnixEpoch(), kNotYet).empty();
  };
  EXPECT_FALSE(probes("n3"));
  EXPECT_TRUE(probes("n2"));  // It was itself, in an earlier run.
  live_[2].metadata->silent = true;
  EXPECT_TRUE(probes("n3"));
  live_.pop_back();
  EXPECT_TRUE(probes("n3"));
}

// What a host has, no member has: the next one asks first.
TEST_F(MembersTest, AnAddressThatAHostHadIsProbedWhenItComesBack) {
  Elections elections("n2", election::Policy::kCompat);
  NodeOf(elections);
  elections.Claim(entries_, absl::UnixEpoch(), kAnnounced);
  elections.SetWithheld({{kVip, "n1's own"}}, absl::UnixEpoch());
  EXPECT_EQ(NodeOf(elections), "");
  EXPECT_EQ(elections.tenures().HolderOf(kVip), std::nullopt);
  elections.SetWithheld({}, absl::UnixEpoch());
  EXPECT_EQ(NodeOf(elections), "n2");
  for (int look = 0; look < 2; ++look) {
    EXPECT_THAT(elections.Claim(entries_, absl::UnixEpoch(), kNotYet),
                ElementsAre(kVip));
  }
}

// A split heals: its claim is heard before it is seen to be alive.
TEST_F(MembersTest, InAReunionTheClaimOfOneThatPassesForDeadIsLeftAlone) {
  Elections far("n2", election::Policy::kSticky);
  NodeOf(far);
  far.Claim(entries_, absl::UnixEpoch(), kAnnounced);
  Elections near("n3", election::Policy::kSticky);
  ASSERT_TRUE(near.Merge(far.tenures().FullMessage()).ok());
  live_ = {{"n3", NodeMetadata{}}};
  EXPECT_EQ(NodeOf(near), "n3");
  near.Claim(entries_, absl::UnixEpoch(), kAnnounced, /*reuniting=*/true);
  EXPECT_EQ(near.tenures().HolderOf(kVip), "n2");
  near.Claim(entries_, absl::UnixEpoch(), kAnnounced);
  EXPECT_EQ(near.tenures().HolderOf(kVip), "n3");
}

TEST_F(MembersTest, WhatIsOnRecordNoLongerNobodyHolds) {
  Elections elections("n2", election::Policy::kSticky);
  NodeOf(elections);
  elections.Claim(entries_, absl::UnixEpoch(), kAnnounced);
  elections.ReleaseUnused({}, absl::UnixEpoch());
  EXPECT_EQ(elections.tenures().HolderOf(kVip), "n2");
  elections.ReleaseUnused({kVip}, absl::UnixEpoch());
  EXPECT_EQ(elections.tenures().HolderOf(kVip), std::nullopt);
}

// Both claimed it while they did not hear each other; n2 kept it.
TEST_F(MembersTest, AClaimThatWasContestedWinsWhenItIsMadeAgain) {
  Elections first("n2", election::Policy::kSticky);
  Elections other("n3", election::Policy::kSticky);
  NodeOf(first);
  first.Claim(entries_, absl::UnixEpoch(), kAnnounced);
  ASSERT_TRUE(other.Merge(first.tenures().FullMessage()).ok());
  live_.erase(live_.begin() + 1);
  EXPECT_EQ(NodeOf(other), "n3");
  other.Claim(entries_, absl::UnixEpoch(), kAnnounced);  // A later term.
  first.Reclaim(kVip, absl::UnixEpoch());
  ASSERT_TRUE(first.Merge(other.tenures().FullMessage()).ok());
  ASSERT_TRUE(other.Merge(first.tenures().FullMessage()).ok());
  EXPECT_EQ(first.tenures().HolderOf(kVip), "n2");
  EXPECT_EQ(other.tenures().HolderOf(kVip), "n2");
}

TEST_F(MembersTest, OfTwoRivalsOnePrecedesWhoeverIsAMember) {
  for (int i = 1; i <= 50; ++i) {
    const net::IpAddress vip =
        *net::ParseIpAddress("10.0.0." + std::to_string(i));
    entries_["web"].assignment.addresses[0].address = vip;
    Elections a("n1", election::Policy::kBalanced);
    Elections b("n2", election::Policy::kBalanced);
    live_ = {{"n1", NodeMetadata{}}};
    NodeOf(a);
    live_ = {{"n2", NodeMetadata{}}};
    NodeOf(b);
    EXPECT_NE(a.Precedes(vip, "n2"), b.Precedes(vip, "n1"));
    const net::IpAddress unknown =
        *net::ParseIpAddress("10.9.0." + std::to_string(i));
    EXPECT_NE(a.Precedes(unknown, "n2"), b.Precedes(unknown, "n1"));
  }
}

}  // namespace
}  // namespace lb
