// An address that another host has: it is announced by no node, on no interface
// of a node, and shown with the host that has it.
//
// A router's address lay in a pool (a whole subnet). The node that was elected
// for it noticed and announced nothing, but had put it on "lo" before it asked:
// its own kernel then took the router for itself, and cut the node off.
#include <memory>
#include <string>
#include <vector>

#include "daemon/problems/problems.h"
#include "daemon/status_view/status_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"
#include "tests/sim/foreign_host.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

net::IpAddress Ip(const std::string& text) {
  return *net::ParseIpAddress(text);
}

class WithheldTest : public testing::Test {
 protected:
  void Begin(int nodes, const std::string& range, const std::string& wanted) {
    foreign_.reset();  // Before its host.
    cluster_ = std::make_unique<Cluster>(1, nodes, Delivery::kLoopback);
    router_ = cluster_->world().AddHost("router", "172.18.8.1/24");
    foreign_ = std::make_unique<ForeignHost>(
        router_,
        [vip = Ip(wanted)](const auto& asked) { return asked == vip; });
    cluster_->SetManifests(PoolManifest("first-pool", range) + kAdvertisement +
                           ServiceManifest("web", wanted));
    cluster_->StartAll();
  }
  // Runs, and counts the steps after which the address was on "lo" somewhere.
  int StepsDelivered(const std::string& vip, absl::Duration duration) {
    int delivered = 0;
    constexpr absl::Duration kStep = absl::Milliseconds(2);
    for (absl::Duration t; t < duration; t += kStep) {
      cluster_->RunFor(kStep);
      bool any = false;
      for (const std::string& node : cluster_->names()) {
        any |= cluster_->host(node).installer().installed().contains(
            {"lo", Ip(vip)});
      }
      delivered += any ? 1 : 0;
    }
    return delivered;
  }
  status::v1::Service Shown(const std::string& node) {
    return StatusView(cluster_->agent(node).View())
        .DescribeService("default/web")
        .value();
  }

  std::unique_ptr<Cluster> cluster_;
  io::SimHost* router_ = nullptr;
  std::unique_ptr<ForeignHost> foreign_;
};

TEST_F(WithheldTest, AForeignHostsAddressIsOnNoInterfaceAndShownSo) {
  for (const char* vip : {"172.18.8.201", "fd00:172:18:8::201"}) {
    SCOPED_TRACE(vip);
    const std::string range = std::string(vip) + "-" + vip;
    Begin(1, range, vip);
    EXPECT_EQ(StepsDelivered(vip, absl::Seconds(40)), 0);
    EXPECT_THAT(cluster_->AnnouncersOf(vip), IsEmpty());
    const status::v1::Service shown = Shown("n1");
    ASSERT_EQ(shown.withheld_size(), 1);
    EXPECT_EQ(shown.withheld(0).address(), vip);
    EXPECT_EQ(shown.withheld(0).interface(), "eth0");
    EXPECT_EQ(shown.withheld(0).by_mac(), router_->mac().ToString());
    EXPECT_EQ(shown.withheld(0).by_node(), "");
    EXPECT_THAT(shown.reason(),
                HasSubstr(std::string(vip) + " withheld: eth0: " +
                          router_->mac().ToString() + " (no member) has it"));
    // The first conflict was seen within the first seconds, and lasts.
    EXPECT_LT(shown.withheld(0).since().seconds(),
              absl::ToUnixSeconds(
                  cluster_->host("n1").environment().loop->CivilNow()) -
                  20);
  }
}

TEST_F(WithheldTest, IsAnnouncedAndDeliveredWhenTheHostIsGone) {
  Begin(1, "172.18.8.201-172.18.8.205", "172.18.8.201");
  cluster_->RunFor(absl::Seconds(10));
  EXPECT_THAT(cluster_->host("n1").installer().installed(), IsEmpty());
  foreign_->SetHas([](const auto&) { return false; });
  cluster_->RunFor(absl::Seconds(15));  // It asks again every 10 s.
  EXPECT_THAT(cluster_->AnnouncersOf("172.18.8.201"), SizeIs(1));
  EXPECT_THAT(cluster_->host("n1").installer().installed(), SizeIs(1));
  EXPECT_EQ(Shown("n1").withheld_size(), 0);
  EXPECT_EQ(Shown("n1").reason(), "");
}

TEST_F(WithheldTest, OtherAddressesAreDelivered) {
  Begin(1, "172.18.8.201-172.18.8.205", "172.18.8.201");
  cluster_->SetManifests(
      PoolManifest("first-pool", "172.18.8.201-172.18.8.205") + kAdvertisement +
      ServiceManifest("web", "172.18.8.201") +
      ServiceManifest("other", "172.18.8.202"));
  cluster_->RunFor(absl::Seconds(10));
  EXPECT_THAT(cluster_->host("n1").installer().installed(),
              UnorderedElementsAre(Pair("lo", Ip("172.18.8.202"))));
}

