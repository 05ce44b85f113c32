// What is wrong with BGP peers, by a node of parts and a simulated router.
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/node_view/testing/node_parts.h"
#include "daemon/problems/problems.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/bgp/signature/testing/syn_frame.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/bgp/unnumbered/router_finder.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RoutingProblemsTest : public testing::Test {
 protected:
  ~RoutingProblemsTest() override { router_host_->Crash(); }

  std::vector<std::string> Texts(ProblemKind kind) {
    std::vector<std::string> texts;
    for (const Problem& problem : ListProblems(node_.View())) {
      if (problem.kind == kind) texts.push_back(problem.text);
    }
    return texts;
  }
  // The node has a service and the peer, and this time passes.
  void Run(absl::Duration time) {
    node_.Want("default/a");
    world_.loop().RunFor(absl::Seconds(1));
    node_.Elect();
    node_.Route();
    world_.loop().RunFor(time);
  }

  io::SimWorld world_{/*seed=*/1};
  NodeParts node_{world_.AddHost("n1", "172.18.8.11/24")};
  io::SimHost* const router_host_ = world_.AddHost("tor", "172.18.8.1/24");
};

TEST_F(RoutingProblemsTest, ASessionThatIsUpIsNone) {
  bgp::SimRouter router(router_host_, {});
  node_.AddPeer("tor", "172.18.8.1");
  Run(absl::Seconds(30));
  EXPECT_EQ(router.established(), 1);
  EXPECT_THAT(ListProblems(node_.View()), IsEmpty());
}

TEST_F(RoutingProblemsTest, ASessionIsDownForSomeSeconds) {
  node_.AddPeer("tor", "172.18.8.1");
  Run(absl::Seconds(5));
  EXPECT_THAT(Texts(ProblemKind::kPeer), IsEmpty()) << "it starts";
  world_.loop().RunFor(absl::Seconds(6));
  EXPECT_THAT(
      Texts(ProblemKind::kPeer),
      ElementsAre(AllOf(
          HasSubstr("BGPPeer/tor: 172.18.8.1:179 is not Established since"),
          HasSubstr("one that differs is silence"))));
}

// The router is there, and its SYNs come; a wrong password is silence.
class PasswordProblemsTest : public RoutingProblemsTest {
 protected:
  // The one problem, if the ends have these passwords; empty: there is none.
  std::string TextWith(const std::string& own, const std::string& other) {
    bgp::SimRouter router(
        router_host_,
        {.md5_key = other,
         .md5_peer = other.empty() ? net::IpAddress() : node_.host->address()});
    node_.AddPeer("tor", "172.18.8.1");
    node_.desired.bgp.peers[0].password = own;
    Run(absl::Seconds(5));
    EXPECT_TRUE(
        port_
            ->Send(bgp::MakeSynFrame({.from = {router_host_->address(), 40000},
                                      .to = {node_.host->address(), 179},
                                      .key = other,
                                      .to_mac = node_.host->mac()}))
            .ok());
    world_.loop().RunFor(absl::Seconds(10));
    const auto texts = Texts(ProblemKind::kPeer);
    return texts.size() == 1 ? texts[0] : "";
  }

  const std::unique_ptr<io::FramePort> port_ =
      *router_host_->environment().frames->Open("eth0", "tcp");
};

TEST_F(PasswordProblemsTest, AnotherOneIsSaid) {
  EXPECT_THAT(
      TextWith("a", "b"),
      HasSubstr("; the router signs with another password, want the same"));
}

TEST_F(PasswordProblemsTest, OneThatTheRouterLacksIsSaid) {
  EXPECT_THAT(TextWith("a", ""),
              HasSubstr("; the router does not sign: it has no password for "
                        "this node, want the same"));
}

TEST_F(PasswordProblemsTest, OneThatThisNodeLacksIsSaid) {
  EXPECT_THAT(TextWith("", "b"),
              HasSubstr("; the router signs: it has a password, and this node "
                        "has none, want the same"));
}

TEST_F(PasswordProblemsTest, TheSameOneIsNone) {
  EXPECT_EQ(TextWith("a", "a"), "");
}

TEST_F(PasswordProblemsTest, TheSameOneIsNotWhatIsWrong) {
  router_host_->SetCarrier(false);
  node_.AddPeer("tor", "172.18.8.1");
  node_.desired.bgp.peers[0].password = "a";
  Run(absl::Seconds(5));
  EXPECT_THAT(Texts(ProblemKind::kPeer), IsEmpty());
  world_.loop().RunFor(absl::Seconds(7));
  EXPECT_THAT(Texts(ProblemKind::kPeer),
              ElementsAre(HasSubstr("the same password on both ends: one that "
                                    "differs is silence")))
      << "nothing was seen";
  router_host_->SetCarrier(true);
  EXPECT_TRUE(
      port_
          ->Send(bgp::MakeSynFrame({.from = {router_host_->address(), 40000},
                                    .to = {node_.host->address(), 179},
                                    .key = "a",
                                    .to_mac = node_.host->mac()}))
          .ok());
  router_host_->SetCarrier(false);
  world_.loop().RunFor(absl::Milliseconds(10));
  EXPECT_THAT(Texts(ProblemKind::kPeer),
              ElementsAre(HasSubstr("want this node allowed there: the router "
                                    "signs with the same password")));
}

