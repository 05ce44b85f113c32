// Services whose host does not take their packets: addresses that a user
// removes from "lo" are put back; a node that cannot put them there is not
// elected while another node can, and is again when all has been well for a
// while.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/problems/problems.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/loopback_delivery.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kFour[] = "172.18.8.201";
constexpr char kSix[] = "fd00::201";

net::IpAddress Ip(const std::string& text) {
  return *net::ParseIpAddress(text);
}

std::string ServiceOf(const std::string& name, const std::string& family) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         ", namespace: default}\nspec: {type: LoadBalancer, ipFamilies: [" +
         family + "], ports: [{port: 80}]}\n";
}

class DeliveryTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.SetManifests(PoolManifest("fours", "172.18.8.201/32") +
                          PoolManifest("sixes", "fd00::201/128") +
                          kAdvertisement + ServiceOf("four", "IPv4") +
                          ServiceOf("six", "IPv6"));
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  }
  std::string NodeOf(const std::string& service) {
    return election::NodesText(cluster_.agent("n1")
                                   .View()
                                   .placement()
                                   .at("default/" + service)
                                   .announcers);
  }
  bool IsOnLo(const std::string& node, const std::string& vip) {
    return cluster_.host(node).installer().installed().contains(
        {"lo", Ip(vip)});
  }
  void SwitchIpv6(const std::string& node, bool on) {
    io::SimAddressInstaller& installer = cluster_.host(node).installer();
    installer.SetError(net::IpFamily::kIpv6,
                       on ? absl::OkStatus()
                          : absl::PermissionDeniedError("IPv6 is disabled"));
    io::SimLinkMonitor& links = cluster_.host(node).links();
    const net::IpPrefix own = *net::ParseIpPrefix("::1/128");
    if (on) return links.AddAddress("lo", own);
    links.RemoveAddress("lo", own);
    installer.TakeOff("lo", net::IpFamily::kIpv6);
  }
  std::vector<std::string> Events(const std::string& node,
                                  const std::string& reason) {
    std::vector<std::string> messages;
    for (const Event& event : cluster_.host(node).log().Since(0)) {
      if (event.reason == reason) messages.push_back(event.message);
    }
    return messages;
  }
  std::vector<std::string> ProblemsOf(const std::string& node) {
    std::vector<std::string> texts;
    for (const Problem& problem : ListProblems(cluster_.agent(node).View())) {
      texts.push_back(problem.text);
    }
    return texts;
  }

  Cluster cluster_{/*seed=*/3, /*nodes=*/3, Delivery::kLoopback};
};

TEST_F(DeliveryTest, WhatSomebodyTakesOffIsPutBackWhileItIsAnnounced) {
  for (const auto& [service, vip] : {std::pair("four", kFour), {"six", kSix}}) {
    const std::string node = NodeOf(service);
    cluster_.host(node).installer().TakeOff("lo", Ip(vip));
    for (int step = 0; step < 1000; ++step) {
      cluster_.RunFor(absl::Milliseconds(1));
      ASSERT_THAT(cluster_.AnnouncersOf(vip), ElementsAre(node));
    }
    EXPECT_TRUE(IsOnLo(node, vip));
    EXPECT_THAT(Events(node, "DeliveryRestored"), Contains(HasSubstr(vip)));
    EXPECT_THAT(ProblemsOf(node), IsEmpty());
  }
}

TEST_F(DeliveryTest, ANodeWhoseLoHasNoIpv6IsNotElectedForIt) {
  const std::string before = NodeOf("six");
  const std::string four = NodeOf("four");
  SwitchIpv6(before, false);
  cluster_.RunFor(absl::Seconds(1));
  const std::string after = NodeOf("six");
  EXPECT_NE(after, before);
  EXPECT_EQ(NodeOf("four"), four);
  EXPECT_THAT(cluster_.AnnouncersOf(kSix), ElementsAre(after));
  EXPECT_TRUE(IsOnLo(after, kSix));
  EXPECT_THAT(ProblemsOf(before),
              ElementsAre(HasSubstr("deliver: fd00::201 cannot be put on lo: "
                                    "IPv6 is disabled; meanwhile this node is "
                                    "not elected for IPv6 addresses")));
  EXPECT_THAT(ProblemsOf(after), IsEmpty());
  const auto why = cluster_.agent("n1").View().elections.Explain("default/six");
  ASSERT_TRUE(why.ok());
  for (const election::NodeExplanation& node : why->nodes) {
    if (node.node != before) continue;
    EXPECT_EQ(node.verdict, election::NodeVerdict::kNoUsableInterface);
    EXPECT_THAT(node.lack, HasSubstr("its host takes no IPv6 packets"));
  }
  // It lasts: nothing moves.
  for (int second = 0; second < 60; ++second) {
    cluster_.RunFor(absl::Seconds(1));
    EXPECT_EQ(NodeOf("six"), after);
  }
  SwitchIpv6(before, true);
  cluster_.RunFor(announce::LoopbackDelivery::kHold - absl::Seconds(1));
  EXPECT_EQ(NodeOf("six"), after);
  EXPECT_THAT(ProblemsOf(before), IsEmpty());
  cluster_.RunFor(absl::Seconds(2));
  EXPECT_EQ(NodeOf("six"), before);
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
}

// A fault that comes and goes each second moves an address once.
TEST_F(DeliveryTest, AFaultThatComesAndGoesMovesAnAddressOnce) {
  const std::string before = NodeOf("six");
  int moves = 0;
  std::string last = before;
  for (int second = 0; second < 60; ++second) {
    SwitchIpv6(before, second % 2 != 0);
    cluster_.RunFor(absl::Seconds(1));
    moves += NodeOf("six") != last ? 1 : 0;
    last = NodeOf("six");
  }
  EXPECT_EQ(moves, 1);
}

// No node can: it is a problem everywhere, and no node claims the address.
TEST_F(DeliveryTest, WhereNoNodeCanNoneAnnounces) {
  for (const std::string& node : cluster_.names()) SwitchIpv6(node, false);
  cluster_.RunFor(absl::Seconds(3));
  EXPECT_THAT(cluster_.AnnouncersOf(kSix), IsEmpty());
  EXPECT_THAT(cluster_.AnnouncersOf(kFour), SizeIs(1));
  for (const std::string& node : cluster_.names()) {
    EXPECT_THAT(ProblemsOf(node),
                Contains(AllOf(
                    HasSubstr("Service/default/six: nobody may announce it: n1 "
                              "noUsableInterface"),
                    HasSubstr(node + " to take packets for services: `lbctl "
                                     "problems` there says what it lacks"))));
  }
  for (const std::string& node : cluster_.names()) SwitchIpv6(node, true);
  // The repair is done. The problem says so, and what it waits for.
  cluster_.RunFor(announce::LoopbackDelivery::kRetry + absl::Seconds(1));
  for (const std::string& node : cluster_.names()) {
    EXPECT_THAT(
        ProblemsOf(node),
        ElementsAre(AllOf(HasSubstr("Service/default/six: nobody may announce"),
                          HasSubstr("no action needed: " + node +
                                    " takes such packets again, and can be "
                                    "elected from "),
                          Not(HasSubstr("a usable interface on a member")))));
  }
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(30))) << cluster_.Dump();
  EXPECT_THAT(cluster_.AnnouncersOf(kSix), SizeIs(1));
}

}  // namespace
}  // namespace lb