// "lo" has the address before the first frame that says where it is, and a
// probed address is on it only after no host answered.
TEST_F(WithheldTest, AnAddressIsDeliveredBeforeItIsAnnounced) {
  Begin(1, "172.18.8.201-172.18.8.205", "172.18.8.201");
  foreign_->SetHas([](const auto&) { return false; });
  bool answered = false;
  for (int step = 0; step < 10000 && !answered; ++step) {
    cluster_->RunFor(absl::Milliseconds(1));
    answered = !cluster_->AnnouncersOf("172.18.8.201").empty();
    const bool delivered =
        cluster_->Accepts(cluster_->host("n1").mac(), Ip("172.18.8.201"));
    ASSERT_TRUE(delivered || !answered);
  }
  EXPECT_TRUE(answered);
}

// A member that takes over, or starts again, believed the ledger: the address
// had been a member's, so it was announced without a question.
TEST_F(WithheldTest, StaysWithheldWhenItsNodeFailsOrStartsAgain) {
  constexpr char kVip[] = "172.18.8.201";
  Begin(3, "172.18.8.201-172.18.8.205", kVip);
  cluster_->RunFor(absl::Seconds(20));
  const std::string owner = Shown("n1").announcers(0).node();
  ASSERT_NE(owner, "");
  EXPECT_EQ(Shown(owner).withheld_size(), 1);
  cluster_->Kill(owner);
  EXPECT_EQ(StepsDelivered(kVip, absl::Seconds(15)), 0);
  EXPECT_THAT(cluster_->AnnouncersOf(kVip), IsEmpty());
  cluster_->Start(owner);
  EXPECT_EQ(StepsDelivered(kVip, absl::Seconds(15)), 0);
  EXPECT_THAT(cluster_->AnnouncersOf(kVip), IsEmpty());
  // The host is gone: the address is taken up by one, as any other.
  foreign_->SetHas([](const auto&) { return false; });
  cluster_->RunFor(absl::Seconds(15));
  EXPECT_THAT(cluster_->AnnouncersOf(kVip), SizeIs(1));
}

// One address of a dual-stack service may be withheld and the other announced.
// Formerly only the elected node said so, and no node did for an address that a
// host of the cluster owns.
class HalfWithheldTest : public WithheldTest {
 protected:
  void BeginDualStack(const std::string& foreign_address) {
    Begin(3, "172.18.8.201-172.18.8.205", "172.18.8.201");
    foreign_->SetHas([foreign_address](const net::IpAddress& asked) {
      return !foreign_address.empty() && asked == Ip(foreign_address);
    });
    cluster_->SetManifests(
        PoolManifest("fours", "172.18.8.201-172.18.8.205") +
        PoolManifest("sixes", "fd00::201-fd00::205") + kAdvertisement +
        "---\napiVersion: v1\nkind: Service\n"
        "metadata: {name: web, namespace: default}\n"
        "spec: {type: LoadBalancer, ipFamilyPolicy: RequireDualStack, "
        "ipFamilies: [IPv4, IPv6], ports: [{port: 80}]}\n");
    cluster_->RunFor(absl::Seconds(15));
  }
  // Returns what all nodes say alike about withheld addresses: "ADDRESS by
  // HOST".
  std::vector<status::v1::Withheld> ShownByAll() {
    const status::v1::Service first = Shown("n1");
    for (const std::string& node : cluster_->names()) {
      const status::v1::Service other = Shown(node);
      EXPECT_EQ(other.withheld_size(), first.withheld_size()) << node;
      EXPECT_EQ(other.reason(), first.reason()) << node;
      const auto explained = cluster_->view(node).Explain("default/web");
      EXPECT_TRUE(explained.ok());
      EXPECT_EQ(explained->withheld_size(), first.withheld_size()) << node;
      for (int i = 0; i < first.withheld_size(); ++i) {
        const auto& shown = other.withheld(i);
        EXPECT_EQ(shown.text(), first.withheld(i).text()) << node;
        EXPECT_EQ(shown.remedy(), first.withheld(i).remedy()) << node;
        EXPECT_NEAR(shown.since().seconds(),
                    first.withheld(i).since().seconds(), 1)
            << node;
        EXPECT_EQ(explained->withheld(i).text(), shown.text()) << node;
      }
    }
    return {first.withheld().begin(), first.withheld().end()};
  }
  // Problems of all nodes, which must agree.
  std::vector<std::string> ProblemsOfAll() {
    std::vector<std::string> first;
    for (const std::string& node : cluster_->names()) {
      std::vector<std::string> texts;
      for (const Problem& problem :
           ListProblems(cluster_->agent(node).View())) {
        texts.push_back(problem.text);
      }
      if (node == "n1") first = texts;
      EXPECT_EQ(texts, first) << node;
    }
    return first;
  }
};

