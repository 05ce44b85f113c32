// Nodes that cannot announce everything: no service goes to a node that would
// not answer. If there is no other node, that is a problem as long as it lasts.
//
// Found by users: IPv6 is switched off on two of three nodes; half of the IPv6
// services were elected there, and no node answered for them.
#include <string>
#include <vector>

#include "daemon/problems/problems.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kFollowed = absl::Seconds(3);

std::string TwoFamilies() {
  return PoolManifest("fours", "172.18.8.201-172.18.8.205") +
         PoolManifest("sixes", "fd00::201-fd00::20f") + kAdvertisement;
}

// `spec` is a part of it: "ipFamilies: [IPv6]".
std::string ServiceOf(const std::string& name, const std::string& spec) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         ", namespace: default}\nspec: {type: LoadBalancer, " + spec +
         ", ports: [{port: 80}]}\n";
}

std::string SixOf(const std::string& name) {
  return ServiceOf(name, "ipFamilies: [IPv6]");
}

std::vector<std::string> Texts(const Agent& agent, ProblemKind kind) {
  std::vector<std::string> texts;
  for (const Problem& problem : ListProblems(agent.View())) {
    if (problem.kind == kind) texts.push_back(problem.text);
  }
  return texts;
}

class AbilityTest : public testing::Test {
 protected:
  void SwitchIpv6(const std::string& node, bool on) {
    const net::IpPrefix link_local =
        *net::ParseIpPrefix("fe80::1" + node.substr(1) + "/64");
    on ? cluster_.host(node).links().AddAddress("eth0", link_local)
       : cluster_.host(node).links().RemoveAddress("eth0", link_local);
  }
  std::string NodeOf(const std::string& node, const std::string& service) {
    return election::NodesText(cluster_.agent(node)
                                   .View()
                                   .placement()
                                   .at("default/" + service)
                                   .announcers);
  }
  // Checks that all nodes have these problems of the kind.
  template <typename Matcher>
  void ExpectEverywhere(ProblemKind kind, const Matcher& matcher) {
    for (const std::string& node : cluster_.names()) {
      SCOPED_TRACE(node);
      EXPECT_THAT(Texts(cluster_.agent(node), kind), matcher);
    }
  }
  void ExpectNoProblems() {
    for (const std::string& node : cluster_.names()) {
      EXPECT_THAT(ListProblems(cluster_.agent(node).View()), IsEmpty()) << node;
    }
  }

  Cluster cluster_{/*seed=*/7, /*nodes=*/3};
};

TEST_F(AbilityTest, Ipv6ServicesGoToTheNodeThatHasIpv6) {
  SwitchIpv6("n1", false);
  SwitchIpv6("n3", false);
  std::string manifests = TwoFamilies();
  for (const char* name : {"s1", "s2", "s3", "s4", "s5", "s6"}) {
    manifests += SixOf(name);
  }
  cluster_.SetManifests(manifests);
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  for (const std::string& node : cluster_.names()) {
    for (const auto& [service, place] :
         cluster_.agent(node).View().placement()) {
      EXPECT_EQ(election::NodesText(place.announcers), "n2")
          << service << " by " << node;
    }
  }
  ExpectNoProblems();

  SwitchIpv6("n2", false);
  cluster_.RunFor(kFollowed);
  for (const std::string& node : cluster_.names()) {
    const auto texts = Texts(cluster_.agent(node), ProblemKind::kNoAnnouncer);
    ASSERT_EQ(texts.size(), 6u);
    EXPECT_THAT(texts[0], HasSubstr("n2 noUsableInterface (wants NDP on any "
                                    "interface; it has eth0 (ARP))"));
  }

  SwitchIpv6("n1", true);
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_EQ(NodeOf("n3", "s1"), "n1");
  ExpectNoProblems();
}

