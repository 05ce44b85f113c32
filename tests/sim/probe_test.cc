// No node announces an address before a node has asked the segment for it:
// probes that were cut short (the election moved, an interface came later, a
// host had the address for a while) are made again.
//
// An election that moved away and back within the time of the probes left a
// tenure behind. It passed for an address that a member had had, so the node
// announced it at once, although another host might have it by then.
#include <memory>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "daemon/status_view/status_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"
#include "tests/sim/foreign_host.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kVip[] = "172.18.8.201";
constexpr char kVip6[] = "fd00::201";

// After the first probe; its answer is awaited for 60 ms.
constexpr absl::Duration kFirstProbe = absl::Milliseconds(10);
// From then on: the address is announced, and the last probe is still to come.
constexpr absl::Duration kTrial = absl::Milliseconds(70);

std::string NodeManifest(const std::string& name, bool is_excluded) {
  return "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + name +
         ", labels: {kubernetes.io/hostname: " + name +
         (is_excluded
              ? ", node.kubernetes.io/exclude-from-external-load-balancers: ''"
              : "") +
         "}}\n";
}

std::string DualStackService() {
  return PoolManifest("fours", "172.18.8.201-172.18.8.205") +
         PoolManifest("sixes", "fd00::201-fd00::20f") + kAdvertisement +
         "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: "
         "default}\nspec: {type: LoadBalancer, ipFamilyPolicy: "
         "RequireDualStack, ipFamilies: [IPv4, IPv6], ports: [{port: 80}]}\n";
}

class ProbeTest : public testing::Test {
 protected:
  // The foreign host has nothing yet.
  void Begin(int nodes) {
    cluster_ = std::make_unique<Cluster>(1, nodes);
    io::SimHost* const host =
        cluster_->world().AddHost("printer", "172.18.8.90/24");
    foreign_ = std::make_unique<ForeignHost>(host, [](auto&) { return false; });
  }
  ~ProbeTest() override { foreign_.reset(); }  // Before its host.

  void GiveToForeignHost(const std::string& address) {
    foreign_->SetHas([vip = *net::ParseIpAddress(address)](const auto& asked) {
      return asked == vip;
    });
  }
  // Runs until a node has sent its first probe for the address.
  void RunToFirstProbe(const std::string& address) {
    const net::IpAddress vip = *net::ParseIpAddress(address);
    for (int step = 0; step < 20000 && ProberOf(vip).empty(); ++step) {
      cluster_->RunFor(absl::Milliseconds(1));
    }
    ASSERT_NE(ProberOf(vip), "");
    prober_ = ProberOf(vip);
    cluster_->RunFor(kFirstProbe);
    ASSERT_EQ(ProberOf(vip), prober_);
  }
  // One node has kVip on trial.
  void RunToTrial() {
    Begin(1);
    cluster_->SetManifests(Basics() + ServiceManifest("web", kVip));
    cluster_->StartAll();
    RunToFirstProbe(kVip);
    cluster_->RunFor(kTrial);
    ASSERT_THAT(cluster_->AnnouncersOf(kVip), ElementsAre("n1"));
  }
  // Returns the node that probes for the address.
  std::string ProberOf(const net::IpAddress& vip) {
    for (const std::string& node : cluster_->names()) {
      if (!cluster_->running(node)) continue;
      const auto& announcer =
          cluster_->agent(node).View().announcing.node().announcer();
      const announce::Announcement announcement = {vip, "eth0"};
      if (announcer.current().contains(announcement) &&
          announcer.StateOf(announcement) == announce::ClaimState::kProbing) {
        return node;
      }
    }
    return "";
  }
  // True if the address is announced at any moment from now on.
  bool IsAnnounced(const std::string& address, absl::Duration duration) {
    for (absl::Duration t; t < duration; t += absl::Milliseconds(2)) {
      cluster_->RunFor(absl::Milliseconds(2));
      if (!cluster_->AnnouncersOf(address).empty()) return true;
    }
    return false;
  }
  // An address that the foreign host takes stays its own, and a node takes it
  // up when the host is gone.
  void ExpectLeftToForeignHost(const std::string& address) {
    EXPECT_FALSE(IsAnnounced(address, absl::Seconds(15))) << cluster_->Dump();
    foreign_->SetHas([](auto&) { return false; });
    cluster_->RunFor(absl::Seconds(15));
    EXPECT_THAT(cluster_->AnnouncersOf(address), SizeIs(1)) << cluster_->Dump();
  }

  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<ForeignHost> foreign_;
  std::string prober_;
};

