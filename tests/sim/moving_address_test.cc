// Nodes whose own address changes while they run, or while they are down.
//
// A lease is renewed with another address, a host is renumbered: the old one
// was advertised for ever, and the others took the node for failed and alive in
// turn, its services with it.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/members/name_conflicts.h"
#include "daemon/problems/problems.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_prefix.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr absl::Duration kStep = absl::Milliseconds(10);
// From a change of the address to the last member that knows it.
constexpr absl::Duration kFollowed = absl::Seconds(2);

class MovingAddressTest : public testing::Test {
 protected:
  explicit MovingAddressTest(int nodes = 3) : cluster_(/*seed=*/1, nodes) {
    cluster_.LetNodesChooseAddresses();
    std::string manifests = Basics();
    for (const std::string& service : services_) {
      manifests += ServiceManifest(service);
    }
    cluster_.SetManifests(manifests);
  }
  void StartAll() {
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
    cluster_.RunFor(absl::Seconds(2));
  }
  void Renumber(const std::string& node, const std::string& address) {
    cluster_.host(node).Renumber(*net::ParseIpPrefix(address + "/24"));
  }
  // "172.18.8.111 alive" of `node`, as `at` has it; "" if it does not know it.
  std::string MemberAt(const std::string& at, const std::string& node) {
    const auto member = cluster_.agent(at).View().gossip().Find(node);
    if (!member.has_value()) return "";
    return fmt::format("{} {}", member->endpoint.address.ToString(),
                       member->is_up() && member->verified ? "alive" : "-");
  }
  std::vector<std::string> SeenOf(const std::string& node) {
    std::vector<std::string> seen;
    for (const std::string& at : cluster_.names()) {
      if (cluster_.running(at)) seen.push_back(MemberAt(at, node));
    }
    return seen;
  }
  // How often each service's address was answered by none, or by several, in
  // steps of kStep.
  struct Answers {
    int none = 0;
    int several = 0;
  };
  Answers Watch(absl::Duration duration) {
    Answers answers;
    for (absl::Duration t; t < duration; t += kStep) {
      cluster_.RunFor(kStep);
      for (const std::string& service : services_) {
        const auto announcers =
            cluster_.AnnouncersOf(cluster_.AddressOf("n1", service));
        answers.none += announcers.empty() ? 1 : 0;
        answers.several += announcers.size() > 1 ? 1 : 0;
      }
    }
    return answers;
  }
  std::vector<std::string> ReasonsSince(const std::string& node,
                                        uint64_t sequence) {
    std::vector<std::string> reasons;
    for (const Event& event : cluster_.host(node).log().Since(sequence)) {
      reasons.push_back(event.reason);
    }
    return reasons;
  }
  uint64_t LastEvent(const std::string& node) {
    return cluster_.host(node).log().last_sequence();
  }
  std::string Problems(const std::string& node) {
    std::string text;
    for (const Problem& problem : ListProblems(cluster_.agent(node).View())) {
      text += problem.text + "\n";
    }
    return text;
  }

  const std::vector<std::string> services_ = {"a", "b", "c", "d", "e"};
  Cluster cluster_;
};

TEST_F(MovingAddressTest, AChosenAddressIsTheOneOnTheLink) {
  StartAll();
  EXPECT_THAT(SeenOf("n2"), Each("172.18.8.12 alive"));
  for (const std::string& node : cluster_.names()) {
    EXPECT_EQ(Problems(node), "") << node;
  }
}

TEST_F(MovingAddressTest, ARenewedLeaseMovesNoService) {
  StartAll();
  const std::string before = cluster_.Show("n1");
  const uint64_t first = LastEvent("n1");
  Renumber("n2", "172.18.8.112");
  const Answers answers = Watch(kFollowed);
  EXPECT_THAT(SeenOf("n2"), Each("172.18.8.112 alive")) << cluster_.Dump();
  const Answers later = Watch(absl::Seconds(20));
  EXPECT_EQ(answers.none + later.none, 0) << cluster_.Dump();
  EXPECT_EQ(answers.several + later.several, 0) << cluster_.Dump();
  EXPECT_EQ(cluster_.Show("n1"), before);
  EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_THAT(ReasonsSince("n1", first), Contains("MemberMoved"));
  for (const char* reason : {"MemberFailed", "MemberLeft", "NameConflict"}) {
    EXPECT_THAT(ReasonsSince("n1", first), Not(Contains(reason)));
  }
  EXPECT_THAT(ReasonsSince("n2", 0), Contains("GossipAddressChanged"));
  EXPECT_EQ(Problems("n2"), "");
}