TEST_F(HalfWithheldTest, ByAForeignHostAllNodesSayTheSame) {
  BeginDualStack("fd00::201");
  const std::vector<status::v1::Withheld> withheld = ShownByAll();
  ASSERT_THAT(withheld, SizeIs(1));
  EXPECT_EQ(withheld[0].address(), "fd00::201");
  EXPECT_EQ(withheld[0].by_mac(), router_->mac().ToString());
  EXPECT_THAT(withheld[0].remedy(), HasSubstr("lb.io/exclude: fd00::201"));
  const std::string node = Shown("n1").announcers(0).node();
  EXPECT_THAT(ProblemsOfAll(),
              ElementsAre("Vip/fd00::201: withheld by " + node +
                          ": eth0: " + router_->mac().ToString() +
                          " (no member) has it, want another address for that "
                          "host, or for the service: lb.io/exclude: fd00::201 "
                          "on its pool, and then `lbctl release fd00::201`"));
  EXPECT_THAT(cluster_->AnnouncersOf("172.18.8.201"), SizeIs(1));
  foreign_->SetHas([](const auto&) { return false; });
  cluster_->RunFor(absl::Seconds(30));  // Conflicts are remembered so long.
  EXPECT_THAT(ShownByAll(), IsEmpty());
  EXPECT_EQ(Shown("n2").reason(), "");
  EXPECT_THAT(ProblemsOfAll(), IsEmpty());
}

TEST_F(HalfWithheldTest, ByAMembersHostAllNodesSayTheSame) {
  BeginDualStack("");
  ASSERT_THAT(ProblemsOfAll(), IsEmpty());
  const net::IpPrefix own = *net::ParseIpPrefix("172.18.8.201/24");
  cluster_->host("n2").links().AddAddress("eth0", own);
  cluster_->RunFor(absl::Seconds(3));
  const std::vector<status::v1::Withheld> withheld = ShownByAll();
  ASSERT_THAT(withheld, SizeIs(1));
  EXPECT_EQ(withheld[0].address(), "172.18.8.201");
  EXPECT_EQ(withheld[0].by_node(), "n2");
  EXPECT_EQ(withheld[0].text(), "172.18.8.201 is n2's own");
  EXPECT_EQ(Shown("n3").reason(), "withheld: 172.18.8.201 is n2's own");
  EXPECT_THAT(cluster_->AnnouncersOf("fd00::201"), SizeIs(1));
  EXPECT_THAT(ProblemsOfAll(),
              ElementsAre("Service/default/web: 172.18.8.201 is n2's own: "
                          "withheld by all nodes, want `lbctl release "
                          "172.18.8.201`, which gives the service another; or "
                          "another address for n2"));
  cluster_->host("n2").links().RemoveAddress("eth0", own);
  cluster_->RunFor(absl::Seconds(10));
  EXPECT_THAT(ShownByAll(), IsEmpty());
  EXPECT_THAT(ProblemsOfAll(), IsEmpty());
}

// A second problem said that no node announces the service.
TEST_F(HalfWithheldTest, WithBothWithheldThereIsOneLineForEach) {
  BeginDualStack("");
  for (const char* own : {"172.18.8.201/24", "fd00::201/64"}) {
    cluster_->host("n2").links().AddAddress("eth0", *net::ParseIpPrefix(own));
  }
  cluster_->RunFor(absl::Seconds(3));
  EXPECT_THAT(ProblemsOfAll(),
              ElementsAre(HasSubstr("172.18.8.201 is n2's own"),
                          HasSubstr("fd00::201 is n2's own")));
  const auto explained = cluster_->view("n1").Explain("default/web");
  ASSERT_TRUE(explained.ok());
  for (const auto& node : explained->nodes()) {
    EXPECT_EQ(node.withheld(), node.verdict() == "announcer");
  }
}

class ProxyArpTest : public WithheldTest {
 protected:
  void SetPool(const std::string& annotations) {
    cluster_->SetManifests(
        "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
        "metadata: {name: p, annotations: {" +
        annotations +
        "}}\nspec: {addresses: ['10.20.0.1-10.20.0.10', "
        "'fd00::1-fd00::9']}\n" +
        kAdvertisement + ServiceManifest("web", "10.20.0.1") +
        ServiceManifest("six", "fd00::1"));
  }
  // A router that answers for all of 10.20.0.0/16 and fd00::/64.
  void BeginWithProxy(const std::string& annotations) {
    Begin(1, "10.20.0.1-10.20.0.10", "10.20.0.1");
    foreign_->SetHas([](const net::IpAddress& asked) {
      return net::ParseIpPrefix("10.20.0.0/16")->Contains(asked) ||
             net::ParseIpPrefix("fd00::/64")->Contains(asked);
    });
    SetPool(annotations);
  }
  std::vector<std::string> Conflicts() {
    std::vector<std::string> messages;
    for (const Event& event : cluster_->host("n1").log().Since(0)) {
      if (event.reason == "AddressConflict") messages.push_back(event.message);
    }
    return messages;
  }
};

