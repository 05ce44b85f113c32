// The objects for BGP against each other: what is refused, and what stays.
#include "lb/config/bgp_admission.h"

#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using testing::HasSubstr;

Desired Read(const std::string& text, const Desired& previous = {}) {
  Manifests manifests;
  ParseManifests("a.yaml", text, {}, &manifests);
  return BuildDesired(manifests, previous);
}

std::string Object(const std::string& kind, const std::string& name,
                   const std::string& spec) {
  return fmt::format(
      "apiVersion: metallb.io/{}\nkind: {}\nmetadata: {{name: {}}}\n"
      "spec: {{{}}}\n---\n",
      kind == "BGPPeer" ? "v1beta2" : "v1beta1", kind, name, spec);
}

std::string Peer(const std::string& name, const std::string& address,
                 const std::string& more = "") {
  return Object(
      "BGPPeer", name,
      fmt::format("myASN: 1, peerASN: 2, peerAddress: {}{}", address, more));
}

std::string Ad(const std::string& name, const std::string& spec = "") {
  return Object("BGPAdvertisement", name, spec);
}

std::string Aliases(const std::string& name, const std::string& alias,
                    const std::string& value) {
  return Object(
      "Community", name,
      fmt::format("communities: [{{name: {}, value: '{}'}}]", alias, value));
}

std::string Pool(const std::string& name, const std::string& addresses) {
  return Object("IPAddressPool", name,
                fmt::format("addresses: [{}]", addresses));
}

std::string Node(const std::string& name, const std::string& rack) {
  return fmt::format(
      "apiVersion: v1\nkind: Node\n"
      "metadata: {{name: {}, labels: {{rack: {}}}}}\n---\n",
      name, rack);
}

// "peers a b, advertisements x y"
std::string Names(const Desired& desired) {
  std::string text = "peers";
  for (const BgpPeer& peer : desired.bgp.peers) text += " " + peer.name;
  text += ", advertisements";
  for (const BgpAdvertisement& one : desired.bgp.advertisements) {
    text += " " + one.name;
  }
  return text;
}

struct Case {
  const char* name;
  std::string text;
  std::string names;
  std::string problem;  // Empty: there is none.
};

void Judge(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Desired desired = Read(c.text);
    EXPECT_EQ(Names(desired), c.names);
    EXPECT_THAT(ToText(desired.problems), HasSubstr(c.problem));
    EXPECT_EQ(desired.problems.size(), c.problem.empty() ? 0u : 1u)
        << ToText(desired.problems);
  }
}

const std::string kRacks = Node("n1", "x") + Node("n2", "y");
const std::string kOnX = ", nodeSelectors: [{matchLabels: {rack: x}}]";
const std::string kOnY = ", nodeSelectors: [{matchLabels: {rack: y}}]";

TEST(BgpAdmissionTest, OneSessionOfANode) {
  Judge({
      {"one session twice", Peer("a", "192.0.2.1") + Peer("b", "192.0.2.1"),
       "peers a, advertisements",
       "BGPPeer/b: spec.peerAddress: the session of BGPPeer/a already, want "
       "another address, port, sourceAddress or other nodes\n"},
      {"another port",
       Peer("a", "192.0.2.1") + Peer("b", "192.0.2.1", ", peerPort: 1179"),
       "peers a b, advertisements", ""},
      {"another source",
       Peer("a", "192.0.2.1", ", sourceAddress: 192.0.2.8") +
           Peer("b", "192.0.2.1", ", sourceAddress: 192.0.2.9"),
       "peers a b, advertisements", ""},
      {"one address on other nodes",
       kRacks + Peer("a", "192.0.2.1", kOnX) + Peer("b", "192.0.2.1", kOnY),
       "peers a b, advertisements", ""},
      {"one of all nodes",
       kRacks + Peer("a", "192.0.2.1") + Peer("b", "192.0.2.1", kOnY),
       "peers a, advertisements", "BGPPeer/b: spec.peerAddress: the session"},
  });
}

