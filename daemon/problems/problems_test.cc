// Problems of a node that consists of its parts only, without an agent.
#include "daemon/problems/problems.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/node_view/testing/node_parts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/member.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ProblemsTest : public testing::Test {
 protected:
  // The texts of the problems of that kind.
  std::vector<std::string> Texts(ProblemKind kind) {
    std::vector<std::string> texts;
    for (const Problem& problem : ListProblems(node_.View())) {
      if (problem.kind == kind) texts.push_back(problem.text);
    }
    return texts;
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  io::SimWorld world_{/*seed=*/1};
  NodeParts node_{world_.AddHost("n1", "172.18.8.11/24")};
};

TEST_F(ProblemsTest, ANodeThatIsWellHasNone) {
  node_.Want("default/a");
  RunFor(absl::Seconds(1));
  node_.Elect();
  EXPECT_THAT(ListProblems(node_.View()), IsEmpty());
}

TEST_F(ProblemsTest, AStateThatDoesNotFitIntoExchanges) {
  node_.untold = "ledger, tenures and facts have too many bytes";
  EXPECT_THAT(Texts(ProblemKind::kGossip),
              ElementsAre("Node/n1: gossip: ledger, tenures and facts have too "
                          "many bytes"));
}

TEST_F(ProblemsTest, ANodeThatAwaitsItsClusterForTooLong) {
  node_.stage = LifeStage::kAwaiting;
  node_.tally.OnAwaiting(world_.loop().Now());
  RunFor(node_.options.settle_time);
  EXPECT_THAT(Texts(ProblemKind::kGossip), IsEmpty());
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Texts(ProblemKind::kGossip),
              ElementsAre(HasSubstr("no member has answered yet")));
  node_.host->SetCarrier(false);
  EXPECT_THAT(Texts(ProblemKind::kGossip),
              ElementsAre(HasSubstr("172.18.8.11:7946 has no carrier")));
}

TEST_F(ProblemsTest, AKernelThatAnswersByItself) {
  node_.health.strict_arp_faults = {"eth0: arp_ignore is 0, want 1"};
  EXPECT_THAT(Texts(ProblemKind::kStrictArp),
              ElementsAre(HasSubstr("arp_ignore is 0, want 1")));
}

TEST_F(ProblemsTest, AKubeProxyThatLetsTheKernelAnswer) {
  node_.api_server = {.kube_proxy_fault = "kube-proxy: mode is ipvs"};
  EXPECT_THAT(Texts(ProblemKind::kStrictArp),
              ElementsAre("Node/n1: kube-proxy: mode is ipvs"));
}

TEST_F(ProblemsTest, AnApiServerThatIsAway) {
  const absl::Time now = world_.loop().CivilNow();
  node_.api_server = {.away_since = now, .as_of = now - absl::Minutes(2)};
  RunFor(absl::Minutes(1));
  EXPECT_THAT(Texts(ProblemKind::kApiServer), IsEmpty()) << "it is followed";
  node_.api_server->trouble = "services: Unavailable: connection refused";
  EXPECT_THAT(Texts(ProblemKind::kApiServer),
              ElementsAre(AllOf(
                  HasSubstr("Node/n1: the API server is away since "),
                  HasSubstr(": services: Unavailable: connection refused; "
                            "objects are as of "),
                  HasSubstr("Z (3m ago), want it in reach"))));
  node_.api_server->as_of = absl::InfinitePast();
  EXPECT_THAT(Texts(ProblemKind::kApiServer),
              ElementsAre(HasSubstr("no object is known, so nothing is "
                                    "announced")));
  node_.api_server->away_since = world_.loop().CivilNow();
  EXPECT_THAT(Texts(ProblemKind::kApiServer), IsEmpty()) << "for a moment";
}

TEST_F(ProblemsTest, AServiceThatNoNodeMayAnnounce) {
  node_.Want("default/a");
  RunFor(absl::Seconds(1));
  node_.desired.advertisements.clear();
  node_.Elect();
  EXPECT_THAT(Texts(ProblemKind::kNoAnnouncer),
              ElementsAre(HasSubstr("default/a")));
}

// Until the author has had its time, that a service has no address is none.
TEST_F(ProblemsTest, AServiceThatAnotherAuthorGivesNothing) {
  node_.author = "n2";
  node_.Want("default/a");
  node_.addresses.SetAuthor("n2");
  const Outcome::Services changed = {"default/a"};
  RunFor(absl::Seconds(1));
  const AddressEntries none;
  node_.tally.OnOutcome(
      {.at = world_.loop().Now(),
       .before = {none, node_.elections.placement(), node_.health},
       .after = {node_.addresses.entries(), node_.elections.placement(),
                 node_.health},
       .changed = changed,
       .announces = true});
  RunFor(absl::Seconds(14));
  EXPECT_THAT(Texts(ProblemKind::kNoAddress), IsEmpty());
  RunFor(absl::Seconds(2));
  EXPECT_THAT(Texts(ProblemKind::kNoAddress), SizeIs(1));
}

TEST_F(ProblemsTest, AnotherNodeOfItsName) {
  node_.name_conflicts.OnConflict(
      world_.loop().Now(),
      {.existing = {.name = "n1"},
       .other = *net::ParseEndpoint("172.18.8.99:7946", 0)});
  EXPECT_THAT(Texts(ProblemKind::kNodeName),
              ElementsAre(HasSubstr("172.18.8.99:7946 has the name of this "
                                    "node (172.18.8.11:7946)")));
  RunFor(NameConflicts::kOver + absl::Seconds(1));
  EXPECT_THAT(Texts(ProblemKind::kNodeName), IsEmpty());
}

TEST_F(ProblemsTest, TwoInterfacesOnOneSegment) {
  node_.host->links().SetLink(
      {.index = 7,
       .name = "eth1",
       .mac = {{0x02, 0, 0x5e, 0, 0x53, 7}},
       .up = true,
       .carrier = true,
       .broadcast = true,
       .addresses = {*net::ParseIpPrefix("172.18.8.12/24")}});
  EXPECT_THAT(Texts(ProblemKind::kInterface), ElementsAre(HasSubstr("eth1")));
}

TEST_F(ProblemsTest, KeepsAsManyAsAreAskedForAndCountsTheOthers) {
  for (int i = 0; i < 5; ++i) {
    node_.health.strict_arp_faults.push_back("fault " + std::to_string(i));
  }
  const ProblemList list = ListProblems(
      node_.View(),
      [](ProblemKind kind) { return kind == ProblemKind::kStrictArp; },
      /*problems_max=*/2);
  EXPECT_THAT(list.problems, SizeIs(2));
  EXPECT_EQ(list.omitted, 3u);
}

}  // namespace
}  // namespace lb