// A node can tell the others a bounded number; they say that there are more.
TEST_F(ProxyArpTest, OfManyAddressesOtherNodesCountTheRest) {
  Begin(2, "10.20.0.1-10.20.0.10", "10.20.0.1");
  foreign_->SetHas([](const net::IpAddress& asked) {
    return net::ParseIpPrefix("10.20.0.0/16")->Contains(asked);
  });
  std::string manifests =
      PoolManifest("p", "10.20.0.1-10.20.0.200") + kAdvertisement;
  for (int i = 0; i < 200; ++i) {
    manifests += ServiceManifest("s" + std::to_string(i));
  }
  cluster_->SetManifests(manifests);
  cluster_->RunFor(absl::Seconds(20));
  const auto conflicts = [&](const std::string& other) {
    size_t named = 0;
    std::string rest;
    for (const Problem& problem : ListProblems(cluster_->agent("n1").View())) {
      if (problem.object.starts_with("Vip/")) ++named;
      if (problem.object == "Node/" + other) rest = problem.text;
    }
    return std::pair(named, rest);
  };
  const auto [named, rest] = conflicts("n2");
  EXPECT_LT(named, 200u);
  EXPECT_EQ(rest, "Node/n2: withholds " + std::to_string(200 - named) +
                      " more addresses, as other hosts have them; `lbctl "
                      "problems` of that node names all");
  foreign_->SetHas([](const auto&) { return false; });
  cluster_->RunFor(absl::Minutes(3));
  EXPECT_THAT(ListProblems(cluster_->agent("n1").View()), IsEmpty());
}

constexpr char kAllSame[] = "lb.io/announce-despite-proxy-arp: 'true'";

TEST_F(ProxyArpTest, IsRecognizedAndNamed) {
  BeginWithProxy("");
  cluster_->RunFor(absl::Seconds(8));
  EXPECT_THAT(cluster_->AnnouncersOf("10.20.0.1"), IsEmpty());
  EXPECT_THAT(cluster_->AnnouncersOf("fd00::1"), IsEmpty());
  EXPECT_THAT(Shown("n1").reason(), HasSubstr("proxy ARP"));
  EXPECT_THAT(Shown("n1").reason(), HasSubstr(router_->mac().ToString()));
  EXPECT_THAT(Conflicts(), SizeIs(2));
  EXPECT_THAT(Conflicts(), testing::Each(HasSubstr("proxy ARP")));
}

TEST_F(ProxyArpTest, AnnouncesAllTheSameWhereThePoolSaysSo) {
  BeginWithProxy(kAllSame);
  cluster_->RunFor(absl::Seconds(8));
  for (const char* vip : {"10.20.0.1", "fd00::1"}) {
    EXPECT_THAT(cluster_->AnnouncersOf(vip), SizeIs(1));
    EXPECT_TRUE(cluster_->Accepts(cluster_->host("n1").mac(), Ip(vip)));
  }
  EXPECT_EQ(Shown("n1").reason(), "");
  EXPECT_EQ(Shown("n1").withheld_size(), 0);
}

TEST_F(ProxyArpTest, TheAnnotationTakesEffectAtOnce) {
  BeginWithProxy("");
  cluster_->RunFor(absl::Seconds(8));
  SetPool(kAllSame);
  cluster_->RunFor(absl::Seconds(1));
  EXPECT_THAT(cluster_->AnnouncersOf("10.20.0.1"), SizeIs(1));
}

// The annotation is about proxies: one host that has the address is obeyed.
TEST_F(ProxyArpTest, AHostWithOneAddressIsNoProxy) {
  BeginWithProxy(kAllSame);
  foreign_->SetHas([](const auto& asked) { return asked == Ip("10.20.0.1"); });
  cluster_->RunFor(absl::Seconds(20));
  EXPECT_THAT(cluster_->AnnouncersOf("10.20.0.1"), IsEmpty());
  EXPECT_THAT(Shown("n1").reason(), HasSubstr("(no member) has it"));
  EXPECT_THAT(Conflicts(), testing::Each(HasSubstr("has it: not announced")));
}

}  // namespace
}  // namespace lb