TEST_F(MovingAddressTest, AllMayMoveOneAfterTheOther) {
  StartAll();
  for (int round = 1; round <= 3; ++round) {
    for (int node = 1; node <= 3; ++node) {
      const std::string name = fmt::format("n{}", node);
      const std::string address =
          fmt::format("172.18.8.{}", 100 + 10 * round + node);
      Renumber(name, address);
      cluster_.RunFor(kFollowed);
      EXPECT_THAT(SeenOf(name), Each(address + " alive")) << cluster_.Dump();
    }
  }
  EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
}

// Two nodes move at one moment: each sends its news to the other's old address.
TEST_F(MovingAddressTest, TwoMayMoveAtOneMoment) {
  StartAll();
  const uint64_t first = LastEvent("n3");
  Renumber("n1", "172.18.8.111");
  Renumber("n2", "172.18.8.112");
  const Answers answers = Watch(kFollowed);
  EXPECT_THAT(SeenOf("n1"), Each("172.18.8.111 alive")) << cluster_.Dump();
  EXPECT_THAT(SeenOf("n2"), Each("172.18.8.112 alive")) << cluster_.Dump();
  EXPECT_EQ(answers.none, 0);
  EXPECT_EQ(answers.several, 0);
  EXPECT_THAT(ReasonsSince("n3", first), Not(Contains("MemberFailed")));
  EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
}

// Datagrams are lost, so that the news of the move comes late, or by others.
TEST_F(MovingAddressTest, LossDoesNotHideAMove) {
  StartAll();
  cluster_.world().network().paths().SetDefault({.loss_percent = 30});
  Renumber("n2", "172.18.8.112");
  cluster_.RunFor(absl::Seconds(30));
  cluster_.world().network().paths().SetDefault({});
  cluster_.RunFor(absl::Seconds(5));
  EXPECT_THAT(SeenOf("n2"), Each("172.18.8.112 alive")) << cluster_.Dump();
  EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
}

// The lease ran out, and a new one comes only later: others take over, and the
// node answers nothing meanwhile.
TEST_F(MovingAddressTest, ANodeWithoutAnAddressFallsSilentAndReturns) {
  StartAll();
  io::SimHost& n2 = cluster_.host("n2");
  n2.links().RemoveAddress("eth0", *net::ParseIpPrefix("172.18.8.12/24"));
  for (const char* other : {"n1", "n3"}) {
    cluster_.world().network().paths().Block(n2, cluster_.host(other));
    cluster_.world().network().paths().Block(cluster_.host(other), n2);
  }
  cluster_.RunFor(absl::Seconds(5));
  EXPECT_THAT(Problems("n2"), HasSubstr("no interface has an address"));
  EXPECT_TRUE(cluster_.agent("n2").View().announcing.elected().empty());
  const Answers gap = Watch(absl::Seconds(10));
  EXPECT_EQ(gap.none, 0);
  EXPECT_EQ(gap.several, 0);
  cluster_.world().network().paths().Heal();
  Renumber("n2", "172.18.8.112");
  cluster_.RunFor(absl::Seconds(5));
  EXPECT_THAT(SeenOf("n2"), Each("172.18.8.112 alive")) << cluster_.Dump();
  EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_EQ(Problems("n2"), "");
}

// A machine that was off got another address, and is back before it was given
// up; or later, when it was.
TEST_F(MovingAddressTest, ANodeMayComeBackAtAnotherAddress) {
  for (const absl::Duration off :
       {absl::Milliseconds(50), absl::Seconds(1), absl::Seconds(10)}) {
    SCOPED_TRACE(absl::FormatDuration(off));
    if (!cluster_.running("n1")) StartAll();
    const std::string address =
        cluster_.host("n2").address().ToString() == "172.18.8.112"
            ? "172.18.8.113"
            : "172.18.8.112";
    cluster_.Crash("n2");
    cluster_.RunFor(off);
    Renumber("n2", address);
    cluster_.Start("n2");
    cluster_.RunFor(absl::Seconds(5));
    EXPECT_THAT(SeenOf("n2"), Each(address + " alive")) << cluster_.Dump();
    EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  }
  EXPECT_THAT(ReasonsSince("n2", 0), Not(Contains("NameConflict")));
}