TEST(BgpAdmissionTest, PreferencesThatClash) {
  const std::string pool = Pool("p", "10.0.0.0/24, 'fd00::/120'");
  Judge({
      {"two preferences",
       pool + Ad("a", "localPref: 200") + Ad("b", "localPref: 300"),
       "peers, advertisements a",
       "BGPAdvertisement/b: spec.localPref: 300 for routes to which "
       "BGPAdvertisement/a gives 200, want the same, or other pools, lengths, "
       "peers or nodes\n"},
      {"two preferences for two lengths",
       pool + Ad("a", "localPref: 200") +
           Ad("b",
              "localPref: 300, aggregationLength: 24, "
              "aggregationLengthV6: 120"),
       "peers, advertisements a b", ""},
      {"two preferences for the length of one family",
       pool + Ad("a", "localPref: 200") +
           Ad("b", "localPref: 300, aggregationLength: 24"),
       "peers, advertisements a", "BGPAdvertisement/b: spec.localPref: 300"},
      {"two preferences without a pool",
       Ad("a", "localPref: 200") + Ad("b", "localPref: 300"),
       "peers, advertisements a b", ""},
      {"two preferences for two pools",
       pool + Pool("q", "10.1.0.0/24") +
           Ad("a", "localPref: 200, ipAddressPools: [p]") +
           Ad("b", "localPref: 300, ipAddressPools: [q]"),
       "peers, advertisements a b", ""},
      {"two preferences for two peers",
       pool + Ad("a", "localPref: 200, peers: [x]") +
           Ad("b", "localPref: 300, peers: [y]"),
       "peers, advertisements a b", ""},
      {"two preferences on two nodes",
       kRacks + pool + Ad("a", "localPref: 200" + kOnX) +
           Ad("b", "localPref: 300" + kOnY),
       "peers, advertisements a b", ""},
      {"two preferences on one node of two",
       kRacks + pool + Ad("a", "localPref: 200") +
           Ad("b", "localPref: 300" + kOnY),
       "peers, advertisements a", "BGPAdvertisement/b: spec.localPref"},
      {"two preferences where services decide",
       pool + Ad("a", "localPref: 200") +
           Ad("b", "localPref: 300, serviceSelectors: [{}]"),
       "peers, advertisements a b", ""},
  });
}

TEST(BgpAdmissionTest, AggregatesStayWithinTheirPools) {
  Judge({
      {"an aggregate of the pool",
       Pool("p", "10.0.0.0/24") + Ad("a", "aggregationLength: 24"),
       "peers, advertisements a", ""},
      {"an aggregate beyond the pool",
       Pool("p", "10.0.0.0/24") + Ad("a", "aggregationLength: 23"),
       "peers, advertisements",
       "BGPAdvertisement/a: spec.aggregationLength: 23: reaches beyond "
       "10.0.0.0-10.0.0.255 of IPAddressPool/p, want 24 to 32\n"},
      {"an aggregate of the largest part of a range",
       Pool("p", "10.0.0.1-10.0.1.254") + Ad("a", "aggregationLength: 25"),
       "peers, advertisements a", ""},
      {"an aggregate beyond the largest part of a range",
       Pool("p", "10.0.0.1-10.0.1.254") + Ad("a", "aggregationLength: 24"),
       "peers, advertisements", "of IPAddressPool/p, want 25 to 32\n"},
      {"an aggregate beyond one address",
       Pool("p", "10.0.0.0/24, 10.1.0.7-10.1.0.7") +
           Ad("a", "aggregationLength: 31"),
       "peers, advertisements",
       "reaches beyond 10.1.0.7-10.1.0.7 of IPAddressPool/p, want 32 to 32"},
      {"an aggregate beyond an IPv6 pool",
       Pool("p", "'2001:db8::/64'") + Ad("a", "aggregationLengthV6: 63"),
       "peers, advertisements",
       "BGPAdvertisement/a: spec.aggregationLengthV6: 63: reaches beyond"},
      {"an aggregate beyond another pool",
       Pool("p", "10.0.0.0/24") + Pool("q", "10.1.0.0/16") +
           Ad("a", "aggregationLength: 16, ipAddressPools: [q]"),
       "peers, advertisements a", ""},
  });
}

TEST(BgpAdmissionTest, NamesOfOtherObjects) {
  Judge({
      {"an alias twice",
       Aliases("a", "x", "1:1") + Aliases("b", "x", "1:2") +
           Ad("r", "communities: [x]"),
       "peers, advertisements r",
       "Community/b: spec.communities[0]: \"x\" is defined by Community/a "
       "already, want one definition\n"},
      {"an alias that is mistyped",
       Aliases("a", "stop-here", "1:1") + Ad("r", "communities: [stop-hree]"),
       "peers, advertisements",
       "BGPAdvertisement/r: spec.communities[0]: \"stop-hree\": no Community "
       "object defines it, want number:number, large:number:number:number or "
       "an alias, did you mean stop-here?\n"},
      {"a profile that is mistyped",
       Object("BFDProfile", "quick", "") +
           Peer("p", "192.0.2.1", ", bfdProfile: qiuck"),
       "peers, advertisements",
       "BGPPeer/p: spec.bfdProfile: \"qiuck\": no such BFDProfile, did you "
       "mean "
       "quick?\n"},
  });
}

// What is in force stays, whatever the order of names.
TEST(BgpAdmissionTest, OfTwoThatClashTheOneInForceStays) {
  const Desired before = Read(Peer("b", "192.0.2.1"));
  Desired after = Read(Peer("a", "192.0.2.1") + Peer("b", "192.0.2.1"), before);
  EXPECT_EQ(Names(after), "peers b, advertisements");
  EXPECT_THAT(ToText(after.problems), HasSubstr("BGPPeer/a: "));
  // Also if its new value is refused.
  after = Read(
      Peer("a", "192.0.2.1") + Peer("b", "192.0.2.1", ", bfdProfile: none"),
      before);
  EXPECT_EQ(Names(after), "peers b, advertisements");
  EXPECT_EQ(after.problems.size(), 2u) << ToText(after.problems);
  EXPECT_EQ(after.bgp, before.bgp);
  // The clash ends with its cause.
  after = Read(Peer("a", "192.0.2.1"), after);
  EXPECT_EQ(Names(after), "peers a, advertisements");
  EXPECT_EQ(ToText(after.problems), "");
}