TEST_F(AbilityTest, WhatTheElectedNodeCannotAnnounceIsAProblemOnAllNodes) {
  for (const char* node : {"n1", "n2", "n3"}) SwitchIpv6(node, false);
  cluster_.SetManifests(
      TwoFamilies() +
      ServiceOf("both",
                "ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv4, IPv6]"));
  cluster_.StartAll();
  cluster_.RunFor(kSettled);
  const std::string first = NodeOf("n1", "both");
  ASSERT_NE(first, "");  // Its IPv4 address is announced.
  ExpectEverywhere(
      ProblemKind::kUnableAnnouncer,
      ElementsAre("Service/default/both: fd00::201: elected on " + first +
                  ", which cannot announce it: wants NDP on any "
                  "interface; it has eth0 (ARP)"));

  // The node that has both gets it.
  const std::string other = first == "n2" ? "n3" : "n2";
  SwitchIpv6(other, true);
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_EQ(NodeOf("n1", "both"), other);
  ExpectNoProblems();
}

// A MetalLB speaker would elect n1 or n3 whether they have IPv6 or not.
TEST_F(AbilityTest, BesideAMemberThatIsNoLbdAnUnableNodeComplains) {
  SwitchIpv6("n1", false);
  SwitchIpv6("n2", false);
  cluster_.SetManifests(TwoFamilies() + SixOf("s1") + SixOf("s2"));
  cluster_.Start("n1");
  cluster_.Start("n2");
  const auto speaker = cluster_.StartPeer("n3", "n1");
  cluster_.RunFor(kSettled);
  for (const char* const service : {"s1", "s2"}) {
    const std::string node = NodeOf("n1", service);
    size_t named = 0;
    for (const std::string& text :
         Texts(cluster_.agent("n2"), ProblemKind::kUnableAnnouncer)) {
      named += text.find(std::string("default/") + service) != text.npos;
    }
    EXPECT_EQ(named, node == "n3" ? 0u : 1u) << node;
  }
  cluster_.Crash("n3");
}

TEST_F(AbilityTest, AServiceWithoutAnAddressIsAProblemUntilItHasOne) {
  cluster_.SetManifests(PoolManifest("one", "172.18.8.201/32") +
                        kAdvertisement + ServiceManifest("a") +
                        ServiceManifest("b"));
  cluster_.StartAll();
  cluster_.RunFor(kSettled);
  ExpectEverywhere(ProblemKind::kNoAddress,
                   ElementsAre(HasSubstr("Service/default/b: no address: ")));
  cluster_.SetManifests(Basics() + ServiceManifest("a") + ServiceManifest("b"));
  cluster_.RunFor(kFollowed);
  ExpectEverywhere(ProblemKind::kNoAddress, IsEmpty());
}

TEST_F(AbilityTest, AServiceThatNoNodeMayAnnounceIsAProblemUntilOneMay) {
  cluster_.SetManifests(PoolManifest("p", "172.18.8.201-172.18.8.205") +
                        ServiceManifest("a"));
  cluster_.StartAll();
  cluster_.RunFor(kSettled);
  ExpectEverywhere(
      ProblemKind::kNoAnnouncer,
      ElementsAre("Service/default/a: nobody may announce it: n1 "
                  "noMatchingAdvertisement, n2 noMatchingAdvertisement, n3 "
                  "noMatchingAdvertisement, want an L2Advertisement for pool "
                  "p: spec.ipAddressPools that name it, or none at all"));
  cluster_.SetManifests(Basics() + ServiceManifest("a"));
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  ExpectNoProblems();
}