TEST_F(RoutingProblemsTest, AnAsThatDoesNotFitIsSaid) {
  bgp::SimRouter router(router_host_, {.asn = 65009});
  node_.AddPeer("tor", "172.18.8.1");
  Run(absl::Seconds(15));
  EXPECT_THAT(Texts(ProblemKind::kPeer),
              ElementsAre(AllOf(HasSubstr("2/2"), HasSubstr("AS numbers"))));
}

TEST_F(RoutingProblemsTest, AFamilyThatThePeerDoesNotTakeIsSaid) {
  bgp::SimRouter router(router_host_, {.ipv4 = false});
  node_.AddPeer("tor", "172.18.8.1");
  node_.desired.bgp.peers[0].dual_stack_address_family = true;
  Run(absl::Seconds(15));
  EXPECT_EQ(router.established(), 1);
  EXPECT_THAT(
      Texts(ProblemKind::kPeer),
      ElementsAre(AllOf(HasSubstr("BGPPeer/tor: 1 routes of IPv4 are not told"),
                        HasSubstr("activated"))));
}

TEST_F(RoutingProblemsTest, APeerThatIsRefusedIsSaidAtOnce) {
  node_.AddPeer("tor", "172.18.8.1");
  node_.AddPeer("tor-again", "172.18.8.1");
  Run(absl::ZeroDuration());
  EXPECT_THAT(Texts(ProblemKind::kPeer),
              ElementsAre(HasSubstr("BGPPeer/tor-again: peer tor-again: ")));
}

TEST_F(RoutingProblemsTest, AnInterfaceWithoutARouterIsSaidAfterSomeSeconds) {
  node_.host->links().AddAddress("eth0", *net::ParseIpPrefix("fe80::1/64"));
  node_.AddPeer("tor", "172.18.8.1");
  node_.desired.bgp.peers[0].address.reset();
  node_.desired.bgp.peers[0].interface = "eth0";
  Run(absl::Seconds(5));
  EXPECT_THAT(Texts(ProblemKind::kPeer), IsEmpty()) << "it starts";
  world_.loop().RunFor(absl::Seconds(6));
  EXPECT_THAT(
      Texts(ProblemKind::kPeer),
      ElementsAre(
          AllOf(HasSubstr("BGPPeer/tor: has no session since"),
                HasSubstr("no router advertisement heard on eth0, want one"))));
}

TEST_F(RoutingProblemsTest, TwoRoutersOfAnInterfaceAreSaid) {
  const auto advertise = [this](const char* name, const char* address) {
    io::SimHost* const host = world_.AddHost(
        {.name = name, .addresses = {*net::ParseIpPrefix(address)}});
    auto finder = std::make_unique<bgp::RouterFinder>(
        bgp::RouterFinderPorts::From(host->environment()));
    finder->Follow({"eth0"});
    return finder;
  };
  const auto first = advertise("a", "fe80::a/64");
  const auto second = advertise("b", "fe80::b/64");
  node_.host->links().AddAddress("eth0", *net::ParseIpPrefix("fe80::1/64"));
  node_.AddPeer("tor", "172.18.8.1");
  node_.desired.bgp.peers[0].address.reset();
  node_.desired.bgp.peers[0].interface = "eth0";
  Run(absl::Seconds(20));
  node_.Route();
  EXPECT_THAT(Texts(ProblemKind::kPeer),
              Contains(HasSubstr("BGPPeer/tor: 2 routers advertise on eth0 "
                                 "(fe80::a, fe80::b), want one")));
}

// No node announces it on layer 2, but one does by BGP.
TEST_F(RoutingProblemsTest, AServiceThatIsOnlyRoutedIsNone) {
  bgp::SimRouter router(router_host_, {});
  node_.AddPeer("tor", "172.18.8.1");
  node_.Want("default/a");
  node_.desired.advertisements.clear();
  Run(absl::Seconds(5));
  EXPECT_THAT(Texts(ProblemKind::kNoAnnouncer), IsEmpty());
  node_.desired.bgp.advertisements.clear();
  node_.Route();
  EXPECT_THAT(Texts(ProblemKind::kNoAnnouncer), ElementsAre(HasSubstr("a")));
}

}  // namespace
}  // namespace lb