TEST_F(ProbeTest, AnElectionThatMovesAwayAndBackProbesAnew) {
  Begin(1);
  const std::string all = Basics() + ServiceManifest("web", kVip);
  cluster_->SetManifests(all + NodeManifest("n1", false));
  cluster_->StartAll();
  RunToFirstProbe(kVip);
  cluster_->SetManifests(all + NodeManifest("n1", true));
  cluster_->RunFor(absl::Milliseconds(100));
  GiveToForeignHost(kVip);
  cluster_->SetManifests(all + NodeManifest("n1", false));
  ExpectLeftToForeignHost(kVip);
}

TEST_F(ProbeTest, ANodeThatTakesOverFromOneThatOnlyProbedProbesToo) {
  Begin(3);
  cluster_->SetManifests(Basics() + ServiceManifest("web", kVip));
  cluster_->StartAll();
  RunToFirstProbe(kVip);
  cluster_->RunFor(absl::Milliseconds(40));  // The others hear its claims.
  GiveToForeignHost(kVip);
  cluster_->Crash(prober_);
  EXPECT_FALSE(IsAnnounced(kVip, absl::Seconds(15))) << cluster_->Dump();
}

// Its answer to the first probe was lost.
TEST_F(ProbeTest, AHostThatAnswersALaterProbeKeepsItsAddress) {
  RunToTrial();
  GiveToForeignHost(kVip);
  cluster_->RunFor(absl::Milliseconds(50));
  ExpectLeftToForeignHost(kVip);
}

// What a trial announced is not proven to be free.
TEST_F(ProbeTest, ATrialThatIsCutShortIsMadeAgain) {
  RunToTrial();
  cluster_->host("n1").SetCarrier(false);
  cluster_->RunFor(absl::Milliseconds(20));
  GiveToForeignHost(kVip);
  cluster_->host("n1").SetCarrier(true);
  ExpectLeftToForeignHost(kVip);
}

TEST_F(ProbeTest, AnAddressOfAFamilyThatComesLaterIsProbed) {
  Begin(1);
  const net::IpPrefix link_local = *net::ParseIpPrefix("fe80::11/64");
  cluster_->host("n1").links().RemoveAddress("eth0", link_local);  // In DAD.
  cluster_->SetManifests(DualStackService());
  cluster_->StartAll();
  cluster_->RunFor(absl::Seconds(10));
  ASSERT_THAT(cluster_->AnnouncersOf(kVip), SizeIs(1)) << cluster_->Dump();
  cluster_->SetManifests(DualStackService() + ServiceManifest("other"));
  cluster_->RunFor(absl::Seconds(5));
  GiveToForeignHost(kVip6);
  cluster_->host("n1").links().AddAddress("eth0", link_local);
  ExpectLeftToForeignHost(kVip6);
}

TEST_F(ProbeTest, AnInterfaceThatFlapsWhileItProbesProbesAnew) {
  Begin(1);
  cluster_->SetManifests(Basics() + ServiceManifest("web", kVip));
  cluster_->StartAll();
  RunToFirstProbe(kVip);
  cluster_->host("n1").SetCarrier(false);
  cluster_->RunFor(absl::Milliseconds(20));
  GiveToForeignHost(kVip);
  cluster_->host("n1").SetCarrier(true);
  ExpectLeftToForeignHost(kVip);
}

// The host had it for a while; its other owner answers from then on.
TEST_F(ProbeTest, AnAddressThatAHostGaveUpIsProbedToTheEnd) {
  Begin(1);
  cluster_->SetManifests(Basics() + ServiceManifest("web", kVip));
  cluster_->StartAll();
  cluster_->RunFor(absl::Seconds(10));
  ASSERT_THAT(cluster_->AnnouncersOf(kVip), SizeIs(1)) << cluster_->Dump();
  const net::IpPrefix own = *net::ParseIpPrefix("172.18.8.201/24");
  cluster_->host("n1").links().AddAddress("eth0", own);
  // So long that no node would take it back at once, as its last announcer.
  cluster_->RunFor(absl::Seconds(12));
  ASSERT_THAT(cluster_->AnnouncersOf(kVip), IsEmpty());
  cluster_->host("n1").links().RemoveAddress("eth0", own);
  RunToFirstProbe(kVip);
  cluster_->host("n1").SetCarrier(false);
  cluster_->RunFor(absl::Milliseconds(20));
  GiveToForeignHost(kVip);
  cluster_->host("n1").SetCarrier(true);
  ExpectLeftToForeignHost(kVip);
}