TEST_F(AbilityTest, InterfacesAreKnownByTheirAlternativeNames) {
  for (const char* const node : {"n2", "n3"}) {
    io::Link link = *cluster_.host(node).links().Find("eth0");
    link.alt_names = {std::string("uplink-of-") + node, "wan"};
    cluster_.host(node).links().SetLink(link);
  }
  const auto on = [](const std::string& interface) {
    return PoolManifest("p", "172.18.8.201-172.18.8.205") + kAdvertisement +
           "spec: {interfaces: [" + interface + "]}\n" + ServiceManifest("a");
  };
  cluster_.SetManifests(on("uplink-of-n3"));
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_EQ(NodeOf("n1", "a"), "n3");
  ExpectNoProblems();
  cluster_.SetManifests(on("uplink-of-n2"));
  cluster_.RunFor(kFollowed);
  EXPECT_EQ(NodeOf("n1", "a"), "n2");
  cluster_.SetManifests(on("lan"));
  cluster_.RunFor(kFollowed);
  ExpectEverywhere(ProblemKind::kNoAnnouncer,
                   ElementsAre(HasSubstr("n2 noUsableInterface (wants ARP on "
                                         "lan; it has eth0 (ARP and NDP))")));
}

// Users asked why a service was not announced: it was another load balancer's.
TEST_F(AbilityTest, AServiceOfAnotherClassIsNamedByExplain) {
  cluster_.SetManifests(Basics() +
                        ServiceOf("classy", "loadBalancerClass: other.io/lb"));
  cluster_.StartAll();
  cluster_.RunFor(kFollowed);
  const auto why = cluster_.view("n1").Explain("default/classy").status();
  EXPECT_EQ(why.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(why.message()),
              HasSubstr("Service/default/classy: loadBalancerClass: "
                        "\"other.io/lb\", so another load balancer has it"));
  ExpectNoProblems();
}

std::string NodeManifest(const std::string& name, const std::string& labels) {
  return "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + name +
         ", labels: {kubernetes.io/hostname: " + name + labels + "}}\n";
}

TEST_F(AbilityTest, NodeObjectsAndMembersThatDoNotFitAreProblems) {
  cluster_.SetManifests(Basics() + NodeManifest("n1", "") +
                        NodeManifest("n2.example.org", "") +
                        NodeManifest("n4", ""));
  cluster_.StartAll();
  cluster_.RunFor(kSettled);
  const std::vector<std::string> members = {
      "Member/n2: node-name: no Node object has this name, did you mean "
      "\"n2.example.org\"?",
      "Member/n3: node-name: no Node object has this name"};
  ExpectEverywhere(ProblemKind::kNodeName, testing::ElementsAreArray(members));
  cluster_.RunFor(absl::Seconds(30));  // n4 may have started later.
  ExpectEverywhere(
      ProblemKind::kNodeName,
      ElementsAre(members[0], members[1],
                  "Node/n2.example.org: no member has this name, want lbd to "
                  "run there, did you mean \"n2\"?",
                  "Node/n4: no member has this name, want lbd to run there"));
  cluster_.SetManifests(Basics() + NodeManifest("n1", "") +
                        NodeManifest("n2", "") + NodeManifest("n3", ""));
  cluster_.RunFor(kFollowed);
  ExpectNoProblems();
  // The member was there, so this is not about a wrong name.
  cluster_.Crash("n3");
  cluster_.RunFor(absl::Seconds(20));
  EXPECT_THAT(Texts(cluster_.agent("n1"), ProblemKind::kNodeName),
              ElementsAre());
}

TEST_F(AbilityTest, AllNodesExcludedIsAProblemThatNamesTheWayOut) {
  const std::string label =
      ", node.kubernetes.io/exclude-from-external-load-balancers: ''";
  cluster_.SetManifests(Basics() + ServiceManifest("a") +
                        NodeManifest("n1", label) + NodeManifest("n2", label) +
                        NodeManifest("n3", label));
  cluster_.StartAll();
  cluster_.RunFor(kSettled);
  ExpectEverywhere(ProblemKind::kNoAnnouncer,
                   ElementsAre(HasSubstr("set ignore-exclude-lb on all")));
  cluster_.SetManifests(Basics() + ServiceManifest("a") +
                        NodeManifest("n1", label) + NodeManifest("n2", "") +
                        NodeManifest("n3", label));
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_EQ(NodeOf("n1", "a"), "n2");
  ExpectNoProblems();
}

}  // namespace
}  // namespace lb