// DHCP is slower than lbd's start.
TEST_F(MovingAddressTest, ANodeMayStartWithoutAnAddress) {
  io::SimHost& n2 = cluster_.host("n2");
  n2.links().RemoveAddress("eth0", *net::ParseIpPrefix("172.18.8.12/24"));
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(20));
  EXPECT_THAT(Problems("n2"), HasSubstr("no interface has an address"));
  EXPECT_TRUE(cluster_.agent("n2").View().announcing.elected().empty());
  EXPECT_THAT(ReasonsSince("n2", 0), Contains("GossipAddressFault"));
  Renumber("n2", "172.18.8.112");
  cluster_.RunFor(absl::Seconds(5));
  EXPECT_THAT(SeenOf("n2"), Each("172.18.8.112 alive")) << cluster_.Dump();
  EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  EXPECT_EQ(Problems("n2"), "");
}

TEST_F(MovingAddressTest, TwoInterfacesOnOneSegmentAreAProblem) {
  StartAll();
  EXPECT_EQ(Problems("n1"), "");
  io::Link eth1 = *cluster_.host("n1").links().Find("eth0");
  eth1.index = 7;
  eth1.name = "eth1";
  eth1.addresses = {*net::ParseIpPrefix("172.18.8.99/24")};
  cluster_.host("n1").links().SetLink(eth1);
  cluster_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Problems("n1"),
              HasSubstr("eth0 and eth1 are both on 172.18.8.0/24"));
  cluster_.host("n1").links().RemoveAddress(
      "eth1", *net::ParseIpPrefix("172.18.8.99/24"));
  EXPECT_EQ(Problems("n1"), "");
}

// A machine was cloned with its state folder: it said that it had moved, and
// took the name from the host that it was cloned from.
TEST(ClonedHostTest, TheOlderKeepsTheNameAndBothSaySo) {
  Cluster cluster(/*seed=*/1, /*nodes=*/3);
  cluster.SetManifests(Basics());
  cluster.Start("n1");
  cluster.Start("n2");
  cluster.RunFor(absl::Seconds(15));
  cluster.host("n3").state().values() = cluster.host("n1").state().values();
  cluster.SetOptions("n3", [](AgentOptions& options) { options.node = "n1"; });
  cluster.Start("n3");
  const auto problems = [&](const std::string& node) {
    std::vector<std::string> texts;
    for (const Problem& problem : ListProblems(cluster.agent(node).View())) {
      if (problem.object == "Member/n1") texts.push_back(problem.text);
    }
    return texts;
  };
  for (int minute = 0; minute < 3; ++minute) {
    cluster.RunFor(absl::Minutes(1));
    EXPECT_EQ(cluster.agent("n2").View().gossip().Find("n1")->endpoint,
              cluster.host("n1").endpoint());
    EXPECT_THAT(problems("n1"),
                ElementsAre(HasSubstr(
                    "Member/n1: 172.18.8.13:7946 has the name of this node "
                    "(172.18.8.11:7946), want another node-name")));
    EXPECT_THAT(problems("n3"),
                ElementsAre(HasSubstr("172.18.8.11:7946 has the name of this "
                                      "node (172.18.8.13:7946)")));
  }
  cluster.Kill("n3");
  cluster.RunFor(NameConflicts::kOver + absl::Seconds(1));
  EXPECT_THAT(problems("n1"), IsEmpty());
}

TEST(FixedAddressTest, ABoundAddressThatGoesIsAProblemUntilItIsBack) {
  Cluster cluster(/*seed=*/1, /*nodes=*/2);
  cluster.SetManifests(Basics() + ServiceManifest("a"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  const net::IpPrefix address = *net::ParseIpPrefix("172.18.8.12/24");
  const auto problems = [&] {
    return ListProblems(cluster.agent("n2").View());
  };
  EXPECT_THAT(problems(), IsEmpty());
  cluster.host("n2").links().RemoveAddress("eth0", address);
  cluster.RunFor(absl::Seconds(1));
  ASSERT_EQ(problems().size(), 1u);
  EXPECT_THAT(problems()[0].text,
              HasSubstr("172.18.8.12 is on no interface of this host"));
  cluster.host("n2").links().AddAddress("eth0", address);
  cluster.RunFor(absl::Seconds(1));
  EXPECT_THAT(problems(), IsEmpty());
}

}  // namespace
}  // namespace lb