// The same for a moment: the node that announced it went on listening. The host
// itself says that it gave the address up; a host that has it since then
// answers the probes of the trial.
TEST_F(ProbeTest, AnAddressThatAHostHadForAMomentComesBackOnTrial) {
  for (const bool is_taken : {false, true}) {
    SCOPED_TRACE(is_taken);
    Begin(2);
    cluster_->SetManifests(Basics() + ServiceManifest("web", kVip));
    cluster_->StartAll();
    cluster_->RunFor(absl::Seconds(10));
    ASSERT_THAT(cluster_->AnnouncersOf(kVip), SizeIs(1)) << cluster_->Dump();
    const std::string before = *cluster_->AnnouncersOf(kVip).begin();
    const std::string other = before == "n1" ? "n2" : "n1";
    const net::IpPrefix own = *net::ParseIpPrefix("172.18.8.201/24");
    cluster_->host(other).links().AddAddress("eth0", own);
    cluster_->RunFor(absl::Seconds(3));
    ASSERT_THAT(cluster_->AnnouncersOf(kVip), IsEmpty());
    // It is not forgotten while the host's lbd is down.
    cluster_->Kill(other);
    EXPECT_FALSE(IsAnnounced(kVip, absl::Seconds(2)));
    cluster_->Start(other);
    cluster_->RunFor(absl::Seconds(2));
    if (is_taken) GiveToForeignHost(kVip);  // In silence.
    cluster_->host(other).links().RemoveAddress("eth0", own);
    bool is_probed_first = false;
    for (int step = 0; step < 2000; ++step) {
      cluster_->RunFor(absl::Milliseconds(1));
      is_probed_first |= !ProberOf(*net::ParseIpAddress(kVip)).empty();
    }
    EXPECT_FALSE(is_probed_first);
    if (is_taken) {
      ExpectLeftToForeignHost(kVip);
    } else {
      EXPECT_THAT(cluster_->AnnouncersOf(kVip), ElementsAre(before));
    }
    foreign_.reset();
  }
}

// No node could announce the address for a minute, and the holder before still
// counted as its holder: the next node announced it without a question.
class DarkTest : public ProbeTest {
 protected:
  // Nodes that are left out may announce nothing.
  void AllowOnly(const std::set<std::string>& allowed) {
    std::string text = Basics() + ServiceManifest("web", kVip);
    for (const std::string& node : cluster_->names()) {
      text += NodeManifest(node, !allowed.contains(node));
    }
    cluster_->SetManifests(text);
  }
  // n1 has announced it; then no node does, for a while.
  void BeginDark(int nodes) {
    Begin(nodes);
    AllowOnly({"n1"});
    cluster_->StartAll();
    cluster_->RunFor(absl::Seconds(10));
    ASSERT_THAT(cluster_->AnnouncersOf(kVip), ElementsAre("n1"));
  }
  // Runs until another node than `before` announces it. True: it asked the
  // segment first.
  bool IsProbedByNext(const std::string& before) {
    bool probed = false;
    for (int step = 0; step < 10000; ++step) {
      cluster_->RunFor(absl::Milliseconds(1));
      probed |= !ProberOf(*net::ParseIpAddress(kVip)).empty();
      const auto nodes = cluster_->AnnouncersOf(kVip);
      if (nodes.size() == 1 && nodes.front() != before) return probed;
    }
    ADD_FAILURE() << cluster_->Dump();
    return probed;
  }

  static constexpr absl::Duration kDark = absl::Seconds(60);
};

TEST_F(DarkTest, AHolderThatStartsAgainProbes) {
  BeginDark(2);
  cluster_->Crash("n1");
  cluster_->RunFor(kDark);
  GiveToForeignHost(kVip);
  cluster_->Start("n1");
  ExpectLeftToForeignHost(kVip);
}

TEST_F(DarkTest, AHolderThatMayAnnounceAgainProbes) {
  BeginDark(2);
  AllowOnly({});
  cluster_->RunFor(kDark);
  GiveToForeignHost(kVip);
  AllowOnly({"n1"});
  ExpectLeftToForeignHost(kVip);
}

TEST_F(DarkTest, AnotherNodeThatMayAnnounceNowProbes) {
  BeginDark(2);
  cluster_->Crash("n1");
  cluster_->RunFor(kDark);
  GiveToForeignHost(kVip);
  AllowOnly({"n2"});
  ExpectLeftToForeignHost(kVip);
}

TEST_F(DarkTest, ANodeThatStartsProbesThoughTheHolderIsUp) {
  BeginDark(3);
  cluster_->Crash("n3");
  AllowOnly({"n3"});
  cluster_->RunFor(kDark);
  GiveToForeignHost(kVip);
  cluster_->Start("n3");
  ExpectLeftToForeignHost(kVip);
}