TEST(BgpAdmissionTest, WhatWasJoinedStays) {
  const std::string secret =
      "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
      "type: kubernetes.io/basic-auth\nstringData: {password: one}\n---\n";
  const std::string users =
      Peer("p", "192.0.2.1", ", bfdProfile: b, passwordSecret: {name: s}") +
      Ad("r", "communities: [x]");
  const Desired before =
      Read(users + secret + Object("BFDProfile", "b", "detectMultiplier: 5") +
           Aliases("c", "x", "1:1"));
  ASSERT_EQ(ToText(before.problems), "");
  const Desired after = Read(users, before);
  EXPECT_EQ(after.bgp.peers, before.bgp.peers);
  EXPECT_EQ(after.bgp.advertisements, before.bgp.advertisements);
  EXPECT_EQ(ToText(after.bgp.peers.size() == 1 ? after : Desired()),
            ToText(before));
  EXPECT_EQ(after.problems.size(), 2u) << ToText(after.problems);
  // After a restart nothing is known of them.
  Desired restored;
  restored.objects = after.objects;
  EXPECT_EQ(Names(Read(users, restored)), "peers, advertisements");
  // What they were joined with changes.
  const Desired changed =
      Read(users + secret + Object("BFDProfile", "b", "detectMultiplier: 7") +
               Aliases("c", "x", "1:9"),
           after);
  EXPECT_EQ(ToText(changed.problems), "");
  EXPECT_EQ(changed.bgp.peers[0].bfd->detect_multiplier, 7);
  EXPECT_EQ(changed.bgp.advertisements[0].standard_communities[0].ToString(),
            "1:9");
}

TEST(BgpAdmissionTest, OneObjectTooManyIsRefused) {
  std::string text;
  for (size_t i = 0; i < kBgpObjectsMax; ++i) {
    text += Peer(fmt::format("p{}", i),
                 fmt::format("10.1.{}.{}", i / 200, i % 200 + 1));
  }
  const Desired before = Read(text);
  EXPECT_EQ(before.bgp.peers.size(), kBgpObjectsMax);
  EXPECT_EQ(ToText(before.problems), "");
  // Its name comes first, and it is the one.
  const Desired after = Read(Peer("a", "192.0.2.1") + text, before);
  EXPECT_EQ(after.bgp.peers, before.bgp.peers);
  EXPECT_EQ(ToText(after.problems),
            "a.yaml:1: BGPPeer/a: one too many, want at most 512 BGPPeer "
            "objects\n");
}

TEST(BgpAdmissionTest, OneAliasTooManyIsRefused) {
  std::string aliases = "communities: [";
  for (size_t i = 0; i < kCommunityAliasesMax; ++i) {
    aliases += fmt::format("{{name: n{}, value: '1:1'}}, ", i);
  }
  const std::string many = Object("Community", "many", aliases + "]");
  EXPECT_EQ(ToText(Read(many).problems), "");
  const Desired desired = Read(many + Aliases("more", "x", "1:2"));
  EXPECT_EQ(desired.bgp.communities.size(), 1u);
  EXPECT_THAT(ToText(desired.problems),
              HasSubstr("Community/more: spec.communities: 1 besides 10000, "
                        "want at most 10000 aliases in all\n"));
}

TEST(BgpAdmissionTest, NoticesOfWhatIsNotThere) {
  const Desired desired = Read(
      Peer("tor-a", "192.0.2.1", ", nodeSelectors: [{matchLabels: {rak: x}}]") +
      Pool("pool", "10.0.0.0/24") + Node("n", "x") +
      Ad("r",
         "peers: [tor-b, tor-a], ipAddressPools: [pol], "
         "nodeSelectors: [{matchLabels: {rack: z}}]"));
  EXPECT_EQ(ToText(desired.problems), "");
  const std::string notices = ToText(desired.notices);
  for (const char* notice :
       {"BGPAdvertisement/r: spec.peers[0]: \"tor-b\": no such BGPPeer in "
        "force, did you mean tor-a?\n",
        "BGPAdvertisement/r: spec.ipAddressPools[0]: \"pol\": no such pool",
        "BGPAdvertisement/r: spec.nodeSelectors[0]: matches none of the 1 Node "
        "objects\n",
        "BGPPeer/tor-a: spec.nodeSelectors[0]: matches none of the 1 Node "
        "objects: \"rak\", did you mean rack?\n"}) {
    EXPECT_THAT(notices, HasSubstr(notice));
  }
}

}  // namespace
}  // namespace lb::config