// Only nodes that began to probe know that no node announced it.
TEST_F(DarkTest, ANodeThatTakesOverFromOneThatOnlyProbedProbesToo) {
  BeginDark(3);
  cluster_->Crash("n1");
  cluster_->RunFor(kDark);
  AllowOnly({"n2", "n3"});
  RunToFirstProbe(kVip);
  GiveToForeignHost(kVip);
  cluster_->Crash(prober_);
  EXPECT_FALSE(IsAnnounced(kVip, absl::Seconds(15))) << cluster_->Dump();
}

TEST_F(DarkTest, AForeignHostHadItWhileTheNextProbed) {
  BeginDark(3);
  cluster_->Crash("n1");
  cluster_->RunFor(kDark);
  GiveToForeignHost(kVip);
  AllowOnly({"n2", "n3"});
  EXPECT_FALSE(IsAnnounced(kVip, absl::Seconds(15))) << cluster_->Dump();
  const auto placed = election::NodesText(
      cluster_->agent("n2").View().placement().at("default/web").announcers);
  cluster_->Crash(placed);
  EXPECT_FALSE(IsAnnounced(kVip, absl::Seconds(15))) << cluster_->Dump();
}

// All know that a node that has just died announced the address.
TEST_F(DarkTest, WhatWasAnnouncedIsTakenOverWithoutAQuestion) {
  BeginDark(3);
  AllowOnly({"n1", "n2", "n3"});
  cluster_->RunFor(absl::Seconds(5));
  for (const bool restart : {false, true, false}) {
    const std::string first = cluster_->AnnouncersOf(kVip).front();
    cluster_->Crash(first);
    EXPECT_FALSE(IsProbedByNext(first)) << first;
    cluster_->RunFor(absl::Seconds(5));
    if (!restart) continue;
    // A node that started after it began has it from its members.
    cluster_->Start(first);
    cluster_->RunFor(absl::Seconds(20));
  }
}

// A dark time that is over delays no takeover.
TEST_F(DarkTest, OnceItIsAnnouncedAgainATakeoverAsksNobody) {
  BeginDark(3);
  AllowOnly({});
  cluster_->RunFor(kDark);
  AllowOnly({"n1"});
  cluster_->RunFor(absl::Seconds(5));
  ASSERT_THAT(cluster_->AnnouncersOf(kVip), ElementsAre("n1"));
  AllowOnly({"n1", "n2"});
  cluster_->RunFor(absl::Seconds(5));
  const std::string now = cluster_->AnnouncersOf(kVip).front();
  cluster_->Crash(now);
  EXPECT_FALSE(IsProbedByNext(now));
}

// A node that returns takes its address from one that announces it.
TEST_F(DarkTest, ANodeThatReturnsTakesItsAddressBackWithoutAQuestion) {
  BeginDark(3);
  AllowOnly({"n1", "n2", "n3"});
  cluster_->RunFor(absl::Seconds(5));
  const std::string first = cluster_->AnnouncersOf(kVip).front();
  cluster_->Crash(first);
  cluster_->RunFor(kDark);
  const std::string second = cluster_->AnnouncersOf(kVip).front();
  cluster_->Start(first);
  EXPECT_FALSE(IsProbedByNext(second));
}

// No member notices a handover: the address goes on without a question.
TEST_F(ProbeTest, WhatWasAnnouncedIsTakenOverWithoutAQuestion) {
  Begin(3);
  cluster_->SetManifests(Basics() + ServiceManifest("web", kVip));
  cluster_->StartAll();
  ASSERT_TRUE(cluster_->RunUntilAgreed(kSettled)) << cluster_->Dump();
  cluster_->RunFor(absl::Seconds(1));  // The trial is over.
  const std::string first = cluster_->AnnouncersOf(kVip).front();
  ASSERT_TRUE(cluster_->agent(first).Drain().ok());
  bool probed = false;
  for (int step = 0; step < 1000; ++step) {
    cluster_->RunFor(absl::Milliseconds(1));
    probed |= !ProberOf(*net::ParseIpAddress(kVip)).empty();
    ASSERT_THAT(cluster_->AnnouncersOf(kVip), testing::Not(IsEmpty()));
  }
  EXPECT_FALSE(probed);
  ASSERT_TRUE(cluster_->RunUntilAgreed(kSettled)) << cluster_->Dump();
  EXPECT_NE(cluster_->AnnouncersOf(kVip).front(), first);
}

}  // namespace
}  // namespace lb
